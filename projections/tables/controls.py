"""The table `controls`: every order about a chat, and the decision on it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.decisions import Ignored, Standing
from events.inbound import Control
from events.recorded import Recorded
from projections.database import id_list, micros, rows_for, write_rows
from projections.tables.chat_row import ChatRow


class ControlRow(msgspec.Struct, gc=False):
    """A row of `controls`."""

    id: str
    chat: int
    seq: int
    at: int
    command: str
    by: str | None
    until: int | None
    text: str | None
    messages: str
    parts: str | None = None
    quote: str | None = None
    to: str | None = None
    add: str | None = None
    remove: str | None = None
    outcome: str | None = None
    outcome_seq: int | None = None
    outcome_at: int | None = None
    reason: str | None = None
    unchanged: bool = False
    repeats: int = 0
    repeat_seq: int | None = None
    repeat_at: int | None = None


_COLUMNS = ", ".join(f'"{column}"' for column in ControlRow.__struct_fields__)


def named_control(recorded: Recorded) -> str | None:
    """The id of the control whose row the event may change."""
    if isinstance(recorded.event, Control):
        return recorded.event.id
    return getattr(recorded.event, "cause", None)


class Controls:
    """The controls that a batch names."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rows: dict[tuple[str, int], ControlRow] = {}
        self._changed: dict[int, ControlRow] = {}

    def load(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Load the known controls among these."""
        for row in rows_for(
            self._db,
            "WITH wanted (id, chat) AS (",
            list(wanted),
            f") SELECT {_COLUMNS} FROM wanted CROSS JOIN controls USING (id, chat)",  # noqa: S608
        ):
            control = ControlRow(*row)
            self._rows[control.id, control.chat] = control

    def is_repeat(self, held: ChatRow, control: Control, recorded: Recorded) -> bool:
        """True if the chat had a control of this id before. If so, it is counted there."""
        row = self._rows.get((control.id, held.id))
        if row is None or row.seq == recorded.seq:
            return False
        row.repeats += 1
        row.repeat_seq, row.repeat_at = recorded.seq, micros(recorded.at)
        self._changed[row.seq] = row
        return True

    def came_in(self, held: ChatRow, recorded: Recorded, control: Control) -> None:
        """Add a control."""
        parts = msgspec.json.encode(control.parts).decode() if control.parts else None
        until = micros(control.until) if control.until is not None else None
        self._changed[recorded.seq] = self._rows[control.id, held.id] = ControlRow(
            control.id, held.id, recorded.seq, micros(recorded.at), control.command, control.by, until, control.text,
            id_list(control.messages), parts, control.quote, control.to,
            id_list(control.add) if control.add else None, id_list(control.remove) if control.remove else None,
        )  # fmt: skip

    def decided(self, held: ChatRow, recorded: Recorded) -> None:
        """Note the decision on the control that it names as its cause."""
        row = self._rows.get((getattr(recorded.event, "cause", None) or "", held.id))
        if row is not None:
            row.outcome, row.outcome_seq, row.outcome_at = recorded.type, recorded.seq, micros(recorded.at)
            row.reason = recorded.event.reason if isinstance(recorded.event, Ignored) else None
            row.unchanged = isinstance(recorded.event, Standing) and recorded.event.unchanged
            self._changed[row.seq] = row

    def write(self) -> None:
        """Write the controls that changed."""
        write_rows(
            self._db,
            "INSERT OR REPLACE INTO controls",
            [msgspec.structs.astuple(row) for row in self._changed.values()],
        )
        self._rows.clear()
        self._changed.clear()
