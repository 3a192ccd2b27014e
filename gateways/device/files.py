"""Fetches the files of messages into the object store, after their messages are in the log.

Only WhatsApp's own message, which the log does not keep, has the keys to load its file. So a file that is being loaded
when the gateway dies is lost, and the turn goes on without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import structlog
from neonize.proto.Neonize_pb2 import Message as MessageEvent

from chat.attachments import LARGEST_READ, MIB
from events.details import Detail
from events.inbound import Message
from events.jetstream.media_store import Object
from events.log import LogUnavailable
from gateways.device.wire import Phone

AT_ONCE = 4
"""Files that are loaded at the same time; memory holds each one whole."""

LARGEST = LARGEST_READ | {"video": 16 * MIB, "sticker": MIB}
"""Bytes, by kind. WhatsApp itself lets people send 2 GB (its blog of 2022-05-05, "Reactions, 2GB File Sharing, 512
Groups"). Files larger than models take are not loaded: each is held in memory. Nothing reads videos or stickers."""

WITHIN = 60.0
"""Seconds; a turn waits 90."""

log = structlog.get_logger("recado.gateway")


class Store(Protocol):
    """The object store; every method raises LogUnavailable."""

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> Object: ...

    async def give_up(self, name: str, reason: str, detail: str) -> None: ...


class Files:
    """Loads files with `phone` and puts them into `store`."""

    def __init__(self, store: Store, phone: Phone) -> None:
        self._store = store
        self._phone = phone
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def fetch(self, event: MessageEvent, message: Message) -> None:
        """Begin to load the file of a message that is in the log."""
        task = asyncio.create_task(self._fetch(event, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _fetch(self, event: MessageEvent, message: Message) -> None:
        assert message.media is not None  # noqa: S101
        name, limit = message.media.object, LARGEST.get(message.kind, MIB)
        about = {"object": name, "kind": message.kind}
        size = message.media.size or 0
        if size > limit:
            await self._give_up(name, "too_large", Detail.LARGER_THAN_TAKEN.said(size=size, limit=limit), about)
            return
        try:
            async with self._slots, asyncio.timeout(WITHIN):
                stored = await self._store.put(name, _whole(await self._phone.load(event)))
        except Exception as error:  # noqa: BLE001 - the device has its own errors; the turn gets the reason
            await self._give_up(name, "not_fetched", f"{type(error).__name__}: {error}", about)
        else:
            log.info("media_fetched", **about, size=stored.size)

    async def _give_up(self, name: str, reason: str, detail: str, about: dict[str, str]) -> None:
        log.warning("media_not_fetched", **about, reason=reason, detail=detail)
        try:
            await self._store.give_up(name, reason, detail)
        except LogUnavailable as failure:
            log.warning("media_not_given_up", **about, reason=str(failure), then="the turn stops waiting by itself")


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
