"""The stream PROFILES: every version of every profile under `profile.<name>`.

A write is an atomic batch whose first message bears the stream's expected last sequence: the server stores all of it,
or nothing if any profile was written since. Batches:
https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from secrets import token_hex

import nats.errors
import structlog

from events.jetstream.api import (
    STREAM_NOT_FOUND,
    ApiRefused,
    StoredMessage,
    StreamInfo,
    call,
    stored_message,
)
from events.jetstream.connection import Bus
from events.jetstream.followed import Follower, Portion
from events.jetstream.publisher import PubAck, Publisher
from events.jetstream.said import connection_failed
from events.jetstream.streams import PROFILES
from events.jetstream.write_once import answered
from events.log import LogMismatch, LogUnavailable
from events.phrases import Phrase
from events.profile import InForce, Profile, encoded
from events.profile_log import ProfilesChanged, Stored, Unread, read

_PREFIX = "profile."
_SUBJECTS = "profile.*"

log = structlog.get_logger("recado.profiles")


class JetStreamProfileLog:
    """ProfileLog on the stream PROFILES, which an instance makes with the log."""

    def __init__(self, bus: Bus, publisher: Publisher) -> None:
        self._bus = bus
        self._publisher = publisher

    @classmethod
    async def open(cls, bus: Bus) -> JetStreamProfileLog:
        return cls(bus, await Publisher.open(bus))

    async def close(self) -> None:
        await self._publisher.close()

    async def look(self) -> Stored:
        info = await self._info(_SUBJECTS)
        names = sorted(subject.removeprefix(_PREFIX) for subject in info.state.subjects)
        found = await asyncio.gather(*(self._newest(name) for name in names))
        newest = {profile.name: profile for profile, _ in found if profile is not None}
        return Stored(info.state.last_seq, newest, tuple(one for _, unread in found for one in unread))

    async def write(self, profiles: Sequence[Profile], *, expected: int) -> int:
        if not (await self._info()).config.get("allow_atomic"):
            raise LogMismatch(
                Phrase(
                    "the NATS server is too old for %(profiles)s: profiles need nats-server 2.12 or newer",
                    profiles=PROFILES,
                )
            )
        bodies = [(f"{_PREFIX}{profile.name}", encoded(profile)) for profile in profiles]
        if not bodies:
            return expected
        batches: list[str] = []
        ack = await answered(lambda: self._commit(bodies, batches, expected))
        return await self._stored(bodies[-1][0], batches) if ack.conflict else ack.seq

    async def _commit(self, bodies: Sequence[tuple[str, bytes]], batches: list[str], expected: int) -> PubAck:
        """Send a batch, whose id is added to `batches`. A server takes no repeat of one."""
        batches.append(batch := token_hex(16))
        *before, (last, body) = bodies
        for number, (subject, one) in enumerate(before, 1):
            headers = _headers(batch, number, expected)
            try:
                await self._bus.publish(subject, one, headers=headers)
            except (nats.errors.Error, OSError) as error:
                raise LogUnavailable(connection_failed(error)) from error
        commit = _headers(batch, len(bodies), expected) | {"Nats-Batch-Commit": "1"}
        return await self._publisher.publish(last, body, commit)

    async def _stored(self, last: str, batches: Collection[str]) -> int:
        """The sequence of the message that ended one of these batches, if it is the newest of its subject: the answer
        to that batch was lost, and the one after it was refused. Raises ProfilesChanged."""
        stored = await stored_message(self._bus, PROFILES, {"last_by_subj": last})
        if stored is None or stored.raw().headers.get("Nats-Batch-Id") not in batches:
            raise ProfilesChanged
        return stored.seq

    async def history(self, name: str) -> list[Profile]:
        async with aclosing(self._versions(name)) as versions:
            return [profile async for profile in versions]

    async def version(self, name: str, n: int) -> Profile | None:
        async with aclosing(self._versions(name)) as versions:
            async for profile in versions:
                if profile.n == n:
                    return profile
        return None

    async def follow(self) -> AsyncGenerator[InForce, None]:
        known = _Known()
        async with aclosing(Follower(self._bus, PROFILES, _SUBJECTS).portions()) as portions:
            async for portion in portions:
                known.take(portion)
                if portion.is_whole:
                    yield known.tell()

    async def _info(self, subjects: str = "") -> StreamInfo:
        try:
            return await call(
                self._bus, f"STREAM.INFO.{PROFILES}", StreamInfo, {"subjects_filter": subjects} if subjects else None
            )
        except ApiRefused as refused:
            if refused.fault.err_code == STREAM_NOT_FOUND:
                raise LogMismatch(
                    Phrase(
                        "there is no stream %(profiles)s on the bus: start an instance, which makes it",
                        profiles=PROFILES,
                    )
                ) from None
            raise LogUnavailable(refused.reason) from refused

    async def _newest(self, name: str) -> tuple[Profile | None, list[Unread]]:
        """The newest version that can be read, and the later ones that cannot."""
        stored = await stored_message(self._bus, PROFILES, {"last_by_subj": f"{_PREFIX}{name}"})
        if stored is None:
            return None, []
        found = _read(stored)
        if isinstance(found, Profile):
            return found, []
        older = await self.history(name)
        return older[-1] if older else None, [found]

    async def _versions(self, name: str) -> AsyncGenerator[Profile, None]:
        seq = 1
        while True:
            which = {"seq": seq, "next_by_subj": f"{_PREFIX}{name}"}
            stored = await stored_message(self._bus, PROFILES, which)
            if stored is None:
                return
            found = _read(stored)
            if isinstance(found, Profile):
                yield found
            seq = stored.seq + 1


class _Known:
    """The profiles that a follower has read."""

    def __init__(self) -> None:
        self._newest: dict[str, Profile] = {}
        self._unread: dict[str, list[tuple[int, bytes]]] = {}

    def take(self, portion: Portion) -> None:
        """Take in the messages; those of another stream, as after a restore, replace all that was read."""
        if portion.is_from_start:
            self._newest.clear()
            self._unread.clear()
        for message in portion.messages:
            name = message.subject.removeprefix(_PREFIX)
            self._unread.setdefault(name, []).append((message.seq, message.body))

    def tell(self) -> InForce:
        """The profiles in force after all that was taken in. Of each name only the last version is decoded."""
        for name, bodies in self._unread.items():
            while bodies:
                found = read(name, *bodies.pop())
                if isinstance(found, Profile):
                    self._newest[name] = found
                    break
                then = "the version before it stays in force"
                log.warning("profile.unreadable", name=found.name, seq=found.seq, reason=found.reason, then=then)
        self._unread.clear()
        return InForce(self._newest.values())


def _headers(batch: str, number: int, expected: int) -> dict[str, str]:
    headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
    return headers | {"Nats-Expected-Last-Sequence": str(expected)} if number == 1 else headers


def _read(stored: StoredMessage) -> Profile | Unread:
    raw = stored.raw()
    return read(raw.subject.removeprefix(_PREFIX), raw.seq, raw.body)
