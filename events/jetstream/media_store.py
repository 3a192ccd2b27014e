"""The object store for files that came with messages: the JetStream bucket MEDIA."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import nats.errors
import nats.js.errors
import structlog

from events.jetstream.api import (
    CONFLICT,
    STREAM_NOT_FOUND,
    ApiRefused,
    Done,
    StreamInfo,
    call,
    erase_message,
    once_led,
    once_made,
    stored_message,
)
from events.jetstream.connection import Bus
from events.jetstream.fitting import make_fitting
from events.jetstream.objects import (
    PIECE,
    ObjectMeta,
    digest_text,
    find_description,
    find_object,
    meta_subject,
    read_object,
)
from events.jetstream.said import said
from events.jetstream.write_once import TRIES, answered
from events.log import LogMismatch, LogUnavailable
from events.phrases import Phrase

BUCKET = "MEDIA"
STREAM = f"OBJ_{BUCKET}"

COMES_LATER = "meta:"
"""The beginning of an object's name if its gateway stores it after the message is in the log. Any other object is
stored before its message."""

SENT = "sent:"
"""The beginning of the name of a file that is sent to one chat alone."""

SHARE = 8
"""The bucket may hold an eighth of the log's size, and at least LEAST. When it is full, the server drops the oldest
pieces."""

LEAST = 128 * 1024**2

_FAULTS = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)
_NOT_FETCHED = "not fetched: "

log = structlog.get_logger("recado.media")


class _Taken(Exception):
    """Another one has stored an object under this name."""


class Object(msgspec.Struct, frozen=True):
    """An object in the bucket.

    - `size`: in bytes.
    - `reason`: the word for the reason if the file could not be fetched; None: the object is there.
    - `detail`: more about the reason.
    """

    size: int
    reason: str | None = None
    detail: str = ""


class Fullness(msgspec.Struct, frozen=True):
    """Bytes in the bucket, and the most it may hold; 0: no limit."""

    size: int
    limit: int


class MediaStore:
    """The bucket on a bus. Every method raises LogUnavailable if the bus does not answer."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._js = bus.jetstream(prefix=bus.api_prefix, timeout=5.0)

    @classmethod
    async def open(cls, bus: Bus, *, kept: timedelta, log_bytes: int, replicas: int) -> MediaStore:
        """The bucket, made if it is missing; an existing one changes only the time for which it keeps objects.

        - `kept`: that time.
        - `log_bytes`: the most bytes that the log may hold.
        - `replicas`: the number of servers that keep the bucket.

        Raises LogMismatch if the bus refuses.
        """
        wanted = _config(kept, max(LEAST, log_bytes // SHARE), replicas)
        try:
            await once_led(bus, lambda: _ensure(bus, wanted))
        except ApiRefused as refused:
            raise LogMismatch(
                Phrase(
                    "the bus refuses the object store %(bucket)s (stream %(stream)s): %(description)s; give recado's "
                    "account room for it and the right to use it",
                    bucket=BUCKET,
                    stream=STREAM,
                    description=refused.fault.description,
                )
            ) from refused
        return cls(bus)

    @classmethod
    async def join(cls, bus: Bus) -> MediaStore:
        """The bucket that an instance has made. Raises LogMismatch if there is none."""
        try:
            info = await once_made(bus, STREAM)
        except ApiRefused as refused:
            raise LogMismatch(
                Phrase(
                    "the bus refuses to show the object store %(bucket)s: %(refused)s", bucket=BUCKET, refused=refused
                )
            ) from refused
        if info is None:
            raise LogMismatch(
                Phrase(
                    "there is no object store %(bucket)s on the bus: start an instance first, which makes it",
                    bucket=BUCKET,
                )
            )
        return cls(bus)

    async def put(
        self, name: str, pieces: AsyncIterator[bytes], *, description: str = "", once: bool = False
    ) -> Object:
        """Store an object. If `pieces` or the bus fail, there is none of it, or all. `once`: one that is there already
        stays as it is, and is returned; so is a whole one that another instance stores at the same moment."""
        if once and (there := await self._meta(name)) is not None:
            return Object(there.size)
        nuid = secrets.token_hex(11)
        subject = f"$O.{BUCKET}.C.{nuid}"
        digest, size, count = sha256(), 0, 0
        try:
            async for piece in _cut(pieces):
                await self._publish(subject, piece)
                digest.update(piece)
                size, count = size + len(piece), count + 1
        except BaseException:
            await self._purge(subject)
            raise
        described = ObjectMeta(
            name=name,
            bucket=BUCKET,
            nuid=nuid,
            size=size,
            chunks=count,
            digest=digest_text(digest.digest()),
            mtime=datetime.now(UTC).isoformat(),
            description=description,
            options={"max_chunk_size": PIECE},
        )
        return await self._describe(described, once=once)

    async def _describe(self, ours: ObjectMeta, *, once: bool) -> Object:
        """Store the description of pieces that are stored. If another object takes the place, its pieces go."""
        pieces, name = f"$O.{BUCKET}.C.{ours.nuid}", ours.name
        for _ in range(TRIES):
            try:
                seq, before = await find_description(self._bus, BUCKET, name)
            except BaseException:
                await self._purge(pieces)
                raise
            if once and before is not None:
                await self._purge(pieces)
                return Object(before.size)
            # After any fault but a conflict the description may be stored, so its pieces stay until they expire.
            is_ours = await self._follows(ours, seq)
            there = None if is_ours else await self._meta(name)
            if is_ours or (there is not None and there.nuid == ours.nuid):  # the answer to an earlier try was lost
                if before is not None:
                    await self._purge(f"$O.{BUCKET}.C.{before.nuid}")
                return Object(ours.size)
            if there is not None and await self._serves(there, ours):  # another instance's, of the same moment
                await self._purge(pieces)
                return Object(there.size)
        await self._purge(pieces)
        raise LogUnavailable(Phrase("other instances store an object under this name at the same time"))

    async def _follows(self, meta: ObjectMeta, seq: int) -> bool:
        """True if the description was stored after the one at `seq`, and none in between."""
        how = {"Nats-Rollup": "sub", "Nats-Expected-Last-Subject-Sequence": str(seq)}
        try:
            await answered(lambda: self._publish(_subject(meta.name), msgspec.json.encode(meta), how))
        except _Taken:
            return False
        return True

    async def _serves(self, there: ObjectMeta, ours: ObjectMeta) -> bool:
        """True if an object does as well as ours: a whole file, or any if ours only says why there is no file."""
        if ours.description.startswith(_NOT_FETCHED):
            return True
        return not there.description.startswith(_NOT_FETCHED) and await self.read(there.name) is not None

    async def keep(self, content: bytes, name: str | None = None) -> str:
        """Store a file that is sent to one chat alone; returns the `object` of its part. It goes when its time is over,
        or with the chat. Under the same `name` it is stored once; None: under a name of its own."""

        async def whole() -> AsyncIterator[bytes]:
            yield content

        named = f"{SENT}{name or secrets.token_hex(16)}"
        await self.put(named, whole(), once=True)
        return f"{BUCKET}/{named}"

    async def give_up(self, name: str, reason: str, detail: str) -> None:
        """Note under `name` that there will be no object, with the reason."""
        await self.put(name, _nothing(), description=f"{_NOT_FETCHED}{reason}: {detail}")

    async def find(self, name: str) -> Object | None:
        """The object under `name`; None if there is none, yet or any more."""
        meta = await self._meta(name)
        if meta is None:
            return None
        if not meta.description.startswith(_NOT_FETCHED):
            return Object(meta.size)
        reason, _, detail = meta.description.removeprefix(_NOT_FETCHED).partition(": ")
        return Object(0, reason, detail)

    async def read(self, name: str) -> bytes | None:
        """The object's bytes; None if it is not there, or no longer whole."""
        return await read_object(self._bus, BUCKET, name)

    async def erase(self, name: str) -> bool:
        """Remove the object under `name` and overwrite its bytes on disk. Returns whether there was anything."""
        meta, found = await self._meta(name), False
        pieces = (f"$O.{BUCKET}.C.{meta.nuid}",) if meta is not None else ()
        for subject in (*pieces, _subject(name)):
            while stored := await stored_message(self._bus, STREAM, {"seq": 1, "next_by_subj": subject}):
                await erase_message(self._bus, STREAM, stored.seq)
                found = True
        return found

    async def fullness(self) -> Fullness:
        """The size and the limit of the bucket. Raises ApiRefused too."""
        info = await call(self._bus, f"STREAM.INFO.{STREAM}", StreamInfo)
        return Fullness(info.state.bytes, max(info.config["max_bytes"], 0))

    async def _meta(self, name: str) -> ObjectMeta | None:
        return await find_object(self._bus, BUCKET, name)

    async def _publish(self, subject: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        try:
            await self._js.publish(subject, body, headers=dict(headers or {}) or None)
        except _FAULTS as error:
            if getattr(error, "err_code", None) in CONFLICT:
                raise _Taken from error
            raise LogUnavailable(Phrase("the object store does not take it: %(detail)s", detail=said(error))) from error

    async def _purge(self, subject: str) -> None:
        try:
            await call(self._bus, f"STREAM.PURGE.{STREAM}", Done, {"filter": subject})
        except (ApiRefused, LogUnavailable) as error:
            log.info("media.left", subject=subject, reason=str(error), then="it expires")


def _config(kept: timedelta, max_bytes: int, replicas: int) -> dict[str, Any]:
    age = int(kept.total_seconds() * 10**9)
    return {
        "name": STREAM,
        "subjects": [f"$O.{BUCKET}.C.>", f"$O.{BUCKET}.M.>"],
        "storage": "file",
        "discard": "old",
        "max_age": age,
        "max_bytes": max_bytes,
        "duplicate_window": min(age, 120 * 10**9),
        "num_replicas": replicas,
        "allow_rollup_hdrs": True,
        "allow_direct": True,
    }


async def _ensure(bus: Bus, wanted: dict[str, Any]) -> None:
    try:
        info = await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)
    except ApiRefused as refused:
        if refused.fault.err_code != STREAM_NOT_FOUND:
            raise
        max_bytes = await make_fitting(bus, wanted, PIECE)
        if max_bytes is not None:
            log.info("media.created", bucket=BUCKET, max_bytes=max_bytes)
        return
    if info.config.get("max_age") != wanted["max_age"]:
        changed = {**info.config, "max_age": wanted["max_age"], "duplicate_window": wanted["duplicate_window"]}
        await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, changed)
        log.info("media.kept", seconds=wanted["max_age"] / 10**9)


def _subject(name: str) -> str:
    return meta_subject(BUCKET, name)


async def _cut(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of PIECE."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


async def _nothing() -> AsyncIterator[bytes]:
    for piece in tuple[bytes, ...]():
        yield piece
