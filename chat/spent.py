"""The cost of a chat's day in tokens, folded from the ends of its turns."""

from __future__ import annotations

from msgspec.structs import replace

from chat.spending import UNKNOWN, by_model, with_used
from chat.state import Chat, Spent
from chat.turn import Turn
from events.decisions import Reply, TurnFailed
from events.recorded import Recorded
from events.usage import TokenUsage


def with_last(turn: Turn, event: object) -> Turn:
    """The turn that ends by `event`, with the cost of requests that this event tells."""
    if not isinstance(event, TurnFailed) or event.turn != turn.id:
        return turn
    return replace(turn, spent=turn.spent + event.usage, used=with_used(turn.used, event.model or UNKNOWN, event.usage))


def spent_after(before: Chat, after: Chat, recorded: Recorded) -> Spent | None:
    """The cost of the day with a turn that is over: the usage of its reply, else that of its finished requests."""
    event, turn, usage, model = recorded.event, before.turn, TokenUsage(), ""
    if isinstance(event, Reply):
        usage, model = event.usage, event.model or ""
    if turn is not None and (after.turn is None or after.turn.id != turn.id) and usage == TokenUsage():
        turn = with_last(turn, event)
        usage = turn.spent
    if usage == TokenUsage():
        return after.spent
    day = recorded.at.date().isoformat()
    spent = after.spent if after.spent is not None and after.spent.day == day else Spent(day, 0)
    used = spent.used
    if turn is None or not turn.used:
        used = with_used(used, model, usage)
    else:
        for one in by_model(model, usage, turn.used):
            used = with_used(used, one.model, one.usage)
    return Spent(day, spent.tokens + usage.input_tokens + usage.output_tokens, used)
