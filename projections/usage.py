"""The table `usage`: replies and tokens of each account, day and model."""

from __future__ import annotations

from pysqlite3 import dbapi2 as sqlite3

from events.decisions import Reply
from events.recorded import Recorded
from projections.database import write_rows


class Usage:
    """What a batch adds."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._added: dict[tuple[str, str, str], tuple[int, int, int]] = {}

    def fold(self, recorded: Recorded, reply: Reply) -> None:
        """Count an assistant's reply on the day (UTC) of its server stamp."""
        if reply.author != "assistant":
            return
        day = recorded.at.date().isoformat()
        key = (recorded.key.account, day, reply.model or "")
        replies, input_tokens, output_tokens = self._added.get(key, (0, 0, 0))
        used = reply.usage
        self._added[key] = (replies + 1, input_tokens + used.input_tokens, output_tokens + used.output_tokens)

    def write(self) -> None:
        """Add what the batch used."""
        write_rows(
            self._db,
            "INSERT INTO usage",
            [key + added for key, added in self._added.items()],
            "ON CONFLICT (account, day, model) DO UPDATE SET replies = replies + excluded.replies,"
            " input_tokens = input_tokens + excluded.input_tokens,"
            " output_tokens = output_tokens + excluded.output_tokens",
        )
        self._added.clear()
