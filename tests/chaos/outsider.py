"""Somebody with nothing but a NATS client: writes into chats, hears what they are answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from events.jetstream.api import IN_PROCESS
from events.subjects import ChatKey, token

ANA = ChatKey("local", "5511999999999@s.whatsapp.net")
BOB = ChatKey("local", "447700900123@s.whatsapp.net")


class Refused(Exception):
    """The server did not store it."""


class InProcess(Refused):
    """The server has not yet stored an earlier try."""


class Outsider:
    """`replies` is what came on `wa.out.>` while it listened; `patience` are the seconds that it waits for a PubAck."""

    def __init__(self, bus: Client, patience: float) -> None:
        self.bus = bus
        self._patience = patience
        self.replies: list[dict[str, Any]] = []
        self._seqs: dict[str, list[str]] = {}

    async def write(self, key: ChatKey, id_: str, text: str = "hello", *, header: bool = True, **fields: Any) -> int:
        """A message; its sequence in the log. Without the `header` a repeat of the id is stored again."""
        body = json.dumps({"id": id_, "text": text, **fields}).encode()
        headers = {"Nats-Msg-Id": f"in:{key.account}:{key.chat}:{id_}"} if header else None
        return await self.put("in", key, body, headers)

    async def written(self, key: ChatKey, id_: str, text: str = "hello", *, header: bool = True) -> None:
        """`write`, as often as it takes; after an answer that was lost that makes a repeat, as with any gateway."""
        await self._until_stored(lambda: self.write(key, id_, text, header=header))

    async def order(self, key: ChatKey, id_: str, command: str, **fields: Any) -> int:
        """A control."""
        return await self.put("control", key, json.dumps({"id": id_, "command": command, **fields}).encode())

    async def put(self, type_: str, key: ChatKey, body: bytes, headers: dict[str, str] | None = None) -> int:
        """Any bytes on `wa.<type>.<account>.<chat>`."""
        return await self.store(f"wa.{type_}.{token(key.account)}.{token(key.chat)}", body, headers)

    async def store(self, subject: str, body: bytes, headers: dict[str, str] | None = None) -> int:
        """Any bytes on any subject of the stream; where they stand. Raises Refused, nats.errors.Error."""
        answer = json.loads((await self.bus.request(subject, body, timeout=self._patience, headers=headers)).data)
        if "error" in answer:
            refused = InProcess if answer["error"]["err_code"] == IN_PROCESS else Refused
            raise refused(answer["error"]["description"])
        seq: int = answer["seq"]
        return seq

    async def stored(self, type_: str, key: ChatKey, body: bytes, headers: dict[str, str] | None = None) -> int:
        """`put`, as often as it takes while the server is away."""
        return await self._until_stored(lambda: self.put(type_, key, body, headers))

    async def _until_stored(self, attempt: Callable[[], Awaitable[int]]) -> int:
        while True:
            try:
                return await attempt()
            except (nats.errors.Error, OSError, InProcess):
                await asyncio.sleep(0.05)

    async def heard(self, message: Msg) -> None:
        self.replies.append(json.loads(message.data))
        assert message.headers is not None, "the server names the event that it republishes"
        self._seqs.setdefault(self.replies[-1]["id"], []).append(message.headers["Nats-Sequence"])

    def heard_once(self, servers: int) -> None:
        """Every reply was heard once; from a cluster, whose next leader may republish what the one that died has
        republished, every reply came from one event."""
        twice = {id_: seqs for id_, seqs in self._seqs.items() if len(seqs if servers == 1 else set(seqs)) > 1}
        assert not twice, f"replies were heard twice, from the events {twice}"


@asynccontextmanager
async def outsider(url: str, token: str | None = None, *, patience: float = 30.0) -> AsyncIterator[Outsider]:
    """A client on the bus at `url` (several servers: comma-separated), which comes back by itself."""

    async def unheeded(_: Exception) -> None:
        """What cannot be stored, is told by `put`."""

    bus = await nats.connect(
        url.split(","),
        token=token,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.05,
        ping_interval=5,
        error_cb=unheeded,
    )
    try:
        someone = Outsider(bus, patience)
        await bus.subscribe("wa.out.>", cb=someone.heard)
        await bus.flush()
        yield someone
    finally:
        await bus.close()
