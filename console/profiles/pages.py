"""The desk's pages of profiles: the list, the editor with its history, and trials of drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.access import user_of
from console.desk import deps_of
from console.forms import form_of
from console.languages import translate_of
from console.problems import NOT_STORED, Problem, unstored
from console.profiles import form
from console.profiles.port import ProfileDesk, ProfileFault, TrialAsked
from console.profiles.trials import TooMany, Trial, Trials
from console.rendering import render
from events.log import LogError
from events.numbers import whole_number
from events.phrases import Phrase
from events.profile import DEFAULT, NAME, Profile, ProfileUnreadable, encoded
from events.profile_log import ProfilesChanged, Stored

DAYS, TURNS, TOKENS = (1, 30), (1, 200), (1_000, 2_000_000)
"""The least and the most of a trial's limits."""

log = structlog.get_logger("recado.console")


def routes() -> list[Route]:
    return [
        Route("/desk/profiles", listed),
        Route("/desk/profiles", begin, methods=["POST"]),
        Route("/desk/profiles/{name}", one),
        Route("/desk/profiles/{name}", change, methods=["POST"]),
        Route("/desk/profiles/{name}/trials/{id}", trial),
        Route("/desk/profiles/{name}/trials/{id}", on_trial, methods=["POST"]),
    ]


async def listed(request: Request) -> Response:
    """GET: the profiles in force, and for whom each is."""
    stored = await _desk(request).look()
    return _list(request, stored)


async def begin(request: Request) -> Response:
    """POST `name`: leads to the form of a new profile."""
    given = await form_of(request)
    name = given.get("name", "").strip()
    if not NAME.fullmatch(name) or name == DEFAULT:
        _ = translate_of(request)
        wrong = _(
            "%(name)s is no name: use small letters, digits, - and _, and another word than %(default)s.",
            name=f"{name[:40]!r}",
            default=DEFAULT,
        )
        return _list(request, await _desk(request).look(), status=400, wrong=wrong, name=name)
    return RedirectResponse(f"/desk/profiles/{name}", 303)


async def one(request: Request) -> Response:
    """GET: the form of a profile; `?version=N` shows an earlier one."""
    desk, name = _desk(request), _name(request)
    versions = await desk.history(name)
    now = versions[-1] if versions and not versions[-1].removed else None
    if (asked := request.query_params.get("version")) is not None:
        old = next((version for version in versions if str(version.n) == asked), None)
        if old is None:
            raise Problem(404, "The profile %(name)s has no version %(asked)s.", name=name, asked=asked[:20])
        return _form(request, old, versions, old=True)
    fresh = Profile(name=name, n=1, at=deps_of(request).now())
    return _form(request, now or fresh, versions, said=request.query_params.get("said", ""))


async def change(request: Request) -> Response:
    """POST `do`: save, try, rollback or remove. A draft with a fault, or one that another person overtook, comes back
    in its form."""
    desk, name, deps = _desk(request), _name(request), deps_of(request)
    given = await form_of(request, most=form.MOST_FIELDS)
    stored, versions = await desk.look(), await desk.history(name)
    newest = stored.newest.get(name)
    before = newest if newest is not None and not newest.removed else None
    do = given.get("do", "")
    if do == "rollback":
        again = next((version for version in versions if str(version.n) == given.get("version")), None)
        if again is None or again.removed:
            raise Problem(404, "The profile %(name)s has no such version.", name=name)
        made = _next(again, newest, request)
    elif do == "remove":
        if before is None:
            raise Problem(404, "There is no profile %(name)s.", name=name)
        made = Profile(name=name, n=before.n + 1, at=deps.now(), by=user_of(request).name, removed=True)
    elif do in ("save", "try"):
        stamp = Profile(name=name, n=1 if newest is None else newest.n + 1, at=deps.now(), by=user_of(request).name)
        made = form.draft(desk, before, given, stamp)
    else:
        raise Problem(400, "%(do)s is not done here.", do=f"{do[:40]!r}")
    faults = [] if made.removed else _faults(desk, made)
    if faults:
        return _form(request, made, versions, status=400, faults=faults, base=given.get("base"))
    if do == "try":
        return _try(request, desk, made, given, versions)
    if given.get("base") != str(newest.n if newest is not None else 0):
        return _overtaken(request, made, versions)
    return await _save(request, desk, made, versions, stored)


