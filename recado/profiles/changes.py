"""Changes of profiles: shown before they are written, and written all or none."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from actors.leases.roster import older_than
from events import codec
from events.jetstream.connection import Bus
from events.log import EventLog, LogError
from events.phrases import Phrase
from events.profile import Profile, clashes
from events.profile_log import MOST_AT_ONCE, ProfileLog, Stored
from recado.profiles.entries import Kind
from recado.profiles.toml_text import toml_of

Action = Literal["created", "changed", "removed"]


class OlderInstance(LogError):
    """Instances run that read no profiles: they would answer by their own settings (`older_instance`)."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            Phrase(
                "these instances are of an older version, and would not answer by the profile: %(names)s. Update them "
                "first. Nothing was written (older_instance)",
                names=", ".join(names),
            )
        )


class ProfilesClash(LogError):
    """Two profiles would be for the same account, chat or group."""


class NewerVersion(LogError):
    """The newest version of a profile can only be read by a newer release."""


class TooManyChanges(LogError):
    """More changes than can be stored at once."""


class Change(msgspec.Struct, frozen=True):
    """A new version of a profile; `before` is the one that it replaces, if that is in force."""

    after: Profile
    before: Profile | None = None

    @property
    def action(self) -> Action:
        if self.after.removed:
            return "removed"
        return "created" if self.before is None else "changed"

    def diff(self) -> list[str]:
        """The lines of a unified diff of the two versions as TOML."""
        before = toml_of(self.before).splitlines() if self.before is not None else []
        after = toml_of(self.after).splitlines() if not self.after.removed else []
        names = self.before.ref if self.before is not None else "nothing", self.after.ref
        return list(difflib.unified_diff(before, after, *names, lineterm="", n=2))


class Author(msgspec.Struct, frozen=True):
    """The author of a change of profiles, and the time."""

    by: str
    at: datetime


def changed(stored: Stored, wanted: Profile, author: Author) -> Change | None:
    """The change that puts the content of `wanted` in force; None if it is in force. Its `n`, `at` and `by` mean
    nothing. Raises NewerVersion."""
    check_readable(stored, wanted.name)
    last = stored.newest.get(wanted.name)
    before = last if last is not None and not last.removed else None
    after = msgspec.structs.replace(wanted, n=last.n + 1 if last is not None else 1, at=author.at, by=author.by)
    if before is not None and _content(before) == _content(after):
        return None
    if before is None and after.removed:
        return None
    return Change(after, before)


def check_readable(stored: Stored, name: str) -> None:
    """Raises NewerVersion if the next version would take the place of one that this release cannot read."""
    if any(one.name == name for one in stored.unread):
        raise NewerVersion(
            Phrase("the newest version of %(name)s cannot be read by this release: use a newer one", name=name)
        )


def _content(profile: Profile) -> bytes:
    """The part of the profile that counts; as bytes, since Python takes 1 and true for the same."""
    fields = (profile.accounts, profile.chats, profile.groups, profile.settings, profile.more, profile.removed)
    return msgspec.json.encode(fields, order="deterministic")


def removal(stored: Stored, name: str, author: Author) -> Change | None:
    """The change that ends the profile; None if it is not in force."""
    return changed(stored, Profile(name=name, n=1, at=author.at, removed=True), author)


def assigned(stored: Stored, name: str | None, kind: Kind, entry: str, author: Author) -> list[Change]:
    """The changes that make the profile `name` the one for the entry, and no other one; None: no profile at all."""
    changes = []
    for profile in stored.in_force.profiles.values():
        entries: tuple[str, ...] = tuple(one for one in getattr(profile, kind) if one != entry)
        if profile.name == name:
            entries = getattr(profile, kind) if entry in getattr(profile, kind) else (*entries, entry)
        change = changed(stored, msgspec.structs.replace(profile, **{kind: entries}), author)
        if change is not None:
            changes.append(change)
    return sorted(changes, key=lambda one: one.after.name)


async def write(log: EventLog, bus: Bus, profiles: ProfileLog, stored: Stored, changes: Sequence[Change]) -> None:
    """Store all of the changes, which were made from `stored`, or none.

    Raises OlderInstance, ProfilesClash, TooManyChanges, ProfilesChanged, ProfileUnreadable, LogFull, LogUnavailable.
    """
    if not changes:
        return
    if len(changes) > MOST_AT_ONCE:
        raise TooManyChanges(
            Phrase(
                "%(number)s profiles change at once; change at most %(most_at_once)s",
                number=len(changes),
                most_at_once=MOST_AT_ONCE,
            )
        )
    check_clashes(stored, changes)
    await _check_all_read(bus)
    await log.mark(codec.PROFILES)
    # An older instance that started at this moment did not see the mark.
    await _check_all_read(bus)
    await profiles.write([change.after for change in changes], expected=stored.seq)


def check_clashes(stored: Stored, changes: Sequence[Change]) -> None:
    """Raises ProfilesClash if the changes would leave two profiles for one account, chat or group."""
    after = stored.newest | {change.after.name: change.after for change in changes}
    found = clashes(after.values())
    if found:
        told = [f"{one.entry} is in {one.list} of {' and '.join(one.names)}" for one in found[:20]]
        more = f" (and {len(found) - 20} more)" if len(found) > 20 else ""
        raise ProfilesClash(
            Phrase(
                "two profiles for one: %(names)s%(more)s. Take it out of one. Nothing was written",
                names="; ".join(told),
                more=more,
            )
        )


async def _check_all_read(bus: Bus) -> None:
    older = await older_than(bus, codec.PROFILES)
    if older:
        raise OlderInstance(older)
