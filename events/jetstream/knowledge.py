"""The stream KNOWLEDGE: every version of every document under `kb.<collection>.<document>`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import islice

import msgspec

from events.jetstream.api import STREAM_NOT_FOUND, ApiRefused, StreamInfo, call, stored_message
from events.jetstream.connection import Bus
from events.jetstream.followed import Follower
from events.jetstream.publisher import PubAck, Publisher
from events.jetstream.streams import KNOWLEDGE
from events.jetstream.write_once import write_once
from events.knowledge import Document, Place, Unread, Version, read
from events.knowledge_log import Changes, KnowledgeChanged, Stock
from events.log import LogFull, LogMismatch, LogUnavailable
from events.next_version import first_version, next_version
from events.phrases import Phrase
from events.settled import PREFIX, Outcome, Settled, read_outcome, read_settled
from events.subjects import token

_AT_ONCE = 64
"""Documents that are asked for at once."""


class JetStreamKnowledgeLog:
    """KnowledgeLog on the stream KNOWLEDGE, which an instance makes with the log."""

    def __init__(self, bus: Bus, publisher: Publisher) -> None:
        self._bus = bus
        self._publisher = publisher

    @classmethod
    async def open(cls, bus: Bus) -> JetStreamKnowledgeLog:
        return cls(bus, await Publisher.open(bus))

    async def close(self) -> None:
        await self._publisher.close()

    async def exists(self) -> bool:
        try:
            await self._info()
        except LogMismatch:
            return False
        return True

    async def look(self, collection: str = "") -> Stock:
        while True:
            before, stock = await self._info(), await self._look(collection)
            if (await self._info()).state.last_seq == before.state.last_seq:
                return Stock(before.identity, before.state.last_seq, *stock)

    async def _look(self, collection: str) -> tuple[dict[Place, Version], tuple[Unread, ...]]:
        subjects = await self._subjects(f"kb.{token(collection)}.*" if collection else "kb.*.*")
        newest: dict[Place, Version] = {}
        unread: list[Unread] = []
        waiting = (subject for subject in subjects if not subject.startswith(PREFIX))
        while some := tuple(islice(waiting, _AT_ONCE)):
            for found, older in await asyncio.gather(*(self._newest(subject) for subject in some)):
                unread += [found] if isinstance(found, Unread) else []
                version = found if isinstance(found, Version) else older
                if version is not None:
                    newest[version.place] = version
        return newest, tuple(unread)

    async def write(self, place: Place, document: Document, *, expected: int) -> int:
        before = await stored_message(self._bus, KNOWLEDGE, {"seq": expected}) if expected else None
        if before is None or before.subject != place.subject:  # then the server refuses another number than 0
            body = first_version(place, document)
        else:
            body = next_version(place, document, before.raw().body)
        ack = await self._stored(place.subject, body, expected)
        if ack.conflict:
            raise KnowledgeChanged(place)
        return ack.seq

    async def settled(self) -> list[Settled]:
        subjects = await self._subjects(f"{PREFIX}*")
        return [one for subject in subjects if (one := read_settled(subject)) is not None]

    async def outcome(self, draft: Settled) -> Outcome | None:
        stored = await stored_message(self._bus, KNOWLEDGE, {"last_by_subj": draft.subject})
        return read_outcome(stored.raw().body) if stored is not None else None

    async def settle(self, draft: Settled, outcome: Outcome) -> None:
        await self._stored(draft.subject, msgspec.json.encode(outcome), 0)

    async def _stored(self, subject: str, body: bytes, expected: int) -> PubAck:
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected)}
        try:
            return await write_once(self._bus, self._publisher, KNOWLEDGE, subject, body, headers=headers)
        except LogFull as full:
            reason = str(full).removeprefix("the log is full: ")  # the log itself may have room
            raise LogFull(
                Phrase(
                    "the stream %(knowledge)s has no room for it (%(reason)s): give it more with the NATS CLI, nats "
                    "stream edit %(knowledge2)s --max-bytes …",
                    knowledge=KNOWLEDGE,
                    reason=reason,
                    knowledge2=KNOWLEDGE,
                )
            ) from full

    async def last(self, place: Place) -> Version | None:
        stored = await stored_message(self._bus, KNOWLEDGE, {"last_by_subj": place.subject})
        found = read(stored.subject, stored.seq, stored.raw().body) if stored is not None else None
        return found if isinstance(found, Version) else None

    async def version(self, seq: int) -> Version | None:
        stored = await stored_message(self._bus, KNOWLEDGE, {"seq": seq})
        if stored is None:
            return None
        found = read(stored.subject, stored.seq, stored.raw().body)
        return found if isinstance(found, Version) else None

    async def follow(self, after: int, stream: str | None) -> AsyncGenerator[Changes, None]:
        async with aclosing(Follower(self._bus, KNOWLEDGE, "kb.*.*").portions(after, stream)) as portions:
            async for portion in portions:
                stored = (one for one in portion.messages if not one.subject.startswith(PREFIX))
                versions = tuple(read(one.subject, one.seq, one.body) for one in stored)
                yield Changes(portion.stream, portion.is_from_start, portion.last, versions, portion.is_whole)

    async def _info(self, subject: str = "", offset: int = 0) -> StreamInfo:
        asked = {"subjects_filter": subject, "offset": offset} if subject else None
        try:
            return await call(self._bus, f"STREAM.INFO.{KNOWLEDGE}", StreamInfo, asked)
        except ApiRefused as refused:
            if refused.fault.err_code == STREAM_NOT_FOUND:
                raise LogMismatch(
                    Phrase(
                        "there is no stream %(knowledge)s on the bus: start an instance, which makes it. Where the "
                        "server has no room for it, the instance's log says knowledge.no_room, and what to do",
                        knowledge=KNOWLEDGE,
                    )
                ) from None
            raise LogUnavailable(refused.reason) from refused

    async def _subjects(self, subject: str) -> list[str]:
        """The subjects of the stream that the filter matches."""
        found = list[str]()
        while True:
            info = await self._info(subject, len(found))
            found += info.state.subjects
            if not info.state.subjects or len(found) >= info.total:
                return sorted(found)

    async def _newest(self, subject: str) -> tuple[Version | Unread | None, Version | None]:
        """The last version of a document; if it cannot be read, also the last one that can."""
        stored = await stored_message(self._bus, KNOWLEDGE, {"last_by_subj": subject})
        if stored is None:
            return None, None
        last = read(stored.subject, stored.seq, stored.raw().body)
        older: Version | None = None
        seq = 1 if isinstance(last, Unread) else stored.seq
        while seq < stored.seq:
            before = await stored_message(self._bus, KNOWLEDGE, {"seq": seq, "next_by_subj": subject})
            if before is None or before.seq >= stored.seq:
                break
            found = read(before.subject, before.seq, before.raw().body)
            older = found if isinstance(found, Version) else older
            seq = before.seq + 1
        return last, older
