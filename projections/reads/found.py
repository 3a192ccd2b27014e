"""The search through the words of all messages and replies, page by page."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.unseen import shown_name
from projections.database import Condition
from projections.reads.entries import entries
from projections.reads.views import Found
from projections.words import matched, sought

COUNTED = 10_000
"""Hits that are counted; a frequent word has more, and its hits can be paged through all the same."""

_HITS = "SELECT search.rowid AS seq FROM search WHERE search MATCH ?"
_HITS_WITHIN = (
    "SELECT search.rowid AS seq FROM search JOIN history ON history.seq = search.rowid"
    " JOIN chats ON chats.id = history.chat WHERE search MATCH ?"
)
_CHAT_OF = (
    "SELECT chats.account, chats.chat, chats.name FROM history JOIN chats ON chats.id = history.chat"
    " WHERE history.seq = ?"
)
_LAST = 2**63 - 1
_FORTH, _BACK = "search.rowid DESC", "search.rowid"


class Within(NamedTuple):
    """The chats that the search looks in; None: all.

    - `account`, `chat`: this account's, and this chat alone.
    - `conditions`: further ones on the row of a chat, as projections.reads.chat_list makes them.
    """

    account: str | None = None
    chat: str | None = None
    conditions: tuple[Condition, ...] = ()


class FoundPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of hits.

    - `hits`: the messages and replies, the newest first.
    - `first`: the number of the first of them, from 1; 0 where it is over COUNTED.
    - `all`: the number of all hits, or COUNTED + 1 if there are more than COUNTED.
    - `more`: there are hits after this page.
    """

    hits: tuple[Found, ...]
    first: int
    all: int
    more: bool

    @property
    def last(self) -> int:
        """The number of the last of its hits."""
        return self.first + len(self.hits) - 1


def found(  # noqa: PLR0917
    db: sqlite3.Connection, text: str, limit: int, place: Within, after: int | None, before: int | None
) -> FoundPage:
    """A page of the hits. Call it within a read transaction."""
    words = matched(sought(text))
    if not words:
        return FoundPage(hits=(), first=0, all=0, more=False)
    chosen, given = _chosen(words, place)
    newest = _seqs(db, f"{chosen} ORDER BY {_FORTH} LIMIT ?", (*given, COUNTED + 1))
    is_all = len(newest) <= COUNTED
    if before is not None:
        seqs = [seq for seq in newest if seq > before][-limit:]
        if not is_all and seqs[-1:] == newest[-1:]:
            seqs = _seqs(db, f"{chosen} AND search.rowid > ? ORDER BY {_BACK} LIMIT ?", (*given, before, limit))[::-1]
        more = bool(seqs)
    else:
        bound = _LAST if after is None else after
        seqs = [seq for seq in newest if seq < bound][: limit + 1]
        if not is_all and len(seqs) <= limit:
            seqs = _seqs(db, f"{chosen} AND search.rowid < ? ORDER BY {_FORTH} LIMIT ?", (*given, bound, limit + 1))
        more = len(seqs) > limit
        seqs = seqs[:limit]
    counted = seqs and seqs[0] in newest
    return FoundPage(
        hits=tuple(_hit(db, seq) for seq in seqs),
        first=newest.index(seqs[0]) + 1 if counted else 0,
        all=len(newest),
        more=more,
    )


def _chosen(words: str, place: Within) -> tuple[str, tuple[object, ...]]:
    if place == Within():
        return _HITS, (words,)
    chosen, given = _HITS_WITHIN, list[object]([words])
    for column, value in (("account", place.account), ("chat", place.chat)):
        if value:
            chosen += f" AND chats.{column} = ?"
            given.append(value)
    return " AND ".join((chosen, *(condition for condition, _ in place.conditions))), (
        *given,
        *(value for _, values in place.conditions for value in values),
    )


def _seqs(db: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> list[int]:
    return [seq for (seq,) in db.execute(statement, values).fetchall()]


def _hit(db: sqlite3.Connection, seq: int) -> Found:
    account, chat, name = db.execute(_CHAT_OF, (seq,)).fetchone()
    (entry,) = entries(db, "WHERE h.seq = ?", seq)
    return Found(account=account, chat=chat, name=shown_name(name), entry=entry)
