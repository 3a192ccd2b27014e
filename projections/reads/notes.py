"""Reads the notes about a chat."""

from __future__ import annotations

from datetime import datetime

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.subjects import ChatKey
from projections.database import moment
from projections.reads.family import family, one_of


class NoteView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A note about a chat; `seq` is its sequence in the log, `at` the log's stamp, `by` the user's name."""

    id: str
    text: str
    by: str | None
    at: datetime
    seq: int


def notes(db: sqlite3.Connection, key: ChatKey) -> tuple[NoteView, ...]:
    """The notes about the chat, and about those that closed into it, oldest first. Call it within a read
    transaction."""
    numbers = family(db, key)
    if not numbers:
        return ()
    statement = f'SELECT id, text, "by", at, seq FROM notes WHERE chat {one_of(numbers)} ORDER BY seq'  # noqa: S608
    rows = db.execute(statement).fetchall()
    return tuple(NoteView(id=id_, text=text, by=by, at=moment(at), seq=seq) for id_, text, by, at, seq in rows)
