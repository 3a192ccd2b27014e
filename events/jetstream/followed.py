"""Follows a small stream from a sequence on, over every loss of the connection and every restore."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
import structlog

from events.jetstream.api import ApiRefused, StreamInfo, call, stored_message
from events.jetstream.connection import Bus
from events.jetstream.consumer import Delivered, Feed, FeedBroken
from events.log import LogUnavailable
from events.phrases import Phrase

RETRY = 0.2
"""Seconds between two attempts while the bus is away."""

log = structlog.get_logger("recado.followed")


class Stored(msgspec.Struct, frozen=True):
    """A message of the stream."""

    seq: int
    subject: str
    body: bytes


class Portion(msgspec.Struct, frozen=True):
    """Messages in the order of the stream.

    - `stream`: its identity.
    - `is_from_start`: the first portion of the stream; what was read before came from a stream that is gone.
    - `last`: the sequence up to which all was read.
    - `is_whole`: everything that was stored when the follower connected was read.
    """

    stream: str
    is_from_start: bool
    last: int
    messages: tuple[Stored, ...]
    is_whole: bool


class Follower:
    """Reads the messages of `stream` on that the filter `subject` matches."""

    def __init__(self, bus: Bus, stream: str, subject: str) -> None:
        self._bus = bus
        self._stream = stream
        self._subject = subject

    async def portions(self, after: int = 0, stream: str | None = None) -> AsyncGenerator[Portion, None]:
        """The messages after the sequence `after` of the `stream` with this identity, and then each new one. The
        first portion that is whole may be empty. Raises LogUnavailable when the connection is closed for good."""
        told = ""
        while True:
            try:
                async with aclosing(self._connected(after, stream)) as portions:
                    async for portion in portions:
                        told, after, stream = "", portion.last, portion.stream
                        yield portion
            except (FeedBroken, LogUnavailable, ApiRefused) as fault:
                if self._bus.is_closed:
                    raise LogUnavailable(Phrase("the connection to the bus is closed")) from fault
                if str(fault) != told:
                    log.info("stream.wait", stream=self._stream, reason=str(fault), then="the last known holds")
                told = str(fault)
                await asyncio.sleep(RETRY)

    async def _connected(self, after: int, stream: str | None) -> AsyncGenerator[Portion, None]:
        """The portions until the connection breaks."""
        info = await call(self._bus, f"STREAM.INFO.{self._stream}", StreamInfo)
        if stream is not None and (info.identity != stream or info.state.last_seq < after):
            log.warning("stream.replaced", stream=self._stream, then="it is read from the beginning")
            after = 0
        is_from_start = after == 0
        newest = await stored_message(self._bus, self._stream, {"last_by_subj": self._subject})
        there = newest.seq if newest is not None else 0
        feed = await Feed.open(self._bus, after + 1, self._subject, self._stream)
        unwatch = self._bus.watch(
            lambda standing: feed.break_off("the connection is back" if standing else "the connection was lost")
        )
        try:
            if after >= there:
                yield Portion(info.identity, is_from_start, after, (), is_whole=True)
                is_from_start = False
            while delivered := await feed.take():
                messages = []
                for message in delivered:
                    feed.expected += 1
                    messages.append(_stored(message, feed.expected))
                last = messages[-1].seq
                yield Portion(info.identity, is_from_start, last, tuple(messages), is_whole=last >= there)
                is_from_start = False
        finally:
            unwatch()
            await feed.close()


def _stored(message: Delivered, number: int) -> Stored:
    """The consumer's delivery `number`. Raises FeedBroken if one before it is missing."""
    tokens = message.reply.split(b".")
    seq, delivery = tokens[7:9] if len(tokens) > 9 else tokens[5:7]
    if int(delivery) != number:
        raise FeedBroken(f"delivery {number} is missing, {int(delivery)} came")
    return Stored(int(seq), message.subject.decode("utf-8", "replace"), message.body)
