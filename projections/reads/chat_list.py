"""The list of chats, page by page. A page is found by the place of a chat, never by counting rows before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, get_args

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from projections.database import micros
from projections.reads.accounts import of_accounts
from projections.reads.chat_rows import of_ids
from projections.reads.views import ChatView
from projections.tables.marks import BIT, MARKS, Mark
from projections.trouble import OVERDUE_AFTER
from projections.words import Sought, sought

Only = Literal["human", "overdue", Mark]
"""Those of the list that are shown: chats that wait for a human, those that have waited for long, or those with a
mark."""

ONLY: tuple[Only, ...] = get_args(Only)


class Place(NamedTuple):
    """Where a chat is in the list.

    - `at`: microseconds since 1970, of its last activity, or of its request for a human.
    - `id`: its row.
    """

    at: int
    id: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The chats of a list, and the part of it that is wanted.

    - `only`: those alone.
    - `words`: only chats whose number, name and reason to wait have all of these words.
    - `account`: only this account's.
    - `accounts`: only those of these accounts; None: of all.
    - `after`: the page after this place; None: the first page.
    - `before`: the page that ends before this place.
    - `since`: the place of the first chat when the reader began.
    """

    only: Only | None = None
    words: str = ""
    account: str | None = None
    accounts: tuple[str, ...] | None = None
    after: Place | None = None
    before: Place | None = None
    since: int | None = None


class ChatPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the list.

    - `chats`: its chats.
    - `begin`, `end`: the places of the first and the last of them; None: there is none.
    - `first`: the number of the first of them, from 1.
    - `all`: the number of chats in the whole list.
    - `moved`: chats that came to the front of the list after the reader began.
    """

    chats: tuple[ChatView, ...]
    begin: Place | None
    end: Place | None
    first: int
    all: int
    moved: int

    @property
    def last(self) -> int:
        """The number of the last of its chats."""
        return self.first + len(self.chats) - 1


class _Order(NamedTuple):
    """An order of the list, as SQL: its columns, both ways through it, and what comes after and before a place."""

    source: str
    column: str
    forth: str
    back: str
    after: str
    before: str


_BY_ACTIVITY = _Order(
    "chats INDEXED BY listed WHERE marks >= 0",
    "last_at",
    "last_at DESC, id",
    "last_at, id DESC",
    "last_at <= ? AND (last_at < ? OR id > ?)",
    "last_at >= ? AND (last_at > ? OR id < ?)",
)
_BY_WAIT = _Order(
    "chats INDEXED BY attention WHERE asked_at IS NOT NULL",
    "asked_at",
    "asked_at, id",
    "asked_at DESC, id DESC",
    "asked_at >= ? AND (asked_at > ? OR id > ?)",
    "asked_at <= ? AND (asked_at < ? OR id < ?)",
)
_EACH = ", ".join(f"total(marks & {BIT[mark]} <> 0)" for mark in MARKS)
_MARKED = f"SELECT {_EACH} FROM chats INDEXED BY marked WHERE marks > 0"  # noqa: S608 - constants
_ASKING = (
    "SELECT count(*), total(asked_at <= ?) FROM chats INDEXED BY attention WHERE asked_at IS NOT NULL"  # the index
)


def page(db: sqlite3.Connection, asked: Asked, now: datetime, limit: int) -> ChatPage:
    """`limit` chats of the list. Call it within a read transaction."""
    order = _BY_WAIT if asked.only in ("human", "overdue") else _BY_ACTIVITY
    conditions, given = _conditions(asked, now)
    within, accounts = of_accounts(asked.accounts)
    chosen, given = f"FROM {order.source}{''.join(f' AND {one}' for one in conditions)}{within}", [*given, *accounts]
    places = _places(db, order, chosen, given, asked, limit)
    begin = places[0] if places else None
    is_first = asked.after is None and asked.before is None
    before = moved = 0
    if begin is not None and not is_first:
        before = _counted(db, f"{chosen} AND {order.before}", (*given, begin.at, begin.at, begin.id))
    if asked.since is not None and order is _BY_ACTIVITY and not is_first:
        moved = _counted(db, f"{chosen} AND last_at > ?", (*given, asked.since))
    # A page that is not full ends the list, which saves a scan where a search finds little.
    is_end = len(places) < limit and asked.before is None and (places or is_first)
    return ChatPage(
        chats=of_ids(db, [place.id for place in places], now),
        begin=begin,
        end=places[-1] if places else None,
        first=before + 1 if places else 0,
        all=before + len(places) if is_end else _counted(db, chosen, given),
        moved=moved,
    )


def counts(db: sqlite3.Connection, now: datetime, accounts: tuple[str, ...] | None = None) -> dict[Only, int]:
    """The number of chats of these accounts that each filter leaves."""
    condition, given = of_accounts(accounts)
    human, overdue = db.execute(_ASKING + condition, (_overdue(now), *given)).fetchone()
    marked = map(int, db.execute(_MARKED + condition, given).fetchone())
    return {"human": human, "overdue": int(overdue), **dict(zip(MARKS, marked, strict=True))}


def with_mark(only: Only, now: datetime) -> tuple[str, list[int]]:
    """The condition of a filter on `chats`, and its values."""
    if only == "human":
        return "asked_at IS NOT NULL", []
    if only == "overdue":
        return "asked_at <= ?", [_overdue(now)]
    return "marks & ? <> 0", [BIT[only]]


def _places(  # noqa: PLR0917
    db: sqlite3.Connection, order: _Order, chosen: str, given: list[object], asked: Asked, limit: int
) -> list[Place]:
    if asked.before is not None:
        found = _found(db, order, f"{chosen} AND {order.before} ORDER BY {order.back}", given, asked.before, limit)
        return found[::-1]
    if asked.after is not None:
        return _found(db, order, f"{chosen} AND {order.after} ORDER BY {order.forth}", given, asked.after, limit)
    return _found(db, order, f"{chosen} ORDER BY {order.forth}", given, None, limit)


def _found(  # noqa: PLR0917
    db: sqlite3.Connection, order: _Order, chosen: str, given: Sequence[object], place: Place | None, limit: int
) -> list[Place]:
    bounds = (place.at, place.at, place.id) if place is not None else ()
    statement = f"SELECT {order.column}, id {chosen} LIMIT ?"
    return [Place(*row) for row in db.execute(statement, (*given, *bounds, limit)).fetchall()]


def _counted(db: sqlite3.Connection, chosen: str, given: Sequence[object]) -> int:
    (number,) = db.execute(f"SELECT count(*) {chosen}", given).fetchone()
    return int(number)


def _conditions(asked: Asked, now: datetime) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    given: list[object] = []
    if asked.only is not None:
        condition, values = with_mark(asked.only, now)
        conditions.append(condition)
        given += values
    if asked.account:
        conditions.append("account = ?")
        given.append(asked.account)
    for one in sought(asked.words):
        condition, words = _has(one)
        conditions.append(condition)
        given += words
    return conditions, given


def _has(one: Sought) -> tuple[str, list[str]]:
    forms = list(dict.fromkeys(one.forms))
    each = [" AND ".join(["instr(words, ?)"] * len(form)) for form in forms]
    return "(" + " OR ".join(f"({form})" for form in each) + ")", [word for form in forms for word in form]


def _overdue(now: datetime) -> int:
    return micros(now - OVERDUE_AFTER)
