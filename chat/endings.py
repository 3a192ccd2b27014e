"""The endings of a turn: the model's answer, a tool's question, a failure. Pure."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from chat.commands import Answered, Facts
from chat.parts import answered, bounded, reading
from chat.second_model import BACKEND
from chat.sources import with_sources
from chat.state import Chat
from chat.turn import Turn, run_of
from events.decisions import Reply, TurnError, TurnFailed
from events.usage import TokenUsage


def failed(turn: Turn, error_class: str, detail: str, facts: Facts) -> TurnFailed:
    """The failure; the person is told if there are words for it."""
    error = TurnError(class_=error_class, detail=detail)
    return TurnFailed(turn=turn.id, messages=turn.messages, error=error, told=bool(facts.apology), at=facts.at)


def question(turn: Turn) -> Answered:
    """The answer of a turn that ends with a tool's question; its requests are paid for already."""
    wrote = [one.model for one in turn.used if one.usage.output_tokens]  # a model that makes vectors writes nothing
    model = wrote[-1] if wrote else ""
    return Answered(turn.id, "", model, run_of(turn.phase), TokenUsage(), fallback=turn.fallback)


def replied(chat: Chat, turn: Turn, answer: Answered, facts: Facts) -> Reply:
    """The reply: the parts that tools gave, and the answer's text."""
    text = with_sources(answer.text, turn, facts.sources)
    parts = answered(turn.sent, text)
    return Reply(
        id=f"{answer.turn}.r",
        turn=answer.turn,
        chat=facts.key.chat,
        account=facts.key.account,
        text=reading(parts) if parts else text,
        in_reply_to=turn.messages,
        author="assistant",
        at=facts.at,
        backend=BACKEND if answer.fallback else facts.backend,
        model=answer.model or None,
        thread=chat.thread.id if chat.thread and not answer.fallback else None,
        run=answer.run,
        usage=turn.spent + answer.usage,
        cut=answer.cut or UNSET,
        length=answer.length or UNSET,
        fallback=answer.fallback or UNSET,
        profile=turn.profile or UNSET,
        parts=bounded(parts) or UNSET,
        quote=_quoted(turn, facts),
        previews=facts.previews or UNSET,
    )


def _quoted(turn: Turn, facts: Facts) -> str | UnsetType:
    """The message that the answer quotes; empty: none; unset: the gateway sees whether it has to."""
    if turn.quotes:
        return turn.messages[-1]
    return {"always": turn.messages[-1], "never": ""}.get(facts.quote, UNSET)
