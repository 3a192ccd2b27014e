"""The table `threads`: each chat's current thread at its backend, and its former ones."""

from __future__ import annotations

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.decisions import Erased, Reply, Reset, ThreadCreated
from events.recorded import Recorded
from projections.database import micros, write_rows
from projections.tables.chat_row import ChatRow, ThreadRow

_COLUMNS = ", ".join(ThreadRow.__struct_fields__)


def thread_at(db: sqlite3.Connection, chat: int) -> ThreadRow | None:
    """The chat's present thread."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM threads WHERE chat = ? AND ended IS NULL ORDER BY seq DESC LIMIT 1",  # noqa: S608
        (chat,),
    ).fetchone()
    return ThreadRow(*row) if row is not None else None


class Threads:
    """The threads that a batch changes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._changed: dict[tuple[int, int], ThreadRow] = {}

    def fold(self, held: ChatRow, recorded: Recorded) -> None:
        """Bring the chat's present thread up to a decision."""
        event, row = recorded.event, held.thread
        if isinstance(event, ThreadCreated):
            self._end(row, recorded.seq)
            held.thread = ThreadRow(
                held.id, recorded.seq, event.backend, event.thread, event.reason, micros(recorded.at)
            )
            self._changed[held.id, recorded.seq] = held.thread
        elif isinstance(event, Reset | Erased):
            self._end(row, recorded.seq)
            held.thread = None
        elif isinstance(event, Reply) and row is not None and event.thread == row.thread:
            row.messages += len(event.in_reply_to)
            row.replies += 1
            row.input_tokens += event.usage.input_tokens
            row.output_tokens += event.usage.output_tokens
            self._changed[row.chat, row.seq] = row

    def _end(self, row: ThreadRow | None, seq: int) -> None:
        if row is not None:
            row.ended = seq
            self._changed[row.chat, row.seq] = row

    def write(self) -> None:
        """Write the threads that changed."""
        write_rows(
            self._db,
            "INSERT INTO threads",
            [msgspec.structs.astuple(row) for row in self._changed.values()],
            "ON CONFLICT (chat, seq) DO UPDATE SET ended = excluded.ended, messages = excluded.messages,"
            " replies = excluded.replies, input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens",
        )
        self._changed.clear()
