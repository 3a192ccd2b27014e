"""The tokens that a chat has cost today."""

from __future__ import annotations

from chat.state import Chat, Spent
from events.decisions import Reply
from events.recorded import Recorded
from events.token_usage import TokenUsage


def spent_after(before: Chat, after: Chat, recorded: Recorded) -> Spent | None:
    """The cost of the day with a turn that is over: the usage of its reply, else that of its finished requests."""
    event, turn, usage = recorded.event, before.turn, TokenUsage()
    if isinstance(event, Reply):
        usage = event.usage
    if turn is not None and (after.turn is None or after.turn.id != turn.id) and usage == TokenUsage():
        usage = turn.spent
    tokens = usage.input_tokens + usage.output_tokens
    if not tokens:
        return after.spent
    day = recorded.at.date().isoformat()
    return Spent(day, tokens + (after.spent.tokens if after.spent is not None and after.spent.day == day else 0))
