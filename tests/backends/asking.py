"""Turns to be answered, and observers for the tests of failures."""

from __future__ import annotations

from backends.protocol import ReplyRequest
from chat.context import Line


def asked(
    *texts: str | Line, history: tuple[Line, ...] = (), patience: float = 30.0, chat: str = "5511999990001"
) -> ReplyRequest:
    """A turn whose messages are `texts`."""
    return ReplyRequest(
        account="local",
        chat=chat,
        turn="turn-1",
        thread="thread-1",
        history=history,
        messages=tuple(Line("user", text) if isinstance(text, str) else text for text in texts),
        patience=patience,
    )


class Naps:
    """A sleep that is over at once and notes its seconds."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
