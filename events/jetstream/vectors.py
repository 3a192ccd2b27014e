"""The vectors of documents' pieces in the object store LIBRARY: see events/vectors.py.

The description of a portion is one message, written by compare-and-set. While it is claimed, or has ended, it says
`deleted`, so that other readers of the store see no object. Its bytes have a name of their own at each writing, and are
rolled up to nothing when no description names them any more: that needs no right to purge. A crash between both leaves
bytes without a description, which `sweep` finds.

The tokens of a day and a model are a description without bytes, added to by compare-and-set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import TypeVar

import msgspec
import structlog

from events.jetstream.api import ApiRefused, StoredMessage, StreamInfo, call, stored_message
from events.jetstream.connection import Bus
from events.jetstream.library_stores import OBJECTS, STREAM
from events.jetstream.objects import (
    PIECE,
    ObjectMeta,
    digest_text,
    meta_subject,
    object_name,
    piece_subject,
    read_object,
)
from events.jetstream.publisher import Publisher
from events.jetstream.write_once import write_once
from events.kept_fields import keep
from events.log import LogFull, LogUnavailable
from events.phrases import Phrase
from events.vectors import CLAIM, KEPT, LEFT, PREFIX, TOKENS, Counted, Vectors, decoded, encoded, name_of_tokens

_CLAIMED = "claimed"

MOST_SWEPT = 1_000
"""Portions whose bytes are cleared at a time."""

SWEPT_EVERY = 3_600.0
"""Seconds between two sweeps: each looks at every portion."""

MOST_TRIES = 10
"""Tries to add tokens, while other instances add theirs."""

MOST_ADDED = 32
"""Additions that are remembered, so that one whose answer was lost is not made twice."""

_FOR_FILES = 4
"""A quarter of the store is left to files."""

log = structlog.get_logger("recado.knowledge")


class _Added(Counted, frozen=True):
    """The tokens as they are stored.

    - `by`: the newest additions, by random ids.
    """

    by: tuple[str, ...] = ()


_Tokens = TypeVar("_Tokens", bound=Counted)


class JetStreamVectors:
    """SharedVectors on a bus. Ages are those of the server's times of writing, by this machine's clock."""

    def __init__(self, bus: Bus, publisher: Publisher) -> None:
        self._bus = bus
        self._publisher = publisher
        self._ended: set[str] = set()
        self._empty_ones: set[str] = set()
        self._sweeps_at = 0.0

    @classmethod
    async def open(cls, bus: Bus) -> JetStreamVectors:
        return cls(bus, await Publisher.open(bus))

    async def close(self) -> None:
        await self._publisher.close()

    async def of(self, name: str) -> Vectors | None:
        body = await read_object(self._bus, OBJECTS, name)
        return decoded(body) if body is not None else None

    async def claim(self, name: str) -> int | None:
        stored = await self._described(name)
        if stored is not None:
            meta = _read(stored)
            if meta is not None and meta.description == _CLAIMED and _age(stored) < CLAIM:
                return None
            if meta is not None and not meta.deleted:
                if await self.of(name) is not None:
                    return None
                log.warning("vectors_made_again", object=name, reason="they are no longer whole")
        await self._check_room()
        return await self._describe(_without_bytes(name, _CLAIMED), stored.seq if stored is not None else 0)

    async def keep(self, name: str, claim: int, vectors: Vectors) -> None:
        body = encoded(vectors)
        nuid = f"{name}-{token_hex(4)}"
        pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)]
        for piece in pieces:
            await self._publisher.publish(piece_subject(OBJECTS, nuid), piece, {})
        meta = ObjectMeta(
            name=name,
            bucket=OBJECTS,
            nuid=nuid,
            size=len(body),
            chunks=len(pieces),
            digest=digest_text(sha256(body).digest()),
            mtime=datetime.now(UTC).isoformat(),
            options={"max_chunk_size": PIECE},
        )
        if await self._describe(meta, claim) is None:
            await self._empty(nuid)

    async def sweep(self) -> int:
        now = asyncio.get_running_loop().time()
        if now < self._sweeps_at:
            return 0
        self._sweeps_at = now + SWEPT_EVERY
        info, names = await self._subjects(f"$O.{OBJECTS}.C.*")
        left = 0
        for nuid in [subject.rpartition(".")[2] for subject in names]:
            if left == MOST_SWEPT:
                break
            if nuid in self._empty_ones or not nuid.startswith(PREFIX):
                continue
            # First the description, which is small: the answer about a piece has the piece itself.
            described = await self._described(nuid.rpartition("-")[0])
            meta = _read(described) if described is not None else None
            if described is not None and (meta is None or meta.nuid == nuid):
                continue
            last = await stored_message(self._bus, STREAM, {"last_by_subj": piece_subject(OBJECTS, nuid)})
            if last is None or (info.ts - last.time) / timedelta(seconds=1) < LEFT:
                continue
            if not last.data:
                self._empty_ones.add(nuid)
                continue
            # Not if a piece came in the meantime.
            if await self._roll_up(nuid, {"Nats-Expected-Last-Subject-Sequence": str(last.seq)}):
                left += 1
        return left

    async def count(self, model: str, tokens: int) -> None:
        day = (await self._info({})).ts.date().isoformat()
        name, mine = name_of_tokens(day, model), token_hex(8)
        for _ in range(MOST_TRIES):
            stored = await self._described(name)
            there = _read(stored) if stored is not None else None
            before = _tokens(there, _Added)
            if before is None:
                before = _Added(day, model, 0)
            if mine in before.by:  # the answer was lost, and another instance has added its tokens since
                return
            meta = _without_bytes(name, "tokens")
            after = _Added(day, model, before.tokens + tokens, (*before.by, mine)[-MOST_ADDED:])
            meta.options = msgspec.to_builtins(after)
            if there is not None:
                keep(meta.options, there.options, _Added)
            if await self._describe(meta, stored.seq if stored is not None else 0) is not None:
                return
        raise LogUnavailable(Phrase("other instances count tokens at the same time"))

    async def counted(self, since: str = "") -> list[Counted]:
        found: list[Counted] = []
        for name in await self._names():
            if name.startswith(TOKENS) and name >= f"{TOKENS}{since}":
                stored = await self._described(name)
                tokens = _tokens(_read(stored), Counted) if stored is not None else None
                found += [tokens] if tokens is not None else []
        return sorted(found, key=lambda one: (one.day, one.model))

    async def tidy(self, kept: Collection[str]) -> int:
        ended = 0
        for name in await self._names():
            if name in kept or name in self._ended or name.startswith(TOKENS):
                continue
            stored = await self._described(name)
            if stored is None or _age(stored) < KEPT:
                continue
            meta = _read(stored)
            if meta is None or not meta.deleted:
                if await self._describe(_without_bytes(name, "ended"), stored.seq) is None:
                    continue
                if meta is not None:
                    await self._empty(meta.nuid)
                ended += 1
            self._ended.add(name)
        return ended

    async def _check_room(self) -> None:
        info = await self._info({})
        most = int(info.config.get("max_bytes", -1))
        if 0 < most < info.state.bytes * _FOR_FILES / (_FOR_FILES - 1):
            raise LogFull(
                Phrase("the rest of %(stream)s, a quarter, is for files: give it more with the NATS CLI", stream=STREAM)
            )

    async def _info(self, asked: dict[str, object]) -> StreamInfo:
        try:
            return await call(self._bus, f"STREAM.INFO.{STREAM}", StreamInfo, asked)
        except ApiRefused as refused:
            raise LogUnavailable(refused.reason) from refused

    async def _names(self) -> list[str]:
        _, subjects = await self._subjects(f"$O.{OBJECTS}.M.*")
        return [name for one in subjects if (name := object_name(one)).startswith(PREFIX)]

    async def _subjects(self, filter_: str) -> tuple[StreamInfo, list[str]]:
        """The subjects that the filter matches, and the stream."""
        found: list[str] = []
        while True:
            page = await self._info({"subjects_filter": filter_, "offset": len(found)})
            found += page.state.subjects
            if not page.state.subjects or len(found) >= page.total:
                return page, found

    async def _described(self, name: str) -> StoredMessage | None:
        return await stored_message(self._bus, STREAM, {"last_by_subj": meta_subject(OBJECTS, name)})

    async def _describe(self, meta: ObjectMeta, expected: int) -> int | None:
        """The sequence of the description; None, and nothing is written, if another one came after `expected`."""
        headers = {"Nats-Rollup": "sub", "Nats-Expected-Last-Subject-Sequence": str(expected)}
        subject, body = meta_subject(OBJECTS, meta.name), msgspec.json.encode(meta)
        ack = await write_once(self._bus, self._publisher, STREAM, subject, body, headers=headers)
        return None if ack.conflict else ack.seq

    async def _empty(self, nuid: str) -> None:
        await self._roll_up(nuid, {})

    async def _roll_up(self, nuid: str, only_if: dict[str, str]) -> bool:
        ack = await self._publisher.publish(piece_subject(OBJECTS, nuid), b"", {"Nats-Rollup": "sub"} | only_if)
        return not ack.conflict


def _read(stored: StoredMessage) -> ObjectMeta | None:
    try:
        return msgspec.json.decode(stored.raw().body, type=ObjectMeta)
    except msgspec.DecodeError:
        return None


def _tokens(meta: ObjectMeta | None, shape: type[_Tokens]) -> _Tokens | None:
    """The tokens in a description; None: another program wrote it."""
    try:
        return msgspec.convert(meta.options, shape) if meta is not None else None
    except msgspec.ValidationError:
        return None


def _without_bytes(name: str, why: str) -> ObjectMeta:
    return ObjectMeta(name=name, bucket=OBJECTS, nuid="", size=0, chunks=0, description=why, deleted=True)


def _age(stored: StoredMessage) -> float:
    return (datetime.now(UTC) - stored.time) / timedelta(seconds=1)
