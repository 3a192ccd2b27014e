"""Writes by compare-and-set that are stored once, also where the answer to one is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from secrets import token_hex
from typing import TypeVar

import structlog

from events.backoff import Backoff
from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from events.jetstream.publisher import PubAck, Publisher
from events.log import LogUnavailable, NotStored, WriteUnknown

TRIES = 3

_Answer = TypeVar("_Answer")

log = structlog.get_logger("recado.log")


async def answered(write: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """The answer to a write, which is sent again where the answer is lost. After TRIES, raises NotStored if each try
    was refused, else WriteUnknown; before, what `write` raises."""
    pause, is_unknown = Backoff(0.1, 1.0), False
    for _ in range(TRIES - 1):
        try:
            return await write()
        except LogUnavailable as lost:
            is_unknown |= not isinstance(lost, NotStored)
            log.info("written_again", reason=str(lost))
        await pause.wait()
    try:
        return await write()
    except LogUnavailable as lost:
        if is_unknown or not isinstance(lost, NotStored):
            raise WriteUnknown(lost) from lost
        raise


async def write_once(
    bus: Bus, publisher: Publisher, stream: str, subject: str, body: bytes, *, headers: Mapping[str, str]
) -> PubAck:
    """Store `body` under the subject of the stream, on the condition in the headers. A conflict with an earlier try of
    this call is none. Raises LogFull, EventTooLarge, LogUnavailable."""
    given = {**headers, "Nats-Msg-Id": token_hex(16)}

    async def write() -> PubAck:
        ack = await publisher.publish(subject, body, given)
        if not ack.conflict:
            return ack
        # The server looks at the condition first, and at the id only if that holds.
        stored = await stored_message(bus, stream, {"last_by_subj": subject})
        is_ours = stored is not None and stored.raw().headers.get("Nats-Msg-Id") == given["Nats-Msg-Id"]
        return PubAck(stored.seq, duplicate=True) if stored is not None and is_ours else ack

    return await answered(write)
