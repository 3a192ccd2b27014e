"""The table `turns`: each turn's messages, owner, times, cost and ending.

The chat's state says when a turn ends: its ending is the decision after which it no longer runs.
"""

from __future__ import annotations

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat.left_open import left_open
from chat.turn import Turn
from events.decisions import Ignored, Reply, RunStarted, TurnAdopted, TurnFailed, TurnStarted
from events.recorded import Recorded
from projections.database import id_list, micros, write_rows
from projections.tables.chat_row import ChatRow, TurnRow

_COLUMNS = ", ".join(f'"{column}"' for column in TurnRow.__struct_fields__)
_LATER = TurnRow.__struct_fields__[TurnRow.__struct_fields__.index("state") :]


def turn_at(db: sqlite3.Connection, chat: int, seq: int) -> TurnRow | None:
    """The turn whose `turn_started` is at `seq`."""
    row = db.execute(f"SELECT {_COLUMNS} FROM turns WHERE chat = ? AND seq = ?", (chat, seq)).fetchone()  # noqa: S608
    return TurnRow(*row) if row is not None else None


class Turns:
    """The turns that a batch changes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._changed: dict[tuple[int, int], TurnRow] = {}

    def fold(self, held: ChatRow, recorded: Recorded, running: Turn | None) -> None:
        """Bring the chat's turn, which was `running` before, up to a decision that the chat's state already has."""
        event, row = recorded.event, held.turn
        why = left_open(running, event) if running is not None else None
        if row is not None and why is not None and row.left_open is None:
            row.left_open = why
            self._changed[row.chat, row.seq] = row
        if isinstance(event, TurnStarted):
            if row is not None and row.state == "running":
                row.state, row.ended, row.ended_at = "replaced", recorded.seq, micros(recorded.at)
                self._changed[row.chat, row.seq] = row
            by = recorded.msg_id.rpartition(":")[0]
            messages, at = id_list(event.messages), micros(recorded.at)
            row = held.turn = TurnRow(
                held.id, recorded.seq, event.turn, at, messages, event.backend, event.cause, "running", by,
                profile=event.profile or None,
            )  # fmt: skip
        elif row is None:
            return
        elif isinstance(event, TurnAdopted) and event.turn == row.id:
            row.by, row.adopted_at = event.by, micros(recorded.at)
            row.adoptions += 1
        elif isinstance(event, RunStarted) and event.turn == row.id:
            row.run, row.attempt = event.run, event.attempt
        elif held.state.turn is None:
            self._end(held, row, recorded)
        else:
            return
        self._changed[row.chat, row.seq] = row

    def _end(self, held: ChatRow, row: TurnRow, recorded: Recorded) -> None:
        held.turn = None
        row.ended, row.ended_at = recorded.seq, micros(recorded.at)
        match recorded.event:
            case Reply(run=run, usage=usage):
                row.state, row.run = "replied", run or row.run
                row.input_tokens, row.output_tokens = usage.input_tokens, usage.output_tokens
            case TurnFailed(error=error, told=told):
                row.state, row.error, row.detail, row.told = "failed", error.class_, error.detail, told
            case Ignored(reason=reason):
                row.state, row.detail = "ignored", reason

    def write(self) -> None:
        """Write the turns that changed."""
        write_rows(
            self._db,
            "INSERT INTO turns",
            [msgspec.structs.astuple(row) for row in self._changed.values()],
            "ON CONFLICT (chat, seq) DO UPDATE SET "
            + ", ".join(f'"{column}" = excluded."{column}"' for column in _LATER),
        )
        self._changed.clear()
