"""Events of the log that a story needs and no table keeps: tools, runs, adoptions."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import structlog

from events.log import EventLog, LogError
from events.recorded import Recorded
from events.subjects import ChatKey, chat_filter, decisions_filter
from projections.reads.views import Why

WITHIN = 5.0
"""Seconds to wait for the events: the server has them at once, unless they were erased a moment ago."""

log = structlog.get_logger("recado.why")


async def facts_of(events: EventLog, known: Why) -> tuple[Recorded, ...]:
    """The events of the chat from the arrival of the message, or the start of the turn, to its ending, or until now if
    it is open; and every joining of the chat, whenever it was.

    Events that the bus does not give in time are left out: the story is then told with the projection alone.
    """
    span = _span(known)
    if span is None:
        return ()
    after, upto = span
    found: list[Recorded] = []
    key = ChatKey(known.account, known.chat)
    try:
        async with asyncio.timeout(WITHIN):
            last = upto
            if last is None:
                decision = await events.last_decision(key)
                last = decision.seq if decision is not None else 0
            joined = await events.last_decision(key, "joined")
            if joined is not None:
                found += await _between(events, 0, decisions_filter(key, "joined"), joined.seq)
            if last > after:
                found += await _between(events, after, chat_filter(key), last)
    except (TimeoutError, LogError) as error:
        log.warning("log_not_read", chat=known.chat, reason=str(error) or f"no answer within {WITHIN:g} s")
    return tuple({one.seq: one for one in sorted(found, key=lambda one: one.seq)}.values())


async def _between(events: EventLog, after: int, subject: str, last: int) -> list[Recorded]:
    found: list[Recorded] = []
    async with aclosing(events.tail(after, subject)) as tail:
        async for batch in tail:
            found += [recorded for recorded in batch if recorded.seq <= last]
            if batch[-1].seq >= last:
                break
    return found


def _span(known: Why) -> tuple[int, int | None] | None:
    """The sequence after which to read, and the last one to read (None: the chat's last decision)."""
    entry, turn = known.entry, known.turn
    if known.what == "message" and entry is not None:
        return entry.seq - 1, entry.ended_seq
    if turn is not None:
        return turn.seq - 1, turn.ended_seq
    return None
