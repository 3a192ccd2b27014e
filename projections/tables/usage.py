"""The table `usage`: replies and tokens of each chat, day, backend and model."""

from __future__ import annotations

from pysqlite3 import dbapi2 as sqlite3

from chat.turn import Turn
from events.decisions import Reply
from events.recorded import Recorded
from events.token_usage import TokenUsage
from projections.database import write_rows
from projections.tables.chat_row import ChatRow


class Usage:
    """The replies and tokens that a batch adds."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._added: dict[tuple[int, str, str, str], tuple[int, int, int]] = {}

    def replied(self, held: ChatRow, recorded: Recorded, reply: Reply) -> None:
        """Count an assistant's reply on the day (UTC) of its server stamp."""
        if reply.author == "assistant":
            self._add((held.id, _day(recorded), reply.backend or "", reply.model or ""), 1, reply.usage)

    def ended(self, held: ChatRow, recorded: Recorded, turn: Turn) -> None:
        """Count the cost of a turn that ended without a reply of its own; its model is unknown."""
        if turn.spent != TokenUsage():
            self._add((held.id, _day(recorded), turn.backend, ""), 0, turn.spent)

    def _add(self, key: tuple[int, str, str, str], replies: int, used: TokenUsage) -> None:
        before = self._added.get(key, (0, 0, 0))
        self._added[key] = (before[0] + replies, before[1] + used.input_tokens, before[2] + used.output_tokens)

    def write(self) -> None:
        """Add the sums to the table."""
        write_rows(
            self._db,
            "INSERT INTO usage",
            [key + added for key, added in self._added.items()],
            "ON CONFLICT (chat, day, backend, model) DO UPDATE SET replies = replies + excluded.replies,"
            " input_tokens = input_tokens + excluded.input_tokens,"
            " output_tokens = output_tokens + excluded.output_tokens",
        )
        self._added.clear()


def _day(recorded: Recorded) -> str:
    return recorded.at.date().isoformat()
