"""Deletes a chat from the file and overwrites its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.decisions import Erased
from events.joining import Joined
from events.recorded import Recorded
from projections.database import PATIENCE, SEARCHED
from projections.tables.usage import take_out

_UNFIND = (
    f"INSERT INTO search (search, rowid, text) SELECT 'delete', seq, {SEARCHED} FROM history"  # noqa: S608 - a constant
    " WHERE chat = ? AND seq <= ? AND coalesce(edited, text) IS NOT NULL AND revoked_at IS NULL"
)
_EARLY = "chat = ? AND id = ? AND author = 'person'"
_UNFIND_EDITED = (
    "INSERT INTO search (search, rowid, text) SELECT 'delete', seq, coalesce(edited, text) FROM history"  # noqa: S608
    f" WHERE {_EARLY} AND coalesce(edited, text) NOTNULL AND revoked_at ISNULL"
)
_AS_IT_CAME = (
    "UPDATE history SET edited = iif(edited_at < at, NULL, edited), answered = iif(edited_at < at, NULL, answered),"  # noqa: S608
    " edited_at = iif(edited_at < at, NULL, edited_at), revoked_at = iif(revoked_at < at, NULL, revoked_at)"
    f" WHERE {_EARLY}"
)
_FIND_AGAIN = (
    "INSERT INTO search (rowid, text) SELECT seq, coalesce(edited, text) FROM history"  # noqa: S608
    f" WHERE {_EARLY} AND coalesce(edited, text) NOTNULL AND revoked_at ISNULL"
)
_LATE = (
    "SELECT count(*), (SELECT name FROM history WHERE chat = :chat AND name IS NOT NULL AND NOT from_me"
    " ORDER BY seq DESC LIMIT 1) FROM history WHERE chat = :chat"
)
_WITH_THE_CHAT = ("receipts", "turns", "threads", "usage", "labels", "notes")
_BY_SEQUENCE = ("history", "controls", "set_aside")

_SHORT = 50
"""Milliseconds to wait for readers: messages wait meanwhile."""


def is_erasure(recorded: Recorded) -> bool:
    """True if the chat's events before this one no longer count."""
    return isinstance(recorded.event, Erased) and not recorded.event.done


def up_to_erasures(batch: Sequence[Recorded]) -> Iterator[Sequence[Recorded]]:
    """The batch in parts; each part but the last ends with an event that erases or joins a chat."""
    begin = 0
    for end, recorded in enumerate(batch, 1):
        if is_erasure(recorded) or isinstance(recorded.event, Joined) or end == len(batch):
            yield batch[begin:end]
            begin = end


class Late(msgspec.Struct, frozen=True):
    """The rest of an erased chat: messages that came in after the last event that the decision knew.

    - `messages`: their number.
    - `name`: the person's name in them.
    """

    messages: int
    name: str | None


def forget(  # noqa: PLR0917
    db: sqlite3.Connection,
    chat: int,
    upto: int,
    successor: int,
    account: str,
    rewritten_before: Sequence[str] = (),
) -> Late:
    """Delete every row of the chat numbered `chat` of `account`. Only messages and controls after sequence `upto` stay,
    and belong to the chat `successor` from now on; those in `rewritten_before`, which were edited or deleted before
    they came and before `upto`, as they came.

    SQLite overwrites the rows that it deletes (`secure_delete`), and so does its index of words (the option of that
    name, https://sqlite.org/fts5.html).
    """
    db.execute(_UNFIND, (chat, upto))
    take_out(db, chat, account)
    for table in _WITH_THE_CHAT:
        db.execute(f"DELETE FROM {table} WHERE chat = ?", (chat,))  # noqa: S608 - a constant
    for table in _BY_SEQUENCE:
        db.execute(f"DELETE FROM {table} WHERE chat = ? AND seq <= ?", (chat, upto))  # noqa: S608
        db.execute(f"UPDATE {table} SET chat = ? WHERE chat = ?", (successor, chat))  # noqa: S608
    db.execute("DELETE FROM chats WHERE id = ?", (chat,))
    for id_ in rewritten_before:
        for change in (_UNFIND_EDITED, _AS_IT_CAME, _FIND_AGAIN):
            db.execute(change, (successor, id_))
    return Late(*db.execute(_LATE, {"chat": successor}).fetchone())


def tidy(db: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, which holds pages as they were; False if a reader prevents it."""
    db.execute(f"PRAGMA busy_timeout = {_SHORT}")
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    return not busy
