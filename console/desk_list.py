"""The desk's list of chats, and its search: page by page, with filters, in links alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from console.access import seen_of, user_of
from console.deps import Deps
from console.languages import translate_of
from console.list_links import ListLinks, fields_in
from console.problems import Problem
from console.rendering import render
from console.wording import FILTERS
from events.numbers import whole_number
from events.subjects import ChatKey
from events.teamwork import State
from events.users import Takers, User
from projections.reads.chat_list import ONLY, SORTS, Asked, Only, Place
from projections.reads.found import FoundPage
from projections.reads.unread import MOST as MOST_UNREAD
from projections.reads.views import ChatView
from projections.trouble import MOST, OVERDUE_AFTER
from projections.words import folded

LISTED = 50
"""Chats on a page of the list."""

FOUND = 50
"""Chats, and messages and replies, on a page of the search."""

LONGEST = 200
"""Characters of a search that count; the field takes no more."""

STATES: dict[str, State | None] = {"open": "open", "snoozed": "snoozed", "resolved": "resolved", "all": None}
"""The states of the work, by their names in an address; a list has those that are open, a search all of them."""

_PLACE = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})", re.ASCII)


async def chats(request: Request) -> Response:
    """GET: the list of chats, the latest first, with no chat beside it.

    `?only=<filter>` leaves some, as do `state`, `account` and `label`; `?q=<words>` searches, among those. `sort` is
    the order. `after` and `before` are the place of a chat, `since` that of the first one when the reader began;
    `hits_after` and `hits_before` are sequences of the log. `?part=list` is the list alone,
    `?part=waiting` the number of chats that wait for the user.
    """
    if request.query_params.get("part") == "waiting":
        return PlainTextResponse(str(await _waiting(request)))
    template = "_list.html" if request.query_params.get("part") == "list" else "chats.html"
    return render(request, template, **await listed(request))


async def listed(request: Request, key: ChatKey | None = None) -> dict[str, Any]:
    """The values of the list pane; `key`: the chat that is open beside it. Raises Problem."""
    deps: Deps = request.app.state.deps
    given = fields_in(request.query_params, beside=key is not None)
    _, user, now = translate_of(request), user_of(request), deps.now()
    asked = _asked(given, user, deps.entrance.stored.all_takers)
    accounts = _looked_at(user, asked.account)
    begun = asked.after is None and asked.before is None
    links = ListLinks(key, given, asked)
    named = deps.entrance.named(user.name) is not None
    values: dict[str, Any] = {
        "q": asked.words,
        "only": asked.only,
        "filters": {only: _.gettext(said) for only, said in FILTERS.items()},
        "waiting": await _waiting(request),
        "longest": LONGEST,
        "late": now - OVERDUE_AFTER,
        "accounts": seen_of(user, await deps.read(deps.queries.accounts)),
        "counts": _worth_showing(
            await deps.read(deps.queries.marked, now, accounts, asked.state, user.name, asked.takers), named
        ),
        "states": await deps.read(deps.queries.states, now, accounts),
        "state": next(name for name, state in STATES.items() if state == asked.state),
        "labels": await deps.read(deps.queries.labels, now, accounts, asked.state),
        "asked": asked,
        "links": links,
        "list_refresh": links.refresh() if not asked.words else "",
        "begun": begun,
        "hits": None,
        "trouble": (),
        "most": MOST,
        "zone": deps.zone,
        "today": now.astimezone(deps.zone).date(),
    }
    if asked.words:
        is_of_hits = "hits_after" in given or "hits_before" in given
        values["listed"] = (
            await deps.read(deps.queries.page, asked, now, min(LISTED, FOUND)) if not is_of_hits else None
        )
        values["hits"] = await _hits(deps, given, asked, now) if begun else None
    else:
        values["listed"] = await deps.read(deps.queries.page, asked, now, LISTED)
        if begun and links.is_whole():
            values["trouble"] = await deps.read(deps.queries.trouble, now, accounts)
    shown = values["listed"].chats if values["listed"] is not None else ()
    upto = {key: deps.seen.upto(key) for key in (ChatKey(one.account, one.chat) for one in shown)}
    unread = await deps.read(deps.queries.unread, upto)
    return values | {"namesakes": _namesakes(shown), "unread": unread, "most_unread": MOST_UNREAD}


async def _waiting(request: Request) -> int:
    """The number of chats that wait for the user: their own and those that nobody has; without users, of all."""
    deps: Deps = request.app.state.deps
    user, entrance = user_of(request), deps.entrance
    me = user.name if entrance.named(user.name) is not None else None
    return await deps.read(deps.queries.waiting_for, me, deps.now(), user.accounts, entrance.stored.all_takers)


def _looked_at(user: User, account: str | None) -> tuple[str, ...] | None:
    """The accounts of which counts are told; None: all."""
    if account is None:
        return user.accounts
    return (account,) if user.sees(account) else ()


def _worth_showing(counts: Mapping[Only, int], named: bool) -> dict[Only, int]:
    """The filters' counts without those that say nothing: of two that are one, and of users where there are none."""
    shown = dict(counts)
    if not (counts["failed"] and counts["undelivered"]):
        shown["amiss"] = 0
    if not named and not counts["mine"]:
        shown["unassigned"] = 0
    return shown


