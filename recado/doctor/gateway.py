"""Checks any gateway against the contract in a short conversation: `recado gateway check`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from secrets import token_hex

from events.decisions import Reply
from events.inbound import Control, Message
from events.log import EventLog
from events.recorded import Recorded, Unreadable
from events.subjects import ChatKey, account_filter
from gateways.conformance import Conformance
from gateways.say import NoAnswer, order
from recado.doctor.finding import Finding

OBEYED_WITHIN = 10.0
"""Seconds for an instance to write each of the two texts."""

TEXTS = ("recado is checking this gateway (1 of 2)", "recado is checking this gateway (2 of 2): *well done*")

_FRESH = timedelta(minutes=15)


async def check(log: EventLog, key: ChatKey, *, listen: bool, patience: float) -> AsyncIterator[Finding]:
    """Send the texts and judge the receipts. With `listen` the person of the chat has to write a message first."""
    if listen:
        yield await _listened(log, key, patience)
    start = (await log.head()).last
    replies: list[str] = []
    for text in TEXTS:
        try:
            decision = await order(
                log, key, Control(id=token_hex(8), command="send", text=text, by="check"), patience=OBEYED_WITHIN
            )
        except NoAnswer:
            yield Finding("service", "failure", "no instance writes the reply", "start recado serve or recado up")
            return
        if not isinstance(decision, Reply):
            yield Finding("service", "failure", f"the chat decided otherwise: {decision}", "see recado why")
            return
        replies.append(decision.id)
    watched = Conformance(key, replies)
    await _follow(log, watched, start, patience)
    for finding in judged(watched, patience):
        yield finding


def judged(watched: Conformance, patience: float) -> list[Finding]:
    """The findings from the receipts."""
    late = watched.unsettled()
    findings = [
        Finding(
            "outcome",
            "failure",
            f"{reply} has no outcome within {patience:g} s",
            "is the gateway running for this account? It owes a receipt for every reply",
        )
        for reply in late
    ]
    for reply, receipt in watched.settled.items():
        error = receipt.error
        why = f": {error.class_ or ''} {error.detail or ''}".rstrip() if error is not None else ""
        do = (error.do or "") if error is not None else ""
        bad = receipt.state in ("failed", "parked")
        findings.append(Finding("outcome", "warning" if bad else "ok", f"{reply} ended as {receipt.state}{why}", do))
        if not bad and receipt.provider_id is None:
            findings.append(Finding("names", "warning", f"the receipt of {reply} has no provider_id", "put it there"))
    findings += [Finding("order", "failure", fault, "see docs/gateways.md, The contract") for fault in watched.faults]
    if not late and not watched.faults:
        findings.append(Finding("order", "ok", "claimed before it was sent, one after the other, each once"))
    return findings


async def _follow(log: EventLog, watched: Conformance, after: int, patience: float) -> None:
    try:
        async with (
            asyncio.timeout(patience),
            aclosing(log.tail(after, account_filter(watched.key.account))) as batches,
        ):
            async for batch in batches:
                for recorded in batch:
                    watched.fold(recorded)
                if watched.is_done:
                    return
    except TimeoutError:
        return


async def _listened(log: EventLog, key: ChatKey, patience: float) -> Finding:
    """Wait for a message of the person, and judge it."""
    start = (await log.head()).last
    try:
        async with asyncio.timeout(patience), aclosing(log.tail(start, account_filter(key.account))) as batches:
            async for batch in batches:
                for recorded in batch:
                    finding = _looked_at(recorded, key)
                    if finding is not None:
                        return finding
    except TimeoutError:
        pass
    where = f"wa.in.{key.account}.<chat>"
    return Finding("message", "failure", f"none came within {patience:g} s", f"the gateway publishes it to {where}")


def _looked_at(recorded: Recorded, key: ChatKey) -> Finding | None:
    event = recorded.event
    if isinstance(event, Unreadable) and recorded.side == "i":
        return Finding("message", "failure", f"{event.reason}: {event.detail}", "see docs/events.md for its shape")
    if not isinstance(event, Message) or event.from_me:
        return None
    if recorded.key != key:
        says = f"it came into the chat {recorded.key.chat}, not {key.chat}"
        return Finding("message", "failure", says, "is this who wrote? Then check that chat; else see docs: JIDs")
    if event.at is None:
        return Finding("message", "warning", f"{event.id} has no time", "give `at`: old messages are not answered")
    if not -_FRESH < recorded.at - event.at < _FRESH:
        return Finding("message", "warning", f"{event.id} says that it was sent at {event.at}", "look at its unit")
    if not recorded.msg_id:
        return Finding("message", "warning", f"{event.id} has no Nats-Msg-Id", "with it, repeats cost nothing")
    return Finding("message", "ok", f"{event.id} stands in its chat, at sequence {recorded.seq}")
