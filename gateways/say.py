"""Puts a message or an order into a chat and waits, on the log itself, for the chat's decision about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import NamedTuple

import msgspec

from chat.receipts import Progress, is_settled
from events.decisions import Decision, Ignored, Reply, TurnFailed, TurnStarted
from events.inbound import Control, Message, Receipt, ReceiptError
from events.log import Appended, EventLog, LogUnavailable
from events.phrases import Phrase
from events.subjects import ChatKey, chat_filter, decisions_filter
from gateways.intake import Intake


class NoAnswer(Exception):
    """The stored message has no ending, or the order no decision, after `patience` seconds; it will still get one."""

    def __init__(self, patience: float) -> None:
        super().__init__(f"no answer within {patience:g} s")
        self.patience = patience


async def order(
    log: EventLog,
    key: ChatKey,
    control: Control,
    *,
    patience: float,
    ends: Callable[[Decision], bool] = lambda _: True,
) -> Decision:
    """Store an order about the chat and wait `patience` seconds for the decision that obeys or refuses it.

    Returns the first such decision for which `ends` is true. Raises LogFull, EventTooLarge, LogUnavailable, and
    NoAnswer if the order is stored but has no decision yet.
    """
    stored = await give(log, key, control)
    return await decided(log, key, control.id, after=stored.seq, patience=patience, ends=ends)


async def give(log: EventLog, key: ChatKey, control: Control) -> Appended:
    """Store an order about the chat. Raises LogFull, EventTooLarge, LogUnavailable."""
    return await log.publish(key, control, msg_id=f"control:{key.account}:{key.chat}:{control.id}")


async def decided(
    log: EventLog,
    key: ChatKey,
    id_: str,
    *,
    after: int,
    patience: float,
    ends: Callable[[Decision], bool] = lambda _: True,
) -> Decision:
    """The first decision after sequence `after` that names the order `id_` as its cause, and for which `ends` is true.

    Raises LogUnavailable, and NoAnswer after `patience` seconds.
    """
    try:
        async with asyncio.timeout(patience), aclosing(log.tail(after, decisions_filter(key))) as tail:
            async for batch in tail:
                for recorded in batch:
                    if getattr(recorded.event, "cause", None) == id_ and ends(recorded.event):  # type: ignore[arg-type]
                        return recorded.event  # type: ignore[return-value]
    except TimeoutError as late:
        raise NoAnswer(patience) from late
    raise LogUnavailable(Phrase("the log was closed"))


async def stored_order(log: EventLog, key: ChatKey, seq: int, *, patience: float) -> tuple[datetime, Control] | None:
    """The order at `seq` and the time at which the log took it; None if it is not there any more. Raises
    LogUnavailable."""
    subject = f"{chat_filter(key).removesuffix('*.*')}i.control"
    try:
        async with asyncio.timeout(patience), aclosing(log.tail(seq - 1, subject)) as tail:
            async for batch in tail:
                first = batch[0]
                return (first.at, first.event) if first.seq == seq and isinstance(first.event, Control) else None
    except TimeoutError:
        return None
    raise LogUnavailable(Phrase("the log was closed"))


class Way(NamedTuple):
    """The progress of a reply.

    - `progress`: that of the whole reply.
    - `last`: its last receipt; None: it has none.
    - `error`: the reason for which it, or a message of it, was not sent.
    """

    progress: Progress = Progress()
    last: Receipt | None = None
    error: ReceiptError | None = None

    def after(self, receipt: Receipt) -> Way:
        progress = self.progress.after(receipt.state, receipt.part, receipt.parts, receipt.template, receipt.file)
        is_told = self.error is not None and bool(self.progress.missing)
        return Way(progress, receipt, self.error if is_told else receipt.error)


async def way(log: EventLog, key: ChatKey, reply: str, *, after: int, patience: float) -> Way:
    """The reply's way up to the first receipt after sequence `after` that settles the whole of it, or for `patience`
    seconds."""
    found = Way()
    subject = f"{chat_filter(key).removesuffix('*.*')}i.receipt"
    try:
        async with asyncio.timeout(patience), aclosing(log.tail(after, subject)) as tail:
            async for batch in tail:
                for recorded in batch:
                    event = recorded.event
                    if isinstance(event, Receipt) and event.reply == reply:
                        found = found.after(event)
                        if is_settled(found.progress.state):
                            return found
    except TimeoutError:
        pass
    return found


APOLOGY_WITHIN = 3.0
"""Seconds to wait for the apology."""

Ending = Reply | Ignored | TurnFailed


class Said(msgspec.Struct, frozen=True):
    """A message's ending.

    - `ending`: the decision that ended it.
    - `repeat`: its id was in the log before, so this ending may be an old one.
    - `apology`: the text that told the person of an ending without a reply.
    """

    ending: Ending
    repeat: bool
    apology: str | None = None


async def say(log: EventLog, key: ChatKey, message: Message, *, known: bool, patience: float) -> Said:
    """Store `message` of the person, as a gateway would, and wait `patience` seconds for its ending.

    With `known` its id may have been used before, and an existing ending counts. Raises
    MessageIdRefused, LogNearlyFull, LogFull, EventTooLarge, LogUnavailable, and NoAnswer if the message is stored but
    has no ending yet.
    """
    stored = await Intake(log).store(key, message)
    try:
        async with asyncio.timeout(patience):
            seq, ending = await _ending(log, key, message.id, after=0 if stored.duplicate or known else stored.seq)
    except TimeoutError as late:
        raise NoAnswer(patience) from late
    apology = None
    if not isinstance(ending, Reply) and ending.told:
        about = ending.turn if isinstance(ending, TurnFailed) else ending.messages[0]
        apology = await _apology(log, key, about, after=seq)
    return Said(ending, stored.duplicate or seq < stored.seq, apology)


async def _ending(log: EventLog, key: ChatKey, message: str, after: int) -> tuple[int, Ending]:
    """The sequence of the last ending of `message` after the sequence `after`, and the ending. Waits for the next one
    if there is none yet or the message was reopened."""
    last = await log.last_decision(key)
    there = last.seq if last is not None else 0
    found: tuple[int, Ending] | None = None
    async with aclosing(log.tail(after, decisions_filter(key))) as tail:
        async for batch in tail:
            for recorded in batch:
                event = recorded.event
                if isinstance(event, Ending) and message in _ended_by(event):
                    found = recorded.seq, event
                elif isinstance(event, TurnStarted) and message in event.messages:
                    found = None
            if found is not None and batch[-1].seq >= there:
                return found
    raise LogUnavailable(Phrase("the log was closed"))


def _ended_by(ending: Ending) -> tuple[str, ...]:
    return ending.in_reply_to if isinstance(ending, Reply) else ending.messages


async def _apology(log: EventLog, key: ChatKey, about: str, after: int) -> str | None:
    try:
        async with asyncio.timeout(APOLOGY_WITHIN), aclosing(log.tail(after, decisions_filter(key))) as tail:
            async for batch in tail:
                for recorded in batch:
                    if isinstance(recorded.event, Reply) and recorded.event.about == about:
                        return recorded.event.text
    except TimeoutError:
        pass
    return None
