"""The memory of the two bots beside recado: one SQLite table of messages, one commit for each write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS transcript (
    number INTEGER PRIMARY KEY, chat TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL,
    UNIQUE (chat, id)
);
CREATE INDEX IF NOT EXISTS of_chat ON transcript (chat, number);
"""

Entry = tuple[str, str, str, str]
"""Chat, id, role and text of one message."""


class Transcript:
    """The table in the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def add(self, *entries: Entry) -> None:
        """Store messages; those that are stored already do not change."""
        self.add_all(entries)

    def add_all(self, entries: Iterable[Entry]) -> None:
        self._db.executemany("INSERT OR IGNORE INTO transcript (chat, id, role, text) VALUES (?, ?, ?, ?)", entries)
        self._db.commit()

    def last(self, chat: str, limit: int) -> list[dict[str, str]]:
        """The last `limit` messages of a chat in the form of the model's API, the oldest first."""
        query = "SELECT role, text FROM transcript WHERE chat = ? ORDER BY number DESC LIMIT ?"
        rows = self._db.execute(query, (chat, limit)).fetchall()
        return [{"role": role, "content": text} for role, text in reversed(rows)]

    def close(self) -> None:
        self._db.close()
