"""The desk's list of chats, and its search: page by page, with filters, in links alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.access import seen_of, user_of
from console.deps import Deps
from console.list_links import ListLinks, fields_in
from console.problems import Problem
from console.rendering import render
from events.subjects import ChatKey
from projections.reads.chat_list import ONLY, Asked, Only, Place
from projections.reads.found import FoundPage
from projections.reads.views import ChatView
from projections.tables.marks import MARKS, SAID
from projections.trouble import MOST, OVERDUE_AFTER
from projections.words import folded

LISTED = 50
"""Chats on a page of the list."""

FOUND = 50
"""Chats, and messages and replies, on a page of the search."""

LONGEST = 200
"""Characters of a search that count; the field takes no more."""

_WAITS: dict[Only, str] = {
    "human": "needs a human",
    "overdue": f"waiting for over {OVERDUE_AFTER.seconds // 60} minutes",
}
FILTERS: dict[Only, str] = _WAITS | {mark: SAID[mark] for mark in MARKS}
"""The words for each filter."""

_PLACE = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})", re.ASCII)


async def chats(request: Request) -> Response:
    """GET: the list of chats, the latest first, with no chat beside it.

    `?only=<filter>` leaves some, `?q=<words>` searches, both together search among those. `after` and `before` are the
    place of a chat, `since` that of the first one when the reader began; `hits_after` and `hits_before` are sequences
    of the log. `?part=list` is the list alone.
    """
    template = "_list.html" if request.query_params.get("part") == "list" else "chats.html"
    return render(request, template, **await listed(request))


async def listed(request: Request, key: ChatKey | None = None) -> dict[str, Any]:
    """The values of the list pane; `key`: the chat that is open beside it. Raises Problem."""
    deps: Deps = request.app.state.deps
    given = fields_in(request.query_params, beside=key is not None)
    accounts = user_of(request).accounts
    asked, now = _asked(given, accounts), deps.now()
    begun = asked.after is None and asked.before is None
    links = ListLinks(key, given, asked)
    values: dict[str, Any] = {
        "q": asked.words,
        "only": asked.only,
        "filters": FILTERS,
        "longest": LONGEST,
        "late": now - OVERDUE_AFTER,
        "accounts": seen_of(user_of(request), await deps.read(deps.queries.accounts)),
        "counts": await deps.read(deps.queries.marked, now, accounts),
        "links": links,
        "list_refresh": links.refresh() if not asked.words else "",
        "begun": begun,
        "hits": None,
        "trouble": (),
        "most": MOST,
    }
    if asked.words:
        is_of_hits = "hits_after" in given or "hits_before" in given
        values["listed"] = (
            await deps.read(deps.queries.page, asked, now, min(LISTED, FOUND)) if not is_of_hits else None
        )
        values["hits"] = await _hits(deps, given, asked, now) if begun else None
    else:
        values["listed"] = await deps.read(deps.queries.page, asked, now, LISTED)
        if begun and asked.only is None:
            values["trouble"] = await deps.read(deps.queries.trouble, now, accounts)
    shown = values["listed"].chats if values["listed"] is not None else ()
    return values | {"namesakes": _namesakes(shown), "unread": {}, "most_unread": 100}


def _namesakes(chats: Iterable[ChatView]) -> frozenset[str]:
    """The names that several of these chats have, folded."""
    names = Counter(folded(one.name) for one in chats if one.name)
    return frozenset(name for name, number in names.items() if number > 1)


async def _hits(deps: Deps, given: Mapping[str, str], asked: Asked, now: datetime) -> FoundPage:
    only = (asked.only, now) if asked.only is not None else None
    after, before = sequence(given, "hits_after"), sequence(given, "hits_before")

    def read() -> FoundPage:
        return deps.queries.found(asked.words, FOUND, only=only, accounts=asked.accounts, after=after, before=before)

    return await deps.read(read)


def _asked(given: Mapping[str, str], accounts: tuple[str, ...] | None) -> Asked:
    """The view that the address names, of these accounts. Raises Problem."""
    only = given.get("only") or None
    if only is not None and only not in ONLY:
        raise Problem(400, f"{only[:40]!r} is no filter of the list: there are {', '.join(ONLY)}.")
    since = given.get("since")
    if since is not None and not re.fullmatch(r"-?[0-9]{1,18}", since, re.ASCII):
        raise Problem(400, f"since is a time in microseconds, a whole number, not {since[:40]!r}.")
    return Asked(
        only=only,
        words=given.get("q", "").strip()[:LONGEST],
        accounts=accounts,
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
        raise Problem(400, f"{name} is the place of a chat in the list, two numbers as in 17.4, not {text[:40]!r}.")
    return Place(int(match[1]), int(match[2]))


def sequence(given: Mapping[str, str], name: str) -> int | None:
    """The sequence of the log that the address gives under a name. Raises Problem."""
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Problem(400, f"{name} is a sequence of the log, a whole number, not {text[:40]!r}.")
    return int(text)
