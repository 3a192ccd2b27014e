"""The list of chats, page by page. A page is found by the place of a chat, never by counting rows before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, get_args

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.teamwork import State
from events.users import Takers
from projections.database import Condition
from projections.reads.accounts import within
from projections.reads.chat_rows import of_ids
from projections.reads.filters import in_state, number_of, with_label, with_mark
from projections.reads.views import ChatView
from projections.tables.marks import Mark
from projections.words import Sought, sought

Only = Literal["human", "overdue", "mine", "unassigned", "waiting", "amiss", Mark]
"""Those of the list that are shown: chats that wait for a human, those that have waited for long, those that the user
has, those that nobody has, those that wait for us, those with the mark `failed` or `undelivered`, or with a mark."""

ONLY: tuple[Only, ...] = get_args(Only)

Sort = Literal["activity", "wait"]
SORTS: tuple[Sort, ...] = get_args(Sort)
"""- `activity`: the latest activity first
- `wait`: the longest wait for us or for a human first; chats that wait for nothing come after those, the latest first
"""


class Place(NamedTuple):
    """The place of a chat in the list.

    - `at`: microseconds since 1970, of its last activity, or of the time since when it waits.
    - `id`: its row.
    """

    at: int
    id: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The chats of a list, and the part of it that is wanted.

    - `only`: those alone.
    - `words`: only chats whose number, name and reason to wait have all of these words.
    - `account`: only this account's.
    - `accounts`: only those of these accounts, which the user may see; None: of all.
    - `me`: the name of the user, for `mine`.
    - `takers`: who may have chats, for `unassigned`; None: any name.
    - `assigned`: only those that this user has.
    - `label`: only those with this label.
    - `state`: only those whose work is in this state; None: in any.
    - `sort`: None: `wait` of chats that wait for a human, else `activity`.
    - `after`: the page after this place; None: the first page.
    - `before`: the page that ends before this place.
    - `since`: the place of the first chat when the reader began.
    """

    only: Only | None = None
    words: str = ""
    account: str | None = None
    accounts: tuple[str, ...] | None = None
    me: str = ""
    takers: Takers | None = None
    assigned: str | None = None
    label: str | None = None
    state: State | None = None
    sort: Sort | None = None
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
    """An order of the list, as SQL: its columns, both ways through it, and the conditions of both."""

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
_BY_ANY_WAIT = _Order(
    "chats INDEXED BY by_wait WHERE marks >= 0",
    "wait_order",
    "wait_order, id",
    "wait_order DESC, id DESC",
    "wait_order >= ? AND (wait_order > ? OR id > ?)",
    "wait_order <= ? AND (wait_order < ? OR id < ?)",
)
_BY_ANY_WAIT_FOUND = _BY_ANY_WAIT._replace(source=_BY_ACTIVITY.source)
"""For a search: that index has the words."""


def page(db: sqlite3.Connection, asked: Asked, now: datetime, limit: int) -> ChatPage:
    """`limit` chats of the list. Call it within a read transaction."""
    order = _order(asked)
    found = [*conditions(asked, now), *map(_has, sought(asked.words))]
    given = [value for _, values in found for value in values]
    chosen = f"FROM {order.source}{''.join(f' AND {condition}' for condition, _ in found)}"
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
        all=before + len(places) if is_end else _all(db, asked, now, chosen, given),
        moved=moved,
    )


def _order(asked: Asked) -> _Order:
    if asked.only in ("human", "overdue") and asked.sort != "activity":
        return _BY_WAIT
    if asked.sort == "wait":
        return _BY_ANY_WAIT_FOUND if asked.words else _BY_ANY_WAIT
    return _BY_ACTIVITY


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


def _all(db: sqlite3.Connection, asked: Asked, now: datetime, chosen: str, given: Sequence[object]) -> int:
    """The number of all chats of the list: from the sums where they have it."""
    if asked.words or asked.label is not None or asked.only == "overdue":
        return _counted(db, chosen, given)
    return number_of(db, now, asked.state, asked.only, _of_whom(asked), asked.me, asked.takers)


def conditions(asked: Asked, now: datetime) -> list[Condition]:
    """The filters of the list, on a row of `chats`; its words and its place are not among them."""
    found = _of_whom(asked)
    if asked.only is not None:
        found.append(with_mark(asked.only, now, asked.me, asked.takers))
    if asked.label is not None:
        found.append(with_label(asked.label))
    if asked.state is not None:
        found.append(in_state(asked.state, now))
    return found


def _of_whom(asked: Asked) -> list[Condition]:
    """The conditions on account and user."""
    found: list[Condition] = []
    if asked.account:
        found.append(("account = ?", [asked.account]))
    if asked.accounts is not None:
        found.append(within(asked.accounts))
    if asked.assigned is not None:
        found.append(("assigned = ?", [asked.assigned]))
    return found


def _has(one: Sought) -> Condition:
    forms = list(dict.fromkeys(one.forms))
    each = [" AND ".join(["instr(words, ?)"] * len(form)) for form in forms]
    return "(" + " OR ".join(f"({form})" for form in each) + ")", [word for form in forms for word in form]
