"""The tokens that a backend counted, within the bounds of an event."""

from __future__ import annotations

from backends.protocol import Usage
from events.usage import MOST_TOKENS, TokenUsage


def cost_of(usage: Usage, model: str) -> tuple[TokenUsage, str | None]:
    """The tokens, and the model that used them if there are any."""
    tokens = tokens_of(usage)
    return tokens, (model or None) if tokens != TokenUsage() else None


def tokens_of(usage: Usage) -> TokenUsage:
    """The tokens as an event holds them."""
    # A server may send any count: one that an event cannot hold would make the whole reply unreadable.
    read, written = _counted(usage.input_tokens), _counted(usage.output_tokens)
    return TokenUsage.of(read, written, min(_counted(usage.cached_tokens), read), _counted(usage.seconds))


def _counted(tokens: int) -> int:
    return max(0, min(tokens, MOST_TOKENS))