async def trial(request: Request) -> Response:
    """GET: how far a trial is, or its replies beside those of the log. `?part=trial` is its content alone."""
    found = _trial(request)
    template = "_trial.html" if request.query_params.get("part") == "trial" else "trial.html"
    return render(request, template, trial=found, profile=found.profile, address=request.url.path)


async def on_trial(request: Request) -> Response:
    """POST `do`: cancel, edit (the draft is in the form again), or save the draft."""
    desk, found = _desk(request), _trial(request)
    do = (await form_of(request)).get("do", "")
    if do == "cancel":
        _trials(request).cancel(found)
        return RedirectResponse(request.url.path, 303)
    versions = await desk.history(found.profile.name)
    if do == "edit":
        return _form(request, found.profile, versions, base=str(found.profile.n - 1))
    if do != "save":
        raise Problem(400, "%(do)s is not done here.", do=f"{do[:40]!r}")
    stored = await desk.look()
    newest = stored.newest.get(found.profile.name)
    if found.profile.n - 1 != (newest.n if newest is not None else 0):
        return _overtaken(request, found.profile, versions)
    return await _save(request, desk, _at(found.profile, request), versions, stored)


async def _save(
    request: Request, desk: ProfileDesk, made: Profile, versions: Sequence[Profile], stored: Stored
) -> Response:
    try:
        await desk.save(made, expected=stored.seq)
    except ProfilesChanged:
        return _overtaken(request, made, await desk.history(made.name))
    except (ProfileUnreadable, LogError) as refusal:
        log.warning("profile_not_stored", profile=made.name, reason=str(refusal))
        _ = translate_of(request)
        fault = ProfileFault("", _(unstored(refusal, NOT_STORED), reason=refusal))
        return _form(request, made, versions, status=503, faults=[fault], base=str(made.n - 1))
    if made.removed:
        return RedirectResponse("/desk/profiles", 303)
    return RedirectResponse(f"/desk/profiles/{made.name}?said=saved", 303)


def _try(
    request: Request, desk: ProfileDesk, made: Profile, given: Mapping[str, str], versions: Sequence[Profile]
) -> Response:
    _ = translate_of(request)
    limits = {"days": DAYS, "max_turns": TURNS, "max_tokens": TOKENS}
    numbers = {name: _number(given.get(name, ""), *limits[name]) for name in limits}
    if None in numbers.values():
        spans = {name: f"{low:,}–{high:,}" for name, (low, high) in limits.items()}
        fault = ProfileFault(
            "", _("A trial has whole numbers: days %(days)s; turns %(max_turns)s; tokens %(max_tokens)s.", **spans)
        )
        return _form(request, made, versions, status=400, faults=[fault], base=given.get("base"))
    try:
        begun = _trials(request).start(desk, made, TrialAsked(**numbers))  # type: ignore[arg-type]
    except TooMany:
        fault = ProfileFault("", _("Other trials run already: wait until one has ended, or cancel one."))
        return _form(request, made, versions, status=429, faults=[fault], base=given.get("base"))
    return RedirectResponse(f"/desk/profiles/{made.name}/trials/{begun.id}", 303)


def _overtaken(request: Request, made: Profile, versions: Sequence[Profile]) -> Response:
    """The draft again, beside the version that came first: saved once more, it takes that one's place."""
    last = versions[-1] if versions else None
    _ = translate_of(request)
    told = _("The profile was changed after you opened it. Nothing was stored: look at the newest version, save again.")
    if last is not None and last.by:
        told = _(
            "The profile was changed by %(name)s after you opened it. Nothing was stored: look at the newest version, "
            "save again.",
            name=last.by,
        )
    return _form(
        request,
        made,
        versions,
        status=409,
        faults=[ProfileFault("", told)],
        base=str(last.n if last is not None else 0),
    )