def _namesakes(chats: Iterable[ChatView]) -> frozenset[str]:
    """The names that several of these chats have, folded."""
    names = Counter(folded(one.name) for one in chats if one.name)
    return frozenset(name for name, number in names.items() if number > 1)


async def _hits(deps: Deps, given: Mapping[str, str], asked: Asked, now: datetime) -> FoundPage:
    after, before = sequence(given, "hits_after"), sequence(given, "hits_before")

    def read() -> FoundPage:
        return deps.queries.found(asked.words, FOUND, among=(asked, now), after=after, before=before)

    return await deps.read(read)


def _asked(given: Mapping[str, str], user: User, takers: Takers | None) -> Asked:
    """The view that the address names, limited to the chats that the user may see. Raises Problem."""
    only, sort = given.get("only") or None, given.get("sort") or None
    words = given.get("q", "").strip()[:LONGEST]
    state = given.get("state") or ("all" if words else "open")
    if only is not None and only not in ONLY:
        known = ", ".join(ONLY)
        raise Problem(400, "%(only)s is no filter of the list: there are %(known)s.", only=repr(only[:40]), known=known)
    if sort is not None and sort not in SORTS:
        known = ", ".join(SORTS)
        raise Problem(400, "%(sort)s is no order of the list: there are %(known)s.", sort=repr(sort[:40]), known=known)
    if state not in STATES:
        known = ", ".join(STATES)
        raise Problem(400, "%(state)s is no state of chats: there are %(known)s.", state=repr(state[:40]), known=known)
    since = given.get("since")
    if since is not None and not re.fullmatch(r"-?[0-9]{1,18}", since, re.ASCII):
        raise Problem(400, "since is a time in microseconds, a whole number, not %(since)s.", since=f"{since[:40]!r}")
    return Asked(
        only=only,
        words=words,
        account=given.get("account") or None,
        accounts=user.accounts,
        me=user.name,
        takers=takers,
        label=given.get("label") or None,
        state=STATES[state],
        sort=sort,
        after=_place(given, "after"),
        before=_place(given, "before"),
        since=int(since) if since is not None else None,
    )


def _place(given: Mapping[str, str], name: str) -> Place | None:
    text = given.get(name)
    if text is None:
        return None
    match = _PLACE.fullmatch(text)
    if match is None:
        raise Problem(
            400,
            "%(name)s is the place of a chat in the list, two numbers as in 17.4, not %(text)s.",
            name=name,
            text=f"{text[:40]!r}",
        )
    return Place(int(match[1]), int(match[2]))


def sequence(given: Mapping[str, str], name: str) -> int | None:
    """The sequence of the log that the address gives under a name. Raises Problem."""
    text = given.get(name)
    if text is None:
        return None
    if (number := whole_number(text)) is None:
        raise Problem(
            400, "%(name)s is a sequence of the log, a whole number, not %(text)s.", name=name, text=f"{text[:40]!r}"
        )
    return number
