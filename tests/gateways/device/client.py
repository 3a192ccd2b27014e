"""neonize's own client, but for its connection: what it is told and what it answers is a test's."""

from __future__ import annotations

import asyncio
from typing import Any

import neonize.aioze.events as hook
from neonize.aioze.client import NewAClient
from neonize.exc import NeonizeError, SendMessageError
from neonize.proto.Neonize_pb2 import Device, SendResponse, UploadResponse

from gateways.device.pairing import Pairing
from gateways.device.session import Session
from tests.gateways.device.events import jid


class Client(NewAClient):  # type: ignore[misc]
    """Connected as soon as it is made; `ends` ends its loop of events."""

    def __init__(self, name: str, uuid: str) -> None:
        super().__init__(name, uuid=uuid)
        self.ends: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopped = False
        self.sent: list[tuple[Any, Any]] = []
        self.refuses: str | None = None
        self.code: str | None = "ABCD-1234"
        self.owner: Device | None = None

    async def connect(self, proxy_settings: Any = None) -> asyncio.Task[None]:
        hook.event_global_loop = asyncio.get_running_loop()  # neonize sets it once for a process, a test has its own
        return asyncio.create_task(self._loop())

    async def _loop(self) -> None:
        await self.ends

    async def stop(self) -> None:
        self.stopped = True
        if not self.ends.done():
            self.ends.set_result(None)

    async def send_presence(self, presence: Any) -> None:
        pass

    async def send_message(self, to: Any, message: Any, *_: Any, **__: Any) -> Any:
        if self.refuses is not None:
            raise SendMessageError(self.refuses)
        self.sent.append((to, message))
        return SendResponse(ID="3EB0OUT1")

    async def upload(self, binary: bytes, media_type: Any = None) -> UploadResponse:
        return UploadResponse(url="https://mmg.whatsapp.net/1", DirectPath=media_type.name, FileLength=len(binary))

    async def get_pn_from_lid(self, lid: Any) -> Any:
        return jid("12025550143@s.whatsapp.net") if lid.User == "90071992547409" else jid("@s.whatsapp.net")

    async def get_me(self) -> Device:
        if self.owner is None:
            raise NeonizeError("not logged in")
        return self.owner

    async def PairPhone(self, phone: str, *_: Any) -> str:  # noqa: N802 - neonize's name
        if self.code is None:
            raise NeonizeError("429: rate-overlimit")
        return self.code


class Made:
    """Every client that a session made, and what was shown to the owner."""

    def __init__(self, data_dir: Any, *, phone: str | None = None, within: float = 30.0) -> None:
        self.clients: list[Client] = []
        self.shown: list[str] = []
        self.received: list[Any] = []
        pairing = Pairing(self.shown.append, phone, within=within)
        self.session = Session(data_dir / "device.db", pairing, client=self._make)

    async def receive(self, event: Any) -> None:
        self.received.append(event)

    def _make(self, name: str, uuid: str) -> Client:
        self.clients.append(Client(name, uuid))
        return self.clients[-1]
