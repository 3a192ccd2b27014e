"""The table `notes`: what users wrote about a chat for each other."""

from __future__ import annotations

from pysqlite3 import dbapi2 as sqlite3

from events.recorded import Recorded
from events.teamwork import Noted
from projections.database import Row, micros, write_rows
from projections.tables.chat_row import ChatRow


class Notes:
    """The notes of a batch."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._new: list[Row] = []

    def noted(self, held: ChatRow, recorded: Recorded, note: Noted) -> None:
        self._new.append((recorded.seq, held.id, note.id, note.text, note.by, micros(recorded.at), note.cause))

    def write(self) -> None:
        """Write the notes."""
        write_rows(self._db, "INSERT INTO notes", self._new)
        self._new.clear()
