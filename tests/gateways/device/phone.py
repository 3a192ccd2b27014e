"""The port to WhatsApp, faked: a phone that shows what it gets, and fails as it is told to."""

from __future__ import annotations

import asyncio
from typing import Any

from neonize.proto.Neonize_pb2 import UploadResponse

from gateways.device.wire import Outgoing, Quote, Receive


class FakePhone:
    """A Link whose messages a test brings."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str | Outgoing, Quote | None]] = []
        self.uploads: list[tuple[str, bytes]] = []
        self.upload_failures: list[Exception] = []
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

    async def upload(self, kind: str, content: bytes) -> UploadResponse:
        if self.upload_failures:
            raise self.upload_failures.pop(0)
        self.uploads.append((kind, content))
        return UploadResponse(url=f"https://mmg.whatsapp.net/{len(self.uploads)}", FileLength=len(content))

    async def send(self, chat: str, said: str | Outgoing, quote: Quote | None) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((chat, said, quote))
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
        return [said for _, said, _ in self.sent if isinstance(said, str)]
