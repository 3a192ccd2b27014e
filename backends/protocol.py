"""What every writer of replies looks like to the actor that asks for one."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from chat.context import Line

ErrorClass = Literal[
    "rate_limited",
    "quota_exhausted",
    "provider_error",
    "timeout",
    "unreachable",
    "bad_key",
    "unknown_model",
    "context_too_long",
    "refused",
    "malformed_answer",
    "bad_request",
]
"""Why no reply could be had; the `class` of `turn_failed`'s error."""


class ReplyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One turn to be answered.

    `history` is what ended before (oldest first, already cut to the context window), `messages` are exactly the
    messages of `turn_started` in the order they arrived. `patience` is how many seconds the reply may take, retries
    included.
    """

    account: str
    chat: str
    turn: str
    thread: str
    history: tuple[Line, ...]
    messages: tuple[Line, ...]
    patience: float


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The model's words and what they cost. `text` is never empty; `run` is the provider's id of the response."""

    text: str
    model: str
    run: str | None = None
    usage: Usage = Usage()


class ReplyFailed(Exception):
    """No reply could be had within the turn's patience; `detail` is the provider's own message, fit for a log line."""

    def __init__(self, error_class: ErrorClass, detail: str) -> None:
        super().__init__(f"{error_class}: {detail}")
        self.error_class: ErrorClass = error_class
        self.detail = detail


class ReplyBackend(Protocol):
    """Writes the reply to a turn.

    `name` is what events call it (`chat`, `scripted`, …). `reply` raises ReplyFailed and nothing else; it may be
    cancelled at any await and then leaves nothing running.
    """

    @property
    def name(self) -> str: ...

    async def reply(self, request: ReplyRequest) -> Answer: ...

    async def close(self) -> None: ...
