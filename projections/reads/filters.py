"""Filters of the list of chats as SQL, and the number of chats that each leaves: sums that the projection keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.teamwork import State, label_key
from events.users import Takers
from projections.database import Condition, micros
from projections.reads.accounts import within
from projections.tables.marks import BIT, MARKS
from projections.trouble import OVERDUE_AFTER

_AMISS = BIT["failed"] | BIT["undelivered"]
_KEPT = ("human", "waiting", *MARKS, "amiss")
_SUMS = ", ".join(f"total({column})" for column in _KEPT)
_TALLIES = (
    f"SELECT state, {_SUMS}, total(chats * {{unassigned}}), total(chats * (assigned = ?)) FROM tallies"  # noqa: S608
    " WHERE {within} GROUP BY state"
)
_EACH = ", ".join((
    "count(asked_at)", "count(unanswered)", *(f"total(marks & {BIT[mark]} <> 0)" for mark in MARKS),
    f"total(marks & {_AMISS} <> 0)",
))  # fmt: skip
_SNOOZED = (
    f"SELECT {_EACH}, total({{unassigned}}), total(assigned = ?) FROM chats INDEXED BY snoozed"  # noqa: S608
    " WHERE snoozed_until > ? AND snoozed_until NOTNULL AND marks >= 0 AND {within}"
)
_OVERDUE = (
    "SELECT count(*) FROM chats INDEXED BY attention WHERE asked_at <= ? AND asked_at NOTNULL AND {within}"
    " AND {of_state}"
)
_PUT_OFF = (
    "SELECT count(*) FROM chats INDEXED BY snoozed WHERE snoozed_until > ? AND snoozed_until NOTNULL AND marks >= 0"
)
_NAMES = (*_KEPT, "unassigned", "mine")
_LABELS = "SELECT label, state, sum(chats) FROM label_tallies WHERE {within} GROUP BY label, state"
_SNOOZED_LABELS = (
    "SELECT label, count(*) FROM chats INDEXED BY snoozed CROSS JOIN labels INDEXED BY labels_of_chat"
    " ON labels.chat = chats.id WHERE snoozed_until > ? AND snoozed_until NOTNULL AND marks >= 0 AND {within}"
    " GROUP BY label"
)
_WRITTEN = "SELECT written FROM labels WHERE label = ? AND {within} ORDER BY account, chat LIMIT 1"


class LabelCount(msgspec.Struct, frozen=True):
    """A label as it was written first, and the number of chats that have it."""

    label: str
    chats: int


_WITHOUT_USERS: Condition = ("(assigned = '')", [])
_HAD = (
    "assigned IN (SELECT value FROM json_each(?)) OR EXISTS (SELECT 1 FROM json_each(?)"
    " WHERE json_extract(value, '$[0]') = assigned AND json_extract(value, '$[1]') = account)"
)


def unassigned(takers: Takers | None) -> Condition:
    """Chats that nobody has: they are given to no name, or to one of no user who may have them."""
    if takers is None:
        return _WITHOUT_USERS
    given = [msgspec.json.encode(names).decode() for names in (takers.everywhere, takers.within)]
    return f"(assigned = '' OR NOT ({_HAD}))", [*given]


def with_mark(only: str, now: datetime, me: str = "", takers: Takers | None = None) -> Condition:
    """One of the list's filters; `me` is the user who looks, `takers` are those who may have chats (None: any name)."""
    match only:
        case "human":
            return "asked_at IS NOT NULL", []
        case "overdue":
            return "asked_at <= ?", [overdue(now)]
        case "mine":
            return "assigned = ? AND assigned <> ''", [me]
        case "unassigned":
            return unassigned(takers)
        case "waiting":
            return "unanswered NOTNULL", []
        case "amiss":
            return "marks & ? <> 0", [_AMISS]
        case _:
            return "marks & ? <> 0", [BIT[only]]  # type: ignore[index]


def in_state(state: State, now: datetime) -> Condition:
    """The state of the work at `now`."""
    match state:
        case "open":
            return "(work = 'open' OR (work = 'snoozed' AND snoozed_until <= ?))", [micros(now)]
        case "snoozed":
            return "work = 'snoozed' AND snoozed_until > ?", [micros(now)]
        case "resolved":
            return "work = 'resolved'", []


