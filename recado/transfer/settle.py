"""Ends the pending work of a restored log, so that nothing is done a second time.

After the backup recado went on: it most likely answered the open messages and sent the open replies, and the restored
log does not say so. So each gets an ending here, with a reason, before any instance or gateway reads the log. People
are told nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from datetime import datetime
from pathlib import Path

import msgspec

from chat.limits import together
from chat.state import Chat
from events.decisions import Ignored, TurnError, TurnFailed
from events.details import Detail
from events.inbound import READING, Receipt, ReceiptError
from events.log import EventLog
from events.subjects import PARTITIONS, ChatKey
from gateways.delivery.ledger import Ledger, PendingReply
from projections.reads.actor_reads import ChatReads
from projections.reads.reader import Reader
from projections.rebuild import rebuild

RESTORED = "restored"
"""The reason in all of these events."""

_DETAIL = Detail.RESTORED.said()
_AT_ONCE = 500
_LONGEST_ID = 512
"""Characters; see events.inbound.ReplyId."""
_REPEATED = frozenset({"send", "retry"})
"""Orders that would write to a person again; obeying the others twice changes nothing."""


class Settled(msgspec.Struct, frozen=True):
    """The numbers of ended messages, refused orders and parked replies."""

    messages: int
    orders: int
    replies: int


async def settle(log: EventLog, by: str) -> Settled:
    """End the open messages, orders and replies. `by` names the restore. May be repeated.

    Raises LogUnavailable, LogFull, WrongExpectedVersion.
    """
    messages = orders = replies = 0
    async for key, chat in _with_pending_work(log):
        at, expected = (await log.head()).now, chat.decision_seq
        for decision in _endings(chat, at):
            messages += len(decision.messages)
            orders += isinstance(decision, Ignored) and decision.cause is not None
            expected = (await log.append(key, decision, expected=expected, msg_id=f"{by}:{expected}:{key.chat}")).seq
    for pending in await _unsettled(log):
        is_reading = pending.reading is not None
        parts = pending.parts if is_reading else 0
        part = pending.part if parts else 0
        id_ = f"{by}{f'.{part}.f' * is_reading}.{pending.id}"[:_LONGEST_ID]
        receipt = Receipt(
            id=id_,
            reply=pending.id,
            state="parked",
            error=ReceiptError(class_=RESTORED, detail=_DETAIL),
            template=pending.template,
            part=part,
            parts=parts,
            file=READING if is_reading else "",
        )
        await log.publish(pending.key, receipt, msg_id=f"receipt:{pending.key.account}:{pending.key.chat}:{id_}:parked")
        replies += 1
    return Settled(messages, orders, replies)


def _endings(chat: Chat, at: datetime) -> list[Ignored | TurnFailed]:
    """The chat's endings: its turn fails, so that it may be tried again; waiting messages and orders are ignored."""
    endings: list[Ignored | TurnFailed] = []
    if chat.turn is not None:
        error = TurnError(class_=RESTORED, detail=_DETAIL)
        endings.append(TurnFailed(turn=chat.turn.id, messages=chat.turn.messages, error=error, told=False, at=at))
    waiting = [message.id for message in chat.waiting if message.fault is None]
    while waiting:
        named = together(waiting)
        endings.append(Ignored(messages=named, reason=RESTORED, at=at))
        del waiting[: len(named)]
    again = (order.control for order in chat.orders if order.control.command in _REPEATED)
    endings += [Ignored(messages=(), reason=RESTORED, at=at, cause=control.id) for control in again]
    return endings


async def _with_pending_work(log: EventLog) -> AsyncIterator[tuple[ChatKey, Chat]]:
    """Every chat with pending work, from a projection that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="recado-restore-") as folder:
        await rebuild(log, Path(folder))
        with closing(Reader(Path(folder))) as reader:
            reads = ChatReads(reader)
            for partition in range(PARTITIONS):
                after = 0
                while found := reads.pending(partition, after, _AT_ONCE):
                    for after, key in found:  # noqa: B007 - the last one is where the next portion begins
                        yield key, reads.snapshot(key)


async def _unsettled(log: EventLog) -> list[PendingReply]:
    """The replies that are not settled by the log's receipts, so that a gateway would send or resolve them."""
    head = await log.head()
    ledgers: dict[str, Ledger] = {}
    if head.last:
        async with aclosing(log.tail(0)) as tail:
            async for batch in tail:
                for recorded in batch:
                    account = recorded.key.account
                    ledgers.setdefault(account, Ledger(since=head.now)).fold(recorded)
                if batch[-1].seq >= head.last:
                    break
    unsettled = []
    for ledger in ledgers.values():
        for chat in ledger.chats:
            while (pending := ledger.next(chat)) is not None:
                unsettled.append(pending)
                ledger.drop(pending)
    return unsettled
