"""Saves a stream as one sequence of bytes, and restores it from them.

A snapshot holds the stream as it was at one moment; the stream goes on meanwhile. The bytes are the server's own (a tar
in S2, as the NATS CLI writes it) and carry checksums that the server verifies when it restores them. Protocol:
`STREAM.SNAPSHOT` and `STREAM.RESTORE` of https://docs.nats.io/reference/reference-protocols/nats_api_reference; flow
control and the end of both transfers are as observed with nats-server 2.15.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
import nats.errors

from events.jetstream.api import ApiFault, ApiRefused, StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.said import said
from events.log import LogError, LogUnavailable
from events.phrases import Phrase

CHUNK = 128 * 1024
"""Bytes of one chunk."""

SILENCE = 30.0
"""Seconds without a chunk after which the other side counts as gone."""

FINISH = 300.0
"""Seconds that the server may take to put a complete upload into use."""

_ENDS = (b"", b"NATS/1.0 204")
"""The headers of the last message, in short snapshots and in long ones; any other status is an error."""

_LOST = b"the connection was lost"


class SnapshotBroken(LogError):
    """The snapshot of a stream ended before it was whole, or could not be restored."""


class Snapshot(msgspec.Struct, frozen=True):
    """A stream's configuration and state, in JetStream's form for a restore."""

    config: dict[str, Any]
    state: dict[str, Any]


class _Upload(msgspec.Struct, frozen=True):
    deliver_subject: str


class _Taken(msgspec.Struct, frozen=True):
    error: ApiFault | None = None


class Download:
    """The snapshot of one stream: call `begin`, then read `chunks`."""

    def __init__(self, bus: Bus, stream: str) -> None:
        self._bus = bus
        self._stream = stream
        self._arrived: asyncio.Queue[tuple[bytes, bytes, bytes]] = asyncio.Queue()

    async def begin(self) -> Snapshot:
        """Request the snapshot. Raises ApiRefused, LogUnavailable."""
        inbox = self._bus.new_inbox()
        await self._bus.listen(
            inbox, lambda _, reply, headers, body: self._arrived.put_nowait((reply, headers or b"", body))
        )
        # No consumers: a program's position is not part of the log, and would be out of date.
        wanted = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": CHUNK}
        return await call(self._bus, f"STREAM.SNAPSHOT.{self._stream}", Snapshot, wanted)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes in order; the server sends only a bounded number ahead of the reader. Raises SnapshotBroken."""
        unwatch = self._bus.watch(lambda standing: None if standing else self._arrived.put_nowait((b"", _LOST, b"")))
        number = 0
        try:
            while True:
                async with asyncio.timeout(SILENCE):
                    reply, headers, body = await self._arrived.get()
                if not body:
                    if (status := headers.partition(b"\r\n")[0].strip()) not in _ENDS:
                        why = status.decode(errors="replace")
                        raise SnapshotBroken(
                            Phrase("the snapshot of %(stream)s is not whole: %(why)s", stream=self._stream, why=why)
                        )
                    return
                number += 1
                # $JS.SNAPSHOT.ACK.<stream>.<id>.<size>.<number>; the last chunk wants no answer.
                if reply and int(reply.rpartition(b".")[2]) != number:
                    raise SnapshotBroken(
                        Phrase(
                            "the snapshot of %(stream)s is not whole: chunk %(number)s is missing",
                            stream=self._stream,
                            number=number,
                        )
                    )
                yield body
                if reply:
                    await self._bus.publish(reply.decode(), b"")
        except TimeoutError:
            raise SnapshotBroken(
                Phrase(
                    "the snapshot of %(stream)s stopped: nothing came for %(silence)s s",
                    stream=self._stream,
                    silence=f"{SILENCE:g}",
                )
            ) from None
        finally:
            unwatch()


async def upload(bus: Bus, stream: str, snapshot: Snapshot, chunks: Iterable[bytes]) -> StreamInfo:
    """Make a stream from a snapshot. It is a new stream with a creation time of its own.

    The stream does not exist before all `chunks` are there. Raises SnapshotBroken, ApiRefused, LogUnavailable.
    """
    request = f"STREAM.RESTORE.{stream}"
    target = await call(bus, request, _Upload, {"config": snapshot.config, "state": snapshot.state})
    try:
        for chunk in chunks:
            answer = await bus.request(target.deliver_subject, chunk, timeout=SILENCE)
            if answer.data and (fault := msgspec.json.decode(answer.data, type=_Taken).error) is not None:
                raise ApiRefused(request, fault)
        answer = await bus.request(target.deliver_subject, b"", timeout=FINISH)
        if (fault := msgspec.json.decode(answer.data, type=_Taken).error) is not None:
            raise ApiRefused(request, fault)
        return msgspec.json.decode(answer.data, type=StreamInfo)
    except (nats.errors.Error, OSError) as error:
        raise LogUnavailable(
            Phrase("%(stream)s was not put back: %(detail)s", stream=stream, detail=said(error))
        ) from error
    except msgspec.DecodeError as error:
        raise SnapshotBroken(
            Phrase(
                "%(stream)s was not put back: the server's answer cannot be read: %(error)s", stream=stream, error=error
            )
        ) from error
