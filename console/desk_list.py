"""The desk's list of chats, and its search: page by page, with filters, in links alone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from console.desk import deps_of, sequence
from console.problems import Problem
from console.rendering import render
from projections.reads.chat_list import ONLY, Asked, ChatPage, Only, Place
from projections.reads.found import FoundPage
from projections.tables.marks import MARKS, SAID
from projections.trouble import MOST, OVERDUE_AFTER

LISTED = 100
"""Chats on a page of the list."""

FOUND = 50
"""Chats, and messages and replies, on a page of the search."""

LONGEST = 200
"""Characters of a search that count; the field takes no more."""

_WAITING = 3
"""Chats that wait for a human that are shown above the list."""

_WAITS: dict[Only, str] = {
    "human": "waiting for a human",
    "overdue": f"waiting for over {OVERDUE_AFTER.seconds // 60} minutes",
}
FILTERS: dict[Only, str] = _WAITS | {mark: SAID[mark] for mark in MARKS}
"""The words for each filter."""

_PLACE = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})", re.ASCII)


async def chats(request: Request) -> Response:
    """GET: the list of chats, the latest first; those that wait for a human are told above it.

    `?only=<filter>` leaves some, `?q=<words>` searches, both together search among those. `after` and `before` are the
    place of a chat, `since` that of the first one when the reader began; `hits_after` and `hits_before` are sequences
    of the log. `?part=list` is the list alone.
    """
    deps, given = deps_of(request), request.query_params
    asked, now = _asked(given), deps.now()
    values: dict[str, Any] = {
        "q": asked.words,
        "only": asked.only,
        "filters": FILTERS,
        "longest": LONGEST,
        "late": now - OVERDUE_AFTER,
        "accounts": await deps.read(deps.queries.accounts),
        "counts": await deps.read(deps.queries.marked, now),
        "address": _Addresses(asked),
        "refresh": "/desk?" + urlencode([("part", "list"), *((name, value) for name, value in given.items())]),
        "begun": asked.after is None and asked.before is None,
    }
    if asked.words:
        is_of_hits = "hits_after" in given or "hits_before" in given
        values["page"] = await deps.read(deps.queries.page, asked, now, min(LISTED, FOUND)) if not is_of_hits else None
        values["hits"] = await _hits(request, asked, now) if values["begun"] else None
        return render(request, "found.html", **values)
    is_whole = values["begun"] and asked.only is None
    values |= {
        "page": await deps.read(deps.queries.page, asked, now, LISTED),
        "waiting": await deps.read(deps.queries.page, Asked(only="human"), now, _WAITING) if is_whole else None,
        "trouble": await deps.read(deps.queries.trouble, now) if is_whole else (),
        "most": MOST,
    }
    return render(request, "_list.html" if given.get("part") == "list" else "chats.html", **values)


async def _hits(request: Request, asked: Asked, now: Any) -> FoundPage:
    deps, given = deps_of(request), request.query_params
    only = (asked.only, now) if asked.only is not None else None
    after, before = sequence(given, "hits_after"), sequence(given, "hits_before")

    def read() -> FoundPage:
        return deps.queries.found(asked.words, FOUND, only=only, after=after, before=before)

    return await deps.read(read)


class _Addresses:
    """The addresses of the list's pages."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def first(self) -> str:
        """The first page of the same list."""
        return self._with()

    def of(self, only: str | None) -> str:
        """The first page with another filter, or with none."""
        return self._with(only=only)

    def after(self, page: ChatPage) -> str:
        return self._with(after=_text(page.end), since=self._since(page))

    def before(self, page: ChatPage) -> str:
        return self._with(before=_text(page.begin), since=self._since(page))

    def hits_after(self, page: FoundPage) -> str:
        return self._with(hits_after=page.hits[-1].entry.seq)

    def hits_before(self, page: FoundPage) -> str:
        return self._with(hits_before=page.hits[0].entry.seq)

    def _since(self, page: ChatPage) -> int | None:
        """The place of the first chat when the reader began, which is the first of the first page."""
        return self._asked.since if self._asked.since is not None or page.begin is None else page.begin.at

    def _with(self, **more: object) -> str:
        fields = {"q": self._asked.words, "only": self._asked.only, **more}
        query = urlencode({name: value for name, value in fields.items() if value not in (None, "")})
        return f"/desk?{query}" if query else "/desk"


def _asked(given: QueryParams) -> Asked:
    """The view that the address names. Raises Problem."""
    only = given.get("only") or None
    if only is not None and only not in ONLY:
        raise Problem(400, f"{only[:40]!r} is no filter of the list: there are {', '.join(ONLY)}.")
    since = given.get("since")
    if since is not None and not re.fullmatch(r"-?[0-9]{1,18}", since, re.ASCII):
        raise Problem(400, f"since is a time in microseconds, a whole number, not {since[:40]!r}.")
    return Asked(
        only=only,
        words=given.get("q", "").strip()[:LONGEST],
        after=_place(given, "after"),
        before=_place(given, "before"),
        since=int(since) if since is not None else None,
    )


def _place(given: QueryParams, name: str) -> Place | None:
    text = given.get(name)
    if text is None:
        return None
    match = _PLACE.fullmatch(text)
    if match is None:
        raise Problem(400, f"{name} is the place of a chat in the list, two numbers as in 17.4, not {text[:40]!r}.")
    return Place(int(match[1]), int(match[2]))


def _text(place: Place | None) -> str | None:
    return f"{place.at}.{place.id}" if place is not None else None
