"""The lines of one chat, page by page, earlier and later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.subjects import ChatKey
from projections.database import moment
from projections.reads.entries import entries
from projections.reads.family import family, one_of
from projections.reads.views import Entry

# The messages that were moved out of a closed chat are in the history of the other one.
_EARLIER = "WHERE h.chat {} AND h.reason IS NOT 'joined' AND h.seq < ? ORDER BY h.seq DESC LIMIT ?"
_LATER = "WHERE h.chat {} AND h.reason IS NOT 'joined' AND h.seq > ? ORDER BY h.seq LIMIT ?"
_COUNTED = "SELECT count(*), total(seq < ?) FROM history WHERE chat {} AND reason IS NOT 'joined'"
_LAST = 2**63 - 1
_OF_ID = "WHERE h.id = ? AND h.chat {} AND h.author = 'person' AND h.reason IS NOT 'joined' ORDER BY h.seq LIMIT 1"
_PART = re.compile(r"#[0-9]{1,4}\Z")
_MESSAGES = "WHERE h.id IN (SELECT value FROM json_each(?)) AND h.chat {} AND h.author = 'person' ORDER BY h.seq"
_REPLIES = "WHERE h.id IN (SELECT value FROM json_each(?)) AND h.chat {} AND h.author <> 'person' ORDER BY h.seq"
_REACTIONS = (
    "WHERE h.chat {} AND h.seq > ? AND h.reason IS NOT 'joined'"
    " AND (h.kind = 'reaction' OR h.parts LIKE '%\"kind\":\"reaction\"%') ORDER BY h.seq LIMIT 200"
)
_BY = """SELECT id, "by" FROM controls WHERE id IN (SELECT value FROM json_each(?)) AND chat {} AND "by" IS NOT NULL"""
_WROTE = (
    "SELECT id, min(sent, at) FROM history WHERE chat {} AND author = 'person' AND NOT from_me"
    " AND kind NOT IN ('system', 'unreadable') ORDER BY seq DESC LIMIT 1"
)


class LinesPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a chat.

    - `entries`: its messages and replies, the oldest first.
    - `first`: the number of the first of them in the chat, from 1.
    - `all`: the number of lines in the chat.
    """

    entries: tuple[Entry, ...]
    first: int
    all: int

    @property
    def last(self) -> int:
        """The number of the last of its entries."""
        return self.first + len(self.entries) - 1


def message(db: sqlite3.Connection, key: ChatKey, id_: str) -> Entry | None:
    """A message of the chat; None if it has none of this id. Call it within a read transaction."""
    numbers = family(db, key)
    return next(entries(db, _OF_ID.format(one_of(numbers)), id_), None) if numbers else None


class Beside(msgspec.Struct, frozen=True):
    """Messages, reactions and authors that belong to a page of a chat and may be on another page.

    - `quoted`: the messages and replies that its entries name, by their ids.
    - `reactions`: reactions that came after its entries, the oldest first.
    - `by`: who gave the orders of its replies, by the orders' ids.
    """

    quoted: dict[str, Entry]
    reactions: tuple[Entry, ...]
    by: dict[str, str]


def beside(db: sqlite3.Connection, key: ChatKey, shown: Sequence[Entry]) -> Beside:
    """The Beside of these entries of the chat. Call it within a read transaction."""
    numbers = family(db, key)
    if not numbers or not shown:
        return Beside({}, (), {})
    chats = one_of(numbers)
    there = {entry.id: entry for entry in shown}
    wanted = [name for name in dict.fromkeys(name for entry in shown for name in named(entry)) if name not in there]
    quoted = {name: there[name] for entry in shown for name in named(entry) if name in there}
    for condition in (_MESSAGES, _REPLIES):
        for entry in entries(db, condition.format(chats), msgspec.json.encode(wanted).decode()) if wanted else ():
            quoted.setdefault(entry.id, entry)
    causes = msgspec.json.encode([entry.cause for entry in shown if entry.cause]).decode()
    by = dict(db.execute(_BY.format(chats), (causes,)).fetchall())
    return Beside(quoted, tuple(entries(db, _REACTIONS.format(chats), shown[-1].seq)), by)


def named(entry: Entry) -> tuple[str, ...]:
    """The ids of the messages and replies that the entry quotes or reacts to. One of a part is that of its reply."""
    names = (entry.quoted, entry.quote, *(part.to for part in entry.parts))
    return tuple(whole(name) for name in names if name)


def whole(name: str) -> str:
    """The id of a message or a reply, of which `name` may be that of a part."""
    return _PART.sub("", name)


def last_wrote(db: sqlite3.Connection, key: ChatKey) -> tuple[str, datetime] | None:
    """The id and the time of the person's last message; None if there is none. Call it within a read transaction."""
    numbers = family(db, key)
    row = db.execute(_WROTE.format(one_of(numbers))).fetchone() if numbers else None
    return (row[0], moment(row[1])) if row is not None else None


def lines(  # noqa: PLR0917
    db: sqlite3.Connection, key: ChatKey, limit: int, before: int | None, after: int | None, around: int | None
) -> LinesPage:
    """A page of a chat: the lines around a sequence, after one, or before one; without any, its end. Call it within
    a read transaction."""
    numbers = family(db, key)
    if not numbers:
        return LinesPage(entries=(), first=0, all=0)
    chats = one_of(numbers)
    earlier_lines, later_lines = _EARLIER.format(chats), _LATER.format(chats)
    if around is not None:
        earlier = list(entries(db, earlier_lines, around, limit // 2))
        shown = [*reversed(earlier), *entries(db, later_lines, around - 1, limit - len(earlier))]
    elif after is not None:
        shown = list(entries(db, later_lines, after, limit))
    else:
        shown = list(entries(db, earlier_lines, _LAST if before is None else before, limit))[::-1]
    all_, earlier_ones = db.execute(_COUNTED.format(chats), (shown[0].seq if shown else 0,)).fetchone()
    return LinesPage(entries=tuple(shown), first=int(earlier_ones) + 1 if shown else 0, all=all_)
