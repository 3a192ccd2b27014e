"""The tables `usage` (replies and tokens of each chat, day, backend and model) and `spending` (tokens by account)."""

from __future__ import annotations

from pysqlite3 import dbapi2 as sqlite3

from chat.spending import UNKNOWN, by_model
from chat.spent import with_last
from chat.turn import Turn
from events.decisions import Reply
from events.recorded import Recorded
from events.usage import TokenUsage
from projections.database import write_rows
from projections.tables.chat_row import ChatRow

_NOTHING = TokenUsage()
_COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "seconds")
_ADDED = ", ".join(f"{count} = {count} + excluded.{count}" for count in _COUNTS)
_OF_CHAT = "SELECT {} FROM usage WHERE usage.chat = :chat AND usage.day = spending.day AND usage.model = spending.model"
_REST = _OF_CHAT.format(", ".join(f"spending.{count} - sum(usage.{count})" for count in _COUNTS))
_TAKE_OUT = (
    f"UPDATE spending SET ({', '.join(_COUNTS)}) = ({_REST})"  # noqa: S608 - constants
    f" WHERE account = :account AND EXISTS ({_OF_CHAT.format('1')})"
)
_NONE_LEFT = f"DELETE FROM spending WHERE account = :account AND {' + '.join(_COUNTS)} = 0"  # noqa: S608 - constants


class Usage:
    """The replies and tokens that a batch adds."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._replies: dict[tuple[int, str, str, str], int] = {}
        self._tokens: dict[tuple[int, str, str, str], TokenUsage] = {}
        self._spending: dict[tuple[str, str, str], TokenUsage] = {}

    def replied(self, held: ChatRow, recorded: Recorded, reply: Reply) -> None:
        """Count a model's reply on the day (UTC) of its server stamp; transcripts count for their own model."""
        if reply.author != "assistant" or reply.turn is None:
            return
        turn = held.state.turn
        used = turn.used if turn is not None and turn.id == reply.turn else ()
        model, backend = reply.model or UNKNOWN, reply.backend or ""
        key = (held.id, _day(recorded), backend, model)
        self._replies[key] = self._replies.get(key, 0) + 1
        self._tokens.setdefault(key, _NOTHING)
        for one in by_model(model, reply.usage, used):
            self._add(held, recorded, backend, one.model, one.usage)

    def ended(self, held: ChatRow, recorded: Recorded, turn: Turn) -> None:
        """Count the cost of a turn that ended without a reply of its own, as far as it is known by model."""
        turn = with_last(turn, recorded.event)
        for one in by_model(UNKNOWN, turn.spent, turn.used):
            self._add(held, recorded, turn.backend, one.model, one.usage)

    def _add(self, held: ChatRow, recorded: Recorded, backend: str, model: str, used: TokenUsage) -> None:
        key = (held.id, _day(recorded), backend, model)
        self._tokens[key] = self._tokens.get(key, _NOTHING) + used
        account = (held.key.account, _day(recorded), model)
        self._spending[account] = self._spending.get(account, _NOTHING) + used

    def write(self) -> None:
        """Add the sums to the tables."""
        write_rows(
            self._db,
            "INSERT INTO usage",
            [(*key, self._replies.get(key, 0), *used.numbers) for key, used in self._tokens.items()],
            f"ON CONFLICT (chat, day, backend, model) DO UPDATE SET replies = replies + excluded.replies, {_ADDED}",
        )
        write_rows(
            self._db,
            "INSERT INTO spending",
            [(*key, *used.numbers) for key, used in self._spending.items()],
            f"ON CONFLICT (account, day, model) DO UPDATE SET {_ADDED}",
        )
        self._replies.clear()
        self._tokens.clear()
        self._spending.clear()


def take_out(db: sqlite3.Connection, chat: int, account: str) -> None:
    """Take the chat that is erased out of its account's sums: its events are no longer in the log."""
    db.execute(_TAKE_OUT, {"chat": chat, "account": account})
    db.execute(_NONE_LEFT, {"account": account})


def _day(recorded: Recorded) -> str:
    return recorded.at.date().isoformat()
