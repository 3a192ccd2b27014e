"""The library on the bus: bytes in the object store LIBRARY, entries in the KV bucket FILES.

The pieces of a file are written one after the other by compare-and-set under a name that its SHA-256 gives, so an
interrupted addition is gone on with, and two additions of the same file at once write it together. The description
comes last. Nothing is ever overwritten or taken away, so readers need no lock. An entry's key is
`token(account).token(folded(name))`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from secrets import token_hex

import msgspec
import structlog

from events.jetstream.api import STREAM_NOT_FOUND, ApiRefused, StreamInfo, call, once_led, stored_message
from events.jetstream.connection import Bus
from events.jetstream.library_stores import BUCKET, ENTRIES, OBJECTS, STREAM, ensure
from events.jetstream.objects import (
    PIECE,
    ObjectMeta,
    digest_text,
    find_object,
    meta_subject,
    object_name,
    piece_subject,
    read_object,
    read_pieces,
)
from events.jetstream.publisher import PubAck, Publisher
from events.jetstream.write_once import write_once
from events.library import PREFIX, Entry, by_name, check, digest_in, encoded, folded, following, object_of
from events.log import LogFull, LogMismatch, LogUnavailable
from events.phrases import Phrase
from events.subjects import token
from events.vectors import PREFIX as VECTORS

AT_ONCE = 64
"""Entries that are read at the same time."""

_NO_STORE = Phrase(
    "there is no library on the bus: start an instance first, which makes it where the server has room for it (its log "
    "says library.no_room where it has none)"
)
_ENDED = frozenset({"DEL", "PURGE"})

log = structlog.get_logger("recado.library")


class JetStreamLibrary:
    """Library on a bus."""

    def __init__(self, bus: Bus, publisher: Publisher) -> None:
        self._bus = bus
        self._publisher = publisher

    @classmethod
    async def open(cls, bus: Bus, *, log_bytes: int, replicas: int) -> JetStreamLibrary:
        """The library, whose stores are made where they are missing. Raises LogMismatch if the bus refuses.

        - `log_bytes`: the most bytes that the log may hold.
        - `replicas`: the number of servers that keep the stores.
        """
        try:
            await once_led(bus, lambda: ensure(bus, log_bytes, replicas))
        except ApiRefused as refused:
            raise LogMismatch(
                Phrase(
                    "the bus refuses the library (streams %(stream)s and %(entries)s): %(description)s; give "
                    "recado's account room for it and the right to use it: see deploy/nats/roles.conf",
                    stream=STREAM,
                    entries=ENTRIES,
                    description=refused.fault.description,
                )
            ) from refused
        return cls(bus, await Publisher.open(bus))

    @classmethod
    async def join(cls, bus: Bus) -> JetStreamLibrary:
        """The library that an instance has made, or makes; until then nothing is in it."""
        return cls(bus, await Publisher.open(bus))

    async def close(self) -> None:
        await self._publisher.close()

    async def entry(self, account: str, name: str) -> Entry | None:
        return _decoded(key := _key(account, name), (await self._stored(key))[1]) if folded(name) else None

    async def entries(self, account: str) -> list[Entry]:
        keys, found = await self._all(ENTRIES, f"$KV.{BUCKET}.{token(account)}.*"), list[Entry]()
        for first in range(0, len(keys), AT_ONCE):
            some = keys[first : first + AT_ONCE]
            portion = await asyncio.gather(*(self._stored(key) for key in some))
            read = (_decoded(key, body) for key, (_, body) in zip(some, portion, strict=True))
            found += [entry for entry in read if entry is not None]
        return by_name(found)

    async def add(self, account: str, entry: Entry, content: bytes | None = None) -> Entry | None:
        encoded(entry, content)
        if content is not None:
            await self.keep(content)
        key = _key(account, entry.name)
        while True:
            seq, before = await self._stored(key)
            body = following(entry, content, before)
            if not (await self._write(key, body, {"Nats-Expected-Last-Subject-Sequence": str(seq)})).conflict:
                return _decoded(key, before)

    async def remove(self, account: str, name: str) -> bool:
        while folded(name):
            seq, before = await self._stored(key := _key(account, name))
            if not before:
                return False
            ends = {"Nats-Expected-Last-Subject-Sequence": str(seq), "KV-Operation": "DEL"}
            if not (await self._write(key, b"", ends)).conflict:
                return True
        return False

    async def keep(self, content: bytes) -> str:
        check(content)
        object_ = object_of(content)
        digest = object_.rpartition("/")[2]
        if await self._is_whole(digest, len(content)):
            return object_
        nuid, count = digest, -(-len(content) // PIECE)
        if not await self._add_pieces(nuid, content) and await read_pieces(self._bus, OBJECTS, nuid, count) != content:
            # A piece was lost, or another program wrote there.
            log.warning("library.written_again", object=object_)
            await self._add_pieces(nuid := f"{digest}-{token_hex(4)}", content)
        meta = ObjectMeta(
            name=digest,
            bucket=OBJECTS,
            nuid=nuid,
            size=len(content),
            chunks=count,
            digest=digest_text(bytes.fromhex(digest)),
            mtime=datetime.now(UTC).isoformat(),
            options={"max_chunk_size": PIECE},
        )
        await self._write(meta_subject(OBJECTS, digest), msgspec.json.encode(meta), {"Nats-Rollup": "sub"})
        return object_

    async def content(self, object: str) -> bytes | None:  # noqa: A002 - the field's name
        digest = digest_in(object)
        if digest is None:
            return None
        try:
            found = await read_object(self._bus, OBJECTS, digest)
        except LogUnavailable as fault:
            if _is_missing(fault.__cause__):
                return None
            raise
        if found is not None and object_of(found) != object:
            log.warning("library.other_bytes", object=object)
            return None
        return found

    async def objects(self) -> list[str]:
        """Every object that has a description, but vectors; none where there is no library."""
        try:
            subjects = await self._all(STREAM, f"$O.{OBJECTS}.M.*")
        except LogUnavailable as fault:
            if _is_missing(fault.__cause__):
                return []
            raise
        names = [object_name(subject) for subject in subjects]
        return [f"{PREFIX}{name}" for name in names if not name.startswith(VECTORS)]

    async def _is_whole(self, digest: str, size: int) -> bool:
        meta = await find_object(self._bus, OBJECTS, digest)
        if meta is None or (meta.size, meta.digest) != (size, digest_text(bytes.fromhex(digest))):
            return False
        return await self._pieces(piece_subject(OBJECTS, meta.nuid)) >= meta.chunks

    async def _add_pieces(self, nuid: str, content: bytes) -> bool:
        """Add the pieces that are missing; returns whether all of them were."""
        subject = piece_subject(OBJECTS, nuid)
        last, done = 0, 0
        is_alone = True
        while done * PIECE < len(content):
            piece = content[done * PIECE : (done + 1) * PIECE]
            ack = await self._write(subject, piece, {"Nats-Expected-Last-Subject-Sequence": str(last)})
            if ack.conflict:
                is_alone = False
                stored = await stored_message(self._bus, STREAM, {"last_by_subj": subject})
                last = stored.seq if stored is not None else 0
                done = await self._pieces(subject)  # asked last: a later one is a conflict again
            else:
                last, done = ack.seq, done + 1
        return is_alone

    async def _pieces(self, subject: str) -> int:
        return (await self._subjects(STREAM, subject, 0)).state.subjects.get(subject, 0)

    async def _all(self, stream: str, filter_: str) -> list[str]:
        """The subjects of the stream's messages that the filter matches."""
        found: list[str] = []
        while True:
            page = await self._subjects(stream, filter_, len(found))
            found += page.state.subjects
            if not page.state.subjects or len(found) >= page.total:
                return found

    async def _subjects(self, stream: str, filter_: str, offset: int) -> StreamInfo:
        asked = {"subjects_filter": filter_, "offset": offset}
        try:
            return await call(self._bus, f"STREAM.INFO.{stream}", StreamInfo, asked)
        except ApiRefused as refused:
            if _is_missing(refused):
                raise LogUnavailable(_NO_STORE) from refused
            raise LogUnavailable(refused.reason) from refused

    async def _stored(self, key: str) -> tuple[int, bytes]:
        """The entry's sequence, 0 if there was none ever; and its bytes, none if there is none now."""
        try:
            stored = await stored_message(self._bus, ENTRIES, {"last_by_subj": key})
        except LogUnavailable as fault:
            raise LogUnavailable(_NO_STORE) if _is_missing(fault.__cause__) else fault from fault
        if stored is None:
            return 0, b""
        raw = stored.raw()
        return stored.seq, b"" if raw.headers.get("KV-Operation") in _ENDED else raw.body

    async def _write(self, subject: str, body: bytes, headers: dict[str, str]) -> PubAck:
        stream = ENTRIES if subject.startswith("$KV.") else STREAM
        try:
            return await write_once(self._bus, self._publisher, stream, subject, body, headers=headers)
        except LogFull as full:
            raise LogFull(
                Phrase(
                    "the library has no room for it (%(full)s): give it more with the NATS CLI, nats stream edit "
                    "%(stream)s --max-bytes …",
                    full=full,
                    stream=stream,
                )
            ) from full


async def damaged_files(bus: Bus) -> list[str]:
    """The objects of the library whose bytes are not those of their SHA-256. Raises LogUnavailable."""
    library = await JetStreamLibrary.join(bus)
    try:
        return [one for one in await library.objects() if await library.content(one) is None]
    finally:
        await library.close()


def _is_missing(refused: BaseException | None) -> bool:
    return isinstance(refused, ApiRefused) and refused.fault.err_code == STREAM_NOT_FOUND


def _decoded(key: str, body: bytes) -> Entry | None:
    """A stored entry; None if there is none, or this release cannot read it."""
    if not body:
        return None
    try:
        return msgspec.json.decode(body, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("library.unreadable", key=key, reason=str(error))
        return None


def _key(account: str, name: str) -> str:
    return f"$KV.{BUCKET}.{token(account)}.{token(folded(name))}"
