"""The lines of one chat, page by page, earlier and later."""

from __future__ import annotations

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


def last_wrote(db: sqlite3.Connection, key: ChatKey) -> tuple[str, datetime] | None:
    """The id and the time of the person's last message; None if there is none. Call it within a read transaction."""
    numbers = family(db, key)
    row = db.execute(_WROTE.format(one_of(numbers))).fetchone() if numbers else None
    return (row[0], moment(row[1])) if row is not None else None


def lines(  # noqa: PLR0917
    db: sqlite3.Connection, key: ChatKey, limit: int, before: int | None, after: int | None, around: int | None
) -> LinesPage:
    """A page of a chat: what is around a sequence, or comes after one, or before one; its end without any. Call it
    within a read transaction."""
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
