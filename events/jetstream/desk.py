"""The KV bucket DESK on the bus: `seen.<chat>` and `open.<chat>.<user>`, both hashes. It may be lost at any time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
import structlog

from events.desk import KEPT_DAYS, LOOKS_LAST, MOST_BYTES, Change, Look, Portion, Seen, name_of, user_of
from events.jetstream.api import (
    STREAM_NOT_FOUND,
    ApiRefused,
    StreamInfo,
    call,
    erase_message,
    once_led,
    stored_message,
)
from events.jetstream.connection import Bus
from events.jetstream.fitting import make_fitting
from events.jetstream.followed import Follower, Stored
from events.jetstream.publisher import Publisher
from events.log import LogError
from events.subjects import ChatKey

BUCKET = "DESK"
STREAM = f"KV_{BUCKET}"

_PREFIX = f"$KV.{BUCKET}."
_FEWEST_BYTES = 256 * 1024
_LARGEST_ENTRY = 2048

log = structlog.get_logger("recado.desk")


class DeskBucket:
    """DeskMarks on the bus. `replicas`: servers that keep the bucket, if it has to be made."""

    def __init__(self, bus: Bus, publisher: Publisher, replicas: int = 1) -> None:
        self._bus = bus
        self._publisher = publisher
        self._replicas = replicas

    @classmethod
    async def open(cls, bus: Bus, *, replicas: int = 1) -> DeskBucket:
        """The bucket, which is made if it is missing. A server that refuses it is served without."""
        self = cls(bus, await Publisher.open(bus), replicas)
        try:
            await once_led(bus, self._ensure)
        except LogError as error:
            help_ = "may this instance make the bucket DESK? See deploy/nats/roles.conf"
            log.warning("desk.no_bucket", reason=str(error), then="pages show chats as unread", help=help_)
        return self

    async def close(self) -> None:
        await self._publisher.close()

    async def see(self, key: ChatKey, seen: Seen) -> None:
        await self._publisher.publish(_seen(key), msgspec.json.encode(seen), {})

    async def look(self, key: ChatKey, look: Look) -> None:
        await self._publisher.publish(_open(key, look.by), msgspec.json.encode(look), {"Nats-TTL": f"{LOOKS_LAST}s"})

    async def leave(self, key: ChatKey, by: str) -> None:
        await self._publisher.publish(_open(key, by), b"", {"KV-Operation": "DEL", "Nats-TTL": f"{LOOKS_LAST}s"})

    async def forget(self, key: ChatKey) -> None:
        try:
            stored = await stored_message(self._bus, STREAM, {"last_by_subj": _seen(key)})
        except LogError as error:
            if isinstance(error.__cause__, ApiRefused) and error.__cause__.fault.err_code == STREAM_NOT_FOUND:
                return
            raise
        if stored is None:
            return
        await erase_message(self._bus, STREAM, stored.seq)
        mark = await self._publisher.publish(_seen(key), b"", {"KV-Operation": "DEL"})
        await erase_message(self._bus, STREAM, mark.seq)

    async def follow(self) -> AsyncGenerator[Portion, None]:
        async with aclosing(Follower(self._bus, STREAM, f"{_PREFIX}>").portions()) as portions:
            async for portion in portions:
                changes = (_change(stored) for stored in portion.messages)
                yield Portion(tuple(one for one in changes if one is not None), portion.is_from_start)

    async def _ensure(self) -> None:
        try:
            await call(self._bus, f"STREAM.INFO.{STREAM}", StreamInfo)
        except ApiRefused as refused:
            if refused.fault.err_code != STREAM_NOT_FOUND:
                raise
            await make_fitting(self._bus, shape(self._replicas, MOST_BYTES), _FEWEST_BYTES)


def shape(replicas: int, room: int) -> dict[str, Any]:
    """The bucket's configuration. Entries beyond its size or age go by themselves."""
    return {
        "name": STREAM,
        "subjects": [f"{_PREFIX}>"],
        "storage": "file",
        "max_msgs_per_subject": 1,
        "max_bytes": room,
        "max_age": KEPT_DAYS * 24 * 3600 * 10**9,
        "max_msg_size": _LARGEST_ENTRY,
        "num_replicas": replicas,
        "discard": "old",
        "allow_direct": True,
        "allow_rollup_hdrs": True,
        "allow_msg_ttl": True,
        "deny_delete": False,
        "duplicate_window": 120 * 10**9,
    }


def _seen(key: ChatKey) -> str:
    return f"{_PREFIX}seen.{name_of(key)}"


def _open(key: ChatKey, by: str) -> str:
    return f"{_PREFIX}open.{name_of(key)}.{user_of(by)}"


def _change(stored: Stored) -> Change | None:
    """The entry; None for one that recado does not write, which shows nothing."""
    kind, *names = stored.subject.removeprefix(_PREFIX).split(".")
    try:
        match kind, names:
            case "seen", [name]:
                return Change(name, "", msgspec.json.decode(stored.body, type=Seen) if stored.body else None)
            case "open", [name, user]:
                return Change(name, user, msgspec.json.decode(stored.body, type=Look) if stored.body else None)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return None
