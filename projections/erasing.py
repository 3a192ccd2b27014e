"""Taking a chat out of the file, so that none of its bytes are left there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pysqlite3 import dbapi2 as sqlite3

from events.decisions import Erased
from events.recorded import Recorded
from projections.database import PATIENCE

_UNFIND = (
    "INSERT INTO search (search, rowid, text) SELECT 'delete', seq, coalesce(edited, text) FROM history"
    " WHERE chat = ? AND coalesce(edited, text) IS NOT NULL AND revoked_at IS NULL"
)
_SHORT = 50
"""Milliseconds for which readers are waited for: messages wait meanwhile."""

_TABLES = ("history", "controls", "receipts", "turns", "threads", "usage")


def is_erasure(recorded: Recorded) -> bool:
    """Whether nothing of the chat before this event counts any more."""
    return isinstance(recorded.event, Erased) and not recorded.event.done


def up_to_erasures(batch: Sequence[Recorded]) -> Iterator[Sequence[Recorded]]:
    """The batch in parts, each of which ends with an event that erases a chat, but for the last."""
    begin = 0
    for end, recorded in enumerate(batch, 1):
        if is_erasure(recorded) or end == len(batch):
            yield batch[begin:end]
            begin = end


def forget(db: sqlite3.Connection, chat: int) -> None:
    """Delete every row of the chat with this number. SQLite overwrites them (`secure_delete`), and so does its index of
    words (the option of that name, https://sqlite.org/fts5.html)."""
    db.execute(_UNFIND, (chat,))
    for table in _TABLES:
        db.execute(f"DELETE FROM {table} WHERE chat = ?", (chat,))  # noqa: S608 - a constant
    db.execute("DELETE FROM chats WHERE id = ?", (chat,))


def tidy(db: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, in which pages stand as they were; False if somebody reads, so that it cannot be."""
    db.execute(f"PRAGMA busy_timeout = {_SHORT}")
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    return not busy
