"""A consumer of the log on the server: requests messages in portions, queues them, and detects when it is broken.

It is a pull consumer in the server's memory. It is as fast as an ordered push consumer (both 135k messages a second
into nats-py) and requests no more than its queue has room for. It never acknowledges: each reader keeps its own
checkpoint. A reader of everything sets no filter, because the filter `evt.>` passes everything and costs three quarters
of that speed. Statuses: https://docs.nats.io/using-nats/developer/develop_jetstream/consumers and `server/consumer.go`
of nats-server 2.15.
"""

from __future__ import annotations

import asyncio
from collections import deque
from secrets import token_hex
from typing import Any

import msgspec
import nats.errors
import structlog
from nats.aio.subscription import Subscription

from events.jetstream.api import Done, call, parse_headers
from events.jetstream.connection import Bus
from events.jetstream.said import connection_failed, said
from events.jetstream.streams import EVENTS
from events.log import EVERYTHING, LogUnavailable

BATCH = 1000
"""The most events in one request to the server, and in one hand-over to the reader."""

WINDOW = 4 * BATCH
"""The most messages on their way or waiting for the reader."""

REQUEST_BYTES = 2 * 1024 * 1024
"""The most bytes of one request, unless a single message is, or may be, larger."""

HEARTBEAT = 1.0
"""Seconds between the server's heartbeats; after two missed ones the feed is broken."""

EXPIRES = 30.0
INACTIVE = 60.0

_TOO_LARGE = "Message Size Exceeds MaxBytes"
_REQUEST_OVER = ("Batch Completed", _TOO_LARGE)
_NANOSECONDS = 10**9

log = structlog.get_logger("recado.tail")


class FeedBroken(Exception):
    """The consumer cannot go on. The reader needs a new one from the last event that it read."""


class Delivered(msgspec.Struct, frozen=True, gc=False):
    """A message of the stream as it came; `reply` holds its sequence. A struct and not a tuple: Python's search for
    cycles among tuples took a quarter of the time of reading."""

    subject: bytes
    reply: bytes
    headers: bytes | None
    body: bytes


class Feed:
    """One consumer of a stream on the server, and the messages that it has sent so far."""

    def __init__(self, bus: Bus, stream: str) -> None:
        self._bus = bus
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._name = f"tail-{token_hex(8)}"
        self._inbox = bus.new_inbox()
        self._queue: deque[Delivered] = deque()
        self._queued_bytes = 0
        self._awaited = 0
        self._heard = 0.0
        self._wake = asyncio.Event()
        self._broken: str | None = None
        self._ended = False
        self._request_bytes = max(REQUEST_BYTES, 2 * bus.max_payload)
        self._subscription: Subscription | None = None
        self.expected = 0

    @classmethod
    async def open(cls, bus: Bus, first: int, subject: str, stream: str = EVENTS) -> Feed:
        """A consumer of the messages of `stream` from sequence `first` on that `subject` matches."""
        self = cls(bus, stream)
        try:
            self._subscription = await bus.listen(self._inbox, self._on_message)
            await call(bus, *self._creation(first, subject))
        except nats.errors.Error as error:
            await self.close()
            raise LogUnavailable(connection_failed(error)) from error
        except BaseException:
            await self.close()
            raise
        return self

    def _creation(self, first: int, subject: str) -> tuple[str, type[Done], dict[str, Any]]:
        config = {
            "name": self._name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": first,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": int(INACTIVE * _NANOSECONDS),
        }
        request = f"CONSUMER.CREATE.{self._stream}.{self._name}"
        if subject != EVERYTHING:
            config["filter_subject"] = subject
            request += f".{subject}"
        return request, Done, {"stream_name": self._stream, "config": config}

    async def take(self) -> list[Delivered]:
        """The messages that came, at least one; none once the feed is ended. Raises FeedBroken."""
        clock = asyncio.get_running_loop().time
        while not self._queue or self._ended:
            if self._ended:
                return []
            if self._broken is not None:
                raise FeedBroken(self._broken)
            await self._top_up()
            self._wake.clear()
            try:
                async with asyncio.timeout_at(self._heard + 2.5 * HEARTBEAT):
                    await self._wake.wait()
            except TimeoutError:
                if clock() >= self._heard + 2.5 * HEARTBEAT:
                    raise FeedBroken("two heartbeats were missed") from None
        queue = self._queue
        if len(queue) <= BATCH:
            taken = list(queue)
            queue.clear()
        else:
            taken = [queue.popleft() for _ in range(BATCH)]
        self._queued_bytes -= sum(len(message.body) for message in taken)
        if self._broken is None:
            await self._top_up()
        return taken

    async def _top_up(self) -> None:
        """Request as many messages as there is room for."""
        request = msgspec.json.encode(
            {
                "batch": BATCH,
                "max_bytes": self._request_bytes,
                "expires": int(EXPIRES * _NANOSECONDS),
                "idle_heartbeat": int(HEARTBEAT * _NANOSECONDS),
            }
        )
        if self._awaited == 0:
            self._heard = asyncio.get_running_loop().time()
        while self._awaited + len(self._queue) + BATCH <= WINDOW and self._queued_bytes <= self._request_bytes:
            self._awaited += BATCH
            try:
                subject = f"{self._bus.api_prefix}.CONSUMER.MSG.NEXT.{self._stream}.{self._name}"
                await self._bus.publish(subject, request, reply=self._inbox)
            except (nats.errors.Error, OSError) as error:
                raise FeedBroken(f"the next events cannot be asked for: {said(error)}") from error

    def _on_message(self, subject: bytes, reply: bytes, headers: bytes | None, body: bytes) -> None:
        if self._broken is not None:
            return
        self._heard = self._loop.time()
        if reply:
            self._queue.append(Delivered(subject, reply, headers, body))
            self._queued_bytes += len(body)
            self._awaited -= 1
            self._wake.set()
        else:
            self._on_status(headers or b"")

    def _on_status(self, headers: bytes) -> None:
        # NATS/1.0 408 Request Timeout
        line = headers.partition(b"\r\n")[0].decode("utf-8", "replace")
        _version, status, reason = [*line.split(" ", 2), "", ""][:3]
        if status == "100":
            return
        if status == "408" or reason in _REQUEST_OVER:
            # The request is over by time, bytes or count; the server did not send this many messages of it.
            left = parse_headers(headers)
            self._awaited -= int(left.get("Nats-Pending-Messages", 0))
            if reason == _TOO_LARGE and int(left.get("Nats-Pending-Bytes", 0)) >= self._request_bytes:
                # Not one message fits: this one was stored when the server accepted larger ones.
                self._request_bytes *= 2
            self._wake.set()
        else:
            self.break_off(f"{status} {reason}".strip() or "a message without a status")

    def break_off(self, reason: str) -> None:
        """Make the reader go on with a new consumer; it still reads the queued messages that are in order."""
        if self._broken is None:
            self._broken = reason
        self._wake.set()

    def discard(self) -> None:
        """Drop the queued messages: they came after a gap."""
        self._queue.clear()

    def end(self) -> None:
        self._ended = True
        self._wake.set()

    async def close(self) -> None:
        """Delete the consumer; if the server cannot be reached, it deletes the consumer by itself after a minute."""
        try:
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            if self._bus.is_connected:
                await self._bus.publish(f"{self._bus.api_prefix}.CONSUMER.DELETE.{self._stream}.{self._name}")
        except (nats.errors.Error, OSError) as error:
            log.debug("tail.left", consumer=self._name, reason=said(error))
