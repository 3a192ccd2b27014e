"""The port to WhatsApp, faked: a phone that shows what it gets, and fails as it is told to."""

from __future__ import annotations

import asyncio
from typing import Any

from gateways.device.wire import Quote, Receive


class FakePhone:
    """A Link whose messages a test brings."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Quote | None]] = []
        self.marks: list[tuple[str, str]] = []
        self.typed: list[tuple[str, bool]] = []
        self.numbers: dict[str, str] = {}
        self.owner: tuple[str, ...] = ()
        self.files: dict[str, bytes] = {}
        self.failures: list[Exception] = []
        self.hold: asyncio.Event | None = None
        self.receive: Receive | None = None
        self.breaks = asyncio.Event()
        self.breaks_with: Exception = ConnectionError("the phone is gone")

    async def run(self, receive: Receive) -> None:
        self.receive = receive
        await self.breaks.wait()
        raise self.breaks_with

    async def bring(self, event: Any) -> None:
        """As the link brings an event."""
        assert self.receive is not None
        await self.receive(event)

    async def ready(self) -> None:
        pass

    async def send(self, chat: str, text: str, quote: Quote | None) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((chat, text, quote))
        if self.hold is not None:
            await self.hold.wait()
        return f"3EB0OUT{len(self.sent)}"

    async def typing(self, chat: str, *, on: bool) -> None:
        self.typed.append((chat, on))

    async def read(self, chat: str, message: str) -> None:
        self.marks.append((chat, message))

    async def number_of(self, lid: str) -> str | None:
        return self.numbers.get(lid)

    async def own_names(self) -> tuple[str, ...]:
        return self.owner

    async def load(self, event: Any) -> bytes:
        return self.files[event.Info.ID]

    @property
    def texts(self) -> list[str]:
        return [text for _, text, _ in self.sent]
