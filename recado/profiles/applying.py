"""Files of profiles against the stored ones: their changes, and every problem before one is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from events.log import EventLog
from events.profile import Profile, clashes
from events.profile_log import Stored
from recado.profiles.changes import Author, Change, changed, removal
from recado.profiles.entries import with_canonical_names
from recado.profiles.files import Document, FilesWrong, Problem, unknown_problem
from recado.profiles.overlay import FIELDS, ProfileUnusable
from recado.settings.settings import Settings


class Applied(msgspec.Struct, frozen=True):
    """The meaning of files.

    - `changes`: in the order of the names.
    - `lacks`: by name of a profile, the variables with keys that are unset here.
    """

    changes: tuple[Change, ...]
    lacks: dict[str, tuple[str, ...]]


async def applied(
    documents: Sequence[Document],
    stored: Stored,
    settings_of: Callable[[Profile], Settings],
    log: EventLog,
    author: Author,
    *,
    folder: bool,
) -> Applied:
    """The changes that put the documents in force; with `folder` also the end of every other profile.

    `settings_of` gives the settings of a profile, or raises ProfileUnusable. Fields that only a newer release knows
    stay as they are stored. Raises FilesWrong with every problem, NewerVersion,
    LogUnavailable.
    """
    problems: list[Problem] = []
    changes: list[Change] = []
    lacks: dict[str, tuple[str, ...]] = {}
    after = {} if folder else dict(stored.in_force.profiles)
    for document in documents:
        before = stored.in_force.profiles.get(document.name)
        wanted = await _profile(document, before, log, author)
        wrong, unset = problems_of(document, wanted, before, settings_of)
        problems += wrong
        if unset:
            lacks[document.name] = unset
        after[document.name] = wanted
        change = changed(stored, wanted, author)
        changes += [change] if change is not None else []
    problems += _clashing({document.name: document for document in documents}, after.values())
    if problems:
        raise FilesWrong(problems)
    if folder:
        there = {document.name for document in documents}
        gone = (removal(stored, name, author) for name in stored.in_force.profiles if name not in there)
        changes += [change for change in gone if change is not None]
    return Applied(tuple(sorted(changes, key=lambda one: one.after.name)), lacks)


def problems_of(
    document: Document, wanted: Profile, before: Profile | None, settings_of: Callable[[Profile], Settings]
) -> tuple[list[Problem], tuple[str, ...]]:
    """The problems of a document that makes the profile `wanted` after `before`, and the variables with keys that are
    unset here."""
    problems = _unknown(document, before)
    try:
        settings_of(wanted)
    except ProfileUnusable as unusable:
        for fault in unusable.faults:
            if not fault.lacks:
                path = ("settings", fault.field) if fault.field in document.settings else ()
                problems.append(document.wrong(fault.problem, *path))
        return problems, unusable.lacks
    return problems, ()


def lacking(name: str, variables: Sequence[str]) -> str:
    """Says that a profile names variables that are unset here."""
    return f"{name}: set {', '.join(variables)} for every instance; they are unset here."


async def _profile(document: Document, before: Profile | None, log: EventLog, author: Author) -> Profile:
    kept = {} if before is None else {name: value for name, value in before.settings.items() if name not in FIELDS}
    return Profile(
        name=document.name,
        n=1,
        at=author.at,
        accounts=document.accounts,
        chats=await with_canonical_names(log, document.chats),
        groups=document.groups,
        settings=document.settings | kept,
        more={} if before is None else before.more,
    )


def _unknown(document: Document, before: Profile | None) -> list[Problem]:
    """Problems of fields that this release does not know and that are not stored so."""
    more: Mapping[str, Any] = before.more if before is not None else {}
    settings: Mapping[str, Any] = before.settings if before is not None else {}
    tops = [name for name, value in document.unknown.items() if name not in more or not _same(more[name], value)]
    inner = [
        name
        for name, value in document.unknown_settings.items()
        if name not in settings or not _same(settings[name], value)
    ]
    return [
        *(document.wrong(unknown_problem(name, top=True), name) for name in tops),
        *(document.wrong(unknown_problem(name, top=False), "settings", name) for name in inner),
    ]


def _same(one: Any, other: Any) -> bool:
    return msgspec.json.encode(one, order="deterministic") == msgspec.json.encode(other, order="deterministic")


def _clashing(documents: Mapping[str, Document], after: Iterable[Profile]) -> list[Problem]:
    """Problems of entries that another file, or a profile that stays, has too; in the first of several files there is
    none."""
    problems = []
    for clash in clashes(after):
        files = [documents[name] for name in documents if name in clash.names]
        staying = next((f"the profile {name}" for name in clash.names if name not in documents), "")
        for document in files if staying else files[1:]:
            other = staying or files[0].file
            problems.append(
                document.wrong(f"{clash.entry} is in {clash.list} of {other} too: take it out of one", clash.list)
            )
    return problems