def with_label(label: str) -> Condition:
    return "chats.id IN (SELECT labels.chat FROM labels WHERE label = ?)", [label_key(label)]


def overdue(now: datetime) -> int:
    """The time, in microseconds since 1970, since when a chat that waits for a human is overdue."""
    return micros(now - OVERDUE_AFTER)


def counts(  # noqa: PLR0917
    db: sqlite3.Connection,
    now: datetime,
    accounts: Sequence[str] | None,
    state: State | None,
    me: str,
    takers: Takers | None,
) -> dict[str, int]:
    """The number of chats that each filter leaves."""
    where, given = within(accounts)
    had_by_none, names = unassigned(takers)
    found = dict.fromkeys(_NAMES, 0)
    for kept, *sums in db.execute(
        _TALLIES.format(within=where, unassigned=had_by_none), (*names, me, *given)
    ).fetchall():
        if state in (None, kept) or (state == "open" and kept == "snoozed"):
            _add(found, sums)
    if state in ("open", "snoozed"):
        put_off = db.execute(
            _SNOOZED.format(within=where, unassigned=had_by_none), (*names, me, micros(now), *given)
        ).fetchone()
        if state == "snoozed":
            found = dict.fromkeys(_NAMES, 0)
        _add(found, put_off if state == "snoozed" else [-number for number in put_off])
    of_state, values = in_state(state, now) if state is not None else ("TRUE", [])
    late = (overdue(now), *given, *values)
    (found["overdue"],) = db.execute(_OVERDUE.format(within=where, of_state=of_state), late).fetchone()
    return found if me else found | {"mine": 0}


def number_of(  # noqa: PLR0917
    db: sqlite3.Connection,
    now: datetime,
    state: State | None,
    only: str | None,
    narrow: Sequence[Condition],
    me: str,
    takers: Takers | None,
) -> int:
    """The number of chats in this state that a filter leaves, but for `overdue`, under further conditions on their
    account and user."""
    found = [with_mark(only, now, me, takers)] if only is not None else []
    column = only if only in _KEPT else "chats"
    of_state = "state = 'resolved'" if state == "resolved" else "state <> 'resolved'" if state == "open" else "TRUE"
    where, given = _all([*narrow, *(found if column == "chats" else ())])
    sums = f"SELECT total({column}) FROM tallies WHERE {of_state} AND {where}"  # noqa: S608 - constants
    (number,) = db.execute(sums, given).fetchone()
    if state not in ("open", "snoozed"):
        return int(number)
    where, given = _all([*narrow, *found])
    (off,) = db.execute(f"{_PUT_OFF} AND {where}", (micros(now), *given)).fetchone()
    return int(off if state == "snoozed" else number - off)


def _all(conditions: Sequence[Condition]) -> Condition:
    where = " AND ".join(condition for condition, _ in conditions)
    return where or "TRUE", [value for _, values in conditions for value in values]


def _add(found: dict[str, int], sums: Sequence[float]) -> None:
    for name, number in zip(_NAMES, sums, strict=True):
        found[name] += int(number)


def labels(
    db: sqlite3.Connection, now: datetime, accounts: Sequence[str] | None, state: State | None
) -> tuple[LabelCount, ...]:
    """The labels of the chats in this state, in the order of the alphabet."""
    where, given = within(accounts)
    found: dict[str, int] = {}
    off: dict[str, int] = {}
    if state in ("open", "snoozed"):
        of_chats, _ = within(accounts, "chats.account")
        rows = db.execute(_SNOOZED_LABELS.format(within=of_chats), (micros(now), *given))
        off = dict(rows.fetchall())
    for label, kept, chats in db.execute(_LABELS.format(within=where), given).fetchall():
        if state is None or kept == state == "resolved":
            number = chats
        elif state == "open":
            number = chats - off.get(label, 0) if kept == "snoozed" else chats if kept == "open" else 0
        else:
            number = off.get(label, 0) if kept == "snoozed" and state == "snoozed" else 0
        found[label] = found.get(label, 0) + number
    written = _WRITTEN.format(within=where)
    return tuple(
        LabelCount(db.execute(written, (label, *given)).fetchone()[0], number)
        for label, number in sorted(found.items())
        if number
    )
