"""A tail of the log: every event after a sequence, in order, without gaps, until its reader leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import nats.errors
import structlog

from events import codec
from events.jetstream.api import ApiRefused, StreamInfo, call, parse_headers, stored_message
from events.jetstream.connection import Bus
from events.jetstream.consumer import HEARTBEAT, Delivered, Feed, FeedBroken
from events.jetstream.streams import EVENTS
from events.log import LogMismatch, LogUnavailable
from events.phrases import Phrase
from events.recorded import Recorded

RETRY = 0.2
"""Seconds between two attempts while the log is unavailable."""

LOOK = 2.0
"""Seconds to wait for the description of the stream: while a cluster elects a leader, no server answers."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger("recado.tail")


class Tail:
    """One reader's way through the log; `batches` is its only use."""

    def __init__(self, bus: Bus, after: int, subject: str) -> None:
        self._bus = bus
        self._last = after
        self._subject = subject
        self._feed: Feed | None = None
        self._created: datetime | None = None
        self._there = 0
        self._stamp: datetime | None = None
        self._waits: str | None = None
        self._ended = False

    async def batches(self) -> AsyncGenerator[list[Recorded], None]:
        """See EventLog.tail. Raises LogMismatch if the stream was replaced, LogUnavailable if the bus is closed."""
        unwatch = self._bus.watch(self._on_connection)
        try:
            while not self._ended:
                try:
                    feed = self._feed = await self._open()
                    self._waits = None
                    while messages := await feed.take():
                        if events := self._read(feed, messages):
                            yield events
                except FeedBroken as broken:
                    log.info("tail.renewed", after=self._last, subject=self._subject, reason=str(broken))
                    if self._feed is not None and self._feed.expected == 0:
                        await asyncio.sleep(RETRY)
                except LogUnavailable as unavailable:
                    if self._bus.is_closed and not self._ended:
                        raise
                    self._wait_for(str(unavailable))
                    await asyncio.sleep(RETRY)
                finally:
                    await self._drop()
        finally:
            unwatch()

    def end(self) -> None:
        """Make the reader leave its loop."""
        self._ended = True
        if self._feed is not None:
            self._feed.end()

    def _wait_for(self, reason: str) -> None:
        """Log the reason for which the tail waits, once for all its attempts."""
        if reason != self._waits:
            log.info("tail.waits", after=self._last, subject=self._subject, reason=reason)
        self._waits = reason

    async def _open(self) -> Feed:
        try:
            async with asyncio.timeout(HEARTBEAT):
                await self._bus.standing()
        except TimeoutError:
            raise LogUnavailable(Phrase("the connection to the bus is lost")) from None
        except nats.errors.ConnectionClosedError as error:
            raise LogUnavailable(Phrase("the connection to the bus is closed")) from error
        try:
            await self._recognise(await call(self._bus, f"STREAM.INFO.{EVENTS}", StreamInfo, within=LOOK))
            return await Feed.open(self._bus, self._last + 1, self._subject)
        except ApiRefused as refused:
            raise LogUnavailable(refused.reason) from refused

    async def _recognise(self, info: StreamInfo) -> None:
        """Raises LogMismatch unless the stream still holds the events that were read.

        A server that is killed may lose events that it had not synced, and a stream may be restored from a backup: it
        has the same name and the same creation time, and other events get the sequences that we have read.
        """
        message = await stored_message(self._bus, EVENTS, {"seq": self._last}) if self._last else None
        stamp = message.time if message is not None else None
        if self._created is not None and (
            info.created != self._created
            or info.state.last_seq < self._there
            or (stamp is not None and self._stamp is not None and stamp != self._stamp)
        ):
            raise LogMismatch(
                Phrase("the stream %(events)s was replaced or lost its last events: start recado again", events=EVENTS)
            )
        self._created, self._stamp = info.created, self._stamp or stamp
        self._there = min(self._last, info.state.last_seq)

    async def _drop(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None:
            await feed.close()

    def _on_connection(self, standing: bool) -> None:
        if self._feed is not None:
            self._feed.break_off("the connection is back" if standing else "the connection was lost")

    def _read(self, feed: Feed, messages: list[Delivered]) -> list[Recorded]:
        """The events of `messages` up to the first gap; a gap breaks the feed."""
        events = []
        for message in messages:
            tokens = message.reply.split(b".")
            if len(tokens) > 9:
                # With a domain it is $JS.ACK.<domain>.<account>.<stream>.… and may end with a random token.
                tokens = tokens[2:]
            seq = int(tokens[5])
            feed.expected += 1
            if int(tokens[6]) != feed.expected:
                feed.break_off(f"delivery {feed.expected} is missing, {int(tokens[6])} came")
                feed.discard()
                break
            # Rounded as msgspec rounds the stamps of the API, so that an event has the same one everywhere.
            at = _EPOCH + timedelta(microseconds=(int(tokens[7]) + 500) // 1000)
            name = message.subject.decode("utf-8", "backslashreplace")
            headers = parse_headers(message.headers) if message.headers else None
            events.append(codec.read(seq, name, at, headers, message.body))
            self._last = self._there = seq
            self._stamp = at
        return events
