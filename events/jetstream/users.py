"""The KV bucket USERS: the users of the desk, written by compare-and-set, and followed.

A key is the token of a name. A write bears the bucket's expected last sequence, not the key's: whether a user is the
last owner is told by all of them. The layout is that of NATS KV:
https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import structlog

from events.jetstream.api import (
    STREAM_NOT_FOUND,
    ApiRefused,
    StreamInfo,
    call,
    once_led,
    stored_message,
)
from events.jetstream.connection import Bus
from events.jetstream.fitting import make_fitting
from events.jetstream.followed import Follower
from events.jetstream.publisher import Publisher
from events.jetstream.write_once import write_once
from events.log import LogMismatch, LogUnavailable
from events.phrases import Phrase
from events.stores import USERS
from events.subjects import token, untoken
from events.users import LARGEST, Stored, StoredUser, UsersChanged, encoded, removal, stored_in

STREAM = f"KV_{USERS}"
MOST_BYTES, LEAST_BYTES = 4 * 1024**2, 64 * 1024
"""Bytes of the bucket: some thousand users; fewer where the server has less room."""

_PREFIX = f"$KV.{USERS}."
_AT_ONCE = 32

log = structlog.get_logger("recado.users")


class JetStreamUsers:
    """UserBook on the bucket USERS, which an instance makes."""

    def __init__(self, bus: Bus, publisher: Publisher) -> None:
        self._bus = bus
        self._publisher = publisher

    @classmethod
    async def open(cls, bus: Bus, *, replicas: int | None = None) -> JetStreamUsers:
        """With `replicas` the bucket is made if it is missing. Raises LogMismatch, LogUnavailable."""
        if replicas is not None:
            await once_led(bus, lambda: _ensure(bus, replicas))
        return cls(bus, await Publisher.open(bus))

    async def close(self) -> None:
        await self._publisher.close()

    async def look(self) -> Stored:
        try:
            info = await call(self._bus, f"STREAM.INFO.{STREAM}", StreamInfo, {"subjects_filter": f"{_PREFIX}*"})
        except ApiRefused as refused:
            if refused.fault.err_code == STREAM_NOT_FOUND:
                raise LogMismatch(
                    Phrase(
                        "there is no bucket %(users)s on the bus: start an instance of this release, which makes it",
                        users=USERS,
                    )
                ) from None
            raise LogUnavailable(refused.reason) from refused
        free = asyncio.Semaphore(_AT_ONCE)

        async def body(subject: str) -> bytes:
            async with free:
                stored = await stored_message(self._bus, STREAM, {"last_by_subj": subject})
            return stored.raw().body if stored is not None else b""

        subjects = list(info.state.subjects)
        bodies = await asyncio.gather(*map(body, subjects))
        return stored_in(info.state.last_seq, {_name(one): body for one, body in zip(subjects, bodies, strict=True)})

    async def write(self, user: StoredUser, *, expected: int) -> int:
        return await self._put(user.name, encoded(user), {}, expected)

    async def remove(self, name: str, by: str, *, expected: int) -> int:
        return await self._put(name, removal(by), {"KV-Operation": "DEL"}, expected)

    async def follow(self) -> AsyncGenerator[Stored, None]:
        kept: dict[str, bytes] = {}
        async with aclosing(Follower(self._bus, STREAM, f"{_PREFIX}*").portions()) as portions:
            async for portion in portions:
                if portion.is_from_start:
                    kept.clear()
                kept |= {_name(one.subject): one.body for one in portion.messages}
                if portion.is_whole:
                    yield stored_in(portion.last, kept)

    async def _put(self, name: str, body: bytes, headers: dict[str, str], expected: int) -> int:
        headers = headers | {"Nats-Expected-Last-Sequence": str(expected)}
        subject = f"{_PREFIX}{token(name)}"
        ack = await write_once(self._bus, self._publisher, STREAM, subject, body, headers=headers)
        if ack.conflict:
            raise UsersChanged
        return ack.seq


def _name(subject: str) -> str:
    return untoken(subject.removeprefix(_PREFIX))


def _shape(max_bytes: int, replicas: int) -> dict[str, Any]:
    return {
        "name": STREAM,
        "subjects": [f"{_PREFIX}>"],
        "storage": "file",
        "discard": "new",
        "max_msgs_per_subject": 1,
        "max_bytes": max_bytes,
        "max_msg_size": LARGEST + 1024,  # the subject and the headers count too
        "num_replicas": replicas,
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "duplicate_window": 120 * 10**9,
    }


async def _ensure(bus: Bus, replicas: int) -> None:
    """Make the bucket if it is missing; an existing one keeps its size."""
    try:
        await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)
    except ApiRefused as missing:
        if missing.fault.err_code != STREAM_NOT_FOUND:
            raise _unusable(missing) from missing
        try:
            max_bytes = await make_fitting(bus, _shape(MOST_BYTES, replicas), LEAST_BYTES)
        except ApiRefused as refused:
            raise _unusable(refused) from refused
        if max_bytes is not None:
            log.info("users.created", max_bytes=max_bytes)


def _unusable(refused: ApiRefused) -> LogMismatch:
    return LogMismatch(
        Phrase(
            "the bus refuses the bucket %(users)s, which says who may use the page: %(refused)s. The rights that an "
            "instance needs are in deploy/nats/roles.conf",
            users=USERS,
            refused=refused,
        )
    )