def _faults(desk: ProfileDesk, made: Profile) -> list[ProfileFault]:
    try:
        encoded(made)
    except ProfileUnreadable as refusal:
        return [ProfileFault("", Phrase("It cannot be stored: %(reason)s.", reason=refusal))]
    return list(desk.faults(made))


def _next(again: Profile, newest: Profile | None, request: Request) -> Profile:
    """The old version as the next one."""
    made = _at(again, request)
    return _replaced(made, n=1 if newest is None else newest.n + 1)


def _at(profile: Profile, request: Request) -> Profile:
    return _replaced(profile, at=deps_of(request).now(), by=user_of(request).name)


def _replaced(profile: Profile, **changes: Any) -> Profile:
    fields = {name: getattr(profile, name) for name in profile.__struct_fields__}
    return Profile(**{**fields, **changes})


def _form(
    request: Request,
    profile: Profile,
    versions: Sequence[Profile],
    *,
    status: int = 200,
    faults: Sequence[ProfileFault] = (),
    base: str | None = None,
    said: str = "",
    old: bool = False,
) -> Response:
    desk = _desk(request)
    rows = form.shown(desk, profile, faults)
    topics = list(dict.fromkeys(row.field.topic for row in rows))
    values = {
        "profile": profile,
        "rows": rows,
        "topics": topics,
        "lists": {one: "\n".join(getattr(profile, one)) for one in form.LISTS},
        "general": [fault.problem for fault in faults if not fault.field],
        "wrong": [row.field.name for row in rows if row.problems],
        "is_draft": base is not None or bool(faults),
        "base": base if base is not None else str(versions[-1].n if versions else 0),
        "versions": [(version, _changes(desk, before, version)) for before, version in _pairs(versions)],
        "lacks": [] if profile.removed else desk.lacks(profile),
        "said": said,
        "old": old,
        "is_new": not versions or versions[-1].removed,
    }
    return render(request, "profile.html", status=status, **values)


def _pairs(versions: Sequence[Profile]) -> list[tuple[Profile | None, Profile]]:
    """Each version with the one before it, the newest first."""
    return [(versions[number - 1] if number else None, version) for number, version in enumerate(versions)][::-1]


def _changes(desk: ProfileDesk, before: Profile | None, after: Profile) -> list[tuple[str, str, str]]:
    """The changes of a version: the field, its text before, its text after."""
    if after.removed:
        return []

    def texts(profile: Profile | None) -> dict[str, str]:
        if profile is None or profile.removed:
            return {}
        lists = {one: ", ".join(getattr(profile, one)) for one in form.LISTS if getattr(profile, one)}
        return lists | {name: desk.shown(name, value) for name, value in profile.settings.items()}

    old, new = texts(before), texts(after)
    names = [*new, *(name for name in old if name not in new)]
    return [(name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name) != new.get(name)]


def _list(request: Request, stored: Stored, *, status: int = 200, wrong: str = "", name: str = "") -> Response:
    profiles = sorted(stored.in_force.profiles.values(), key=lambda one: one.name)
    lacks = {one.name: list(_desk(request).lacks(one)) for one in profiles}
    values = {"profiles": profiles, "unread": stored.unread, "lacks": lacks, "wrong": wrong, "name": name}
    return render(request, "profiles.html", status=status, **values)


def _number(text: str, low: int, high: int) -> int | None:
    number = whole_number(text)
    return number if number is not None and low <= number <= high else None


def _desk(request: Request) -> ProfileDesk:
    desk = deps_of(request).profiles
    if desk is None:
        raise Problem(404, "This process has no profiles.")
    return desk


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if not NAME.fullmatch(name) or name == DEFAULT:
        raise Problem(404, "%(name)s is no name of a profile.", name=f"{name[:60]!r}")
    return name


def _trials(request: Request) -> Trials:
    trials: Trials = request.app.state.trials
    return trials


def _trial(request: Request) -> Trial:
    found = _trials(request).get(request.path_params["id"])
    if found is None or found.profile.name != _name(request):
        raise Problem(404, "This trial is not kept any more: try the draft again.")
    return found
