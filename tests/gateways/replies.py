"""Replies in a log, the phones that get them, and what the log says of it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chat.receipts import is_settled, of_whole
from events.decisions import Decision, Reply
from events.inbound import Message, Receipt, ReceiptState
from events.log import EventLog
from events.recorded import Recorded
from events.subjects import ChatKey, account_filter
from gateways.delivery.delivery import Delivery
from gateways.delivery.sender import Outcome, Part, Sender

ANA = ChatKey("local", "12025550143@s.whatsapp.net")
TOM = ChatKey("local", "447700900123@s.whatsapp.net")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def reply(id_: str, key: ChatKey = ANA, **fields: Any) -> Reply:
    given = {"turn": None, "text": f"text of {id_}", "in_reply_to": (), "author": "assistant", "at": NOON}
    return Reply(id=id_, chat=key.chat, account=key.account, **{**given, **fields})


async def decide(log: EventLog, decision: Decision, key: ChatKey = ANA) -> int:
    """Append a decision behind the chat's last one."""
    last = await log.last_decision(key)
    expected = last.seq if last is not None else 0
    return (await log.append(key, decision, expected=expected, msg_id=f"test:{key.account}:{key.chat}:{expected}")).seq


async def say(log: EventLog, *ids: str, key: ChatKey = ANA) -> None:
    """The chat replies, once for each id."""
    for id_ in ids:
        await decide(log, reply(id_, key), key)


async def events(log: EventLog, account: str = "local") -> list[Recorded]:
    """Everything that the account has in the log up to now."""
    mark = await log.publish(ChatKey(account, "1@s.whatsapp.net"), Message(id="end", text="mark"), msg_id="")
    found: list[Recorded] = []
    async with aclosing(log.tail(0, account_filter(account))) as batches:
        async for batch in batches:
            found += batch
            if found[-1].seq >= mark.seq:
                break
    return [recorded for recorded in found if not (isinstance(recorded.event, Message) and recorded.event.id == "end")]


async def receipts(log: EventLog, id_: str | None = None) -> list[str]:
    """`<reply> <state>` of every receipt, in log order; with `id_` the states of that reply."""
    found = [r.event for r in await events(log) if isinstance(r.event, Receipt)]
    return [f"{r.reply} {r.state}" if id_ is None else r.state for r in found if id_ in (None, r.reply)]


class Phone:
    """A Sender that shows what it gets, and holds what a test tells it to hold."""

    def __init__(self, resolves_to: Outcome | None = None) -> None:
        self.shown: list[str] = []
        self.resolved: list[str] = []
        self.held: dict[str, asyncio.Event] = {}
        self.fails: dict[str, Exception | Outcome] = {}
        self._resolves_to = resolves_to or Outcome("parked")
        self._changed = asyncio.Event()

    def hold(self, id_: str) -> asyncio.Event:
        """Keep the sending of this reply from ending until the event is set."""
        return self.held.setdefault(id_, asyncio.Event())

    async def send(self, part: Part) -> Outcome:
        name = part.reply if part.of == 1 else f"{part.reply}:{part.number}"
        self.shown.append(name)
        self._tell()
        if name in self.held:
            await self.held[name].wait()
        failure = self.fails.get(name, Outcome("delivered"))
        if isinstance(failure, Exception):
            raise failure
        return failure

    async def resolve(self, part: Part) -> Outcome:
        self.resolved.append(part.reply if part.of == 1 else f"{part.reply}:{part.number}")
        self._tell()
        return self._resolves_to

    async def until(self, true: Callable[[Phone], bool]) -> None:
        async with asyncio.timeout(60):
            while not true(self):
                await self._changed.wait()

    async def showing(self, *ids: str) -> None:
        await self.until(lambda phone: set(ids) <= set(phone.shown))

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


@asynccontextmanager
async def delivering(
    log: EventLog, sender: Sender, data_dir: Path, account: str = "local", **ways: Any
) -> AsyncIterator[Delivery]:
    """A gateway that has started; leaving it ends it as one stops a service."""
    delivery = Delivery(log, account, sender, data_dir=data_dir, **ways)
    running = asyncio.create_task(delivery.run())
    started = asyncio.create_task(delivery.started.wait())
    try:
        async with asyncio.timeout(60):
            await asyncio.wait({running, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            await running
        yield delivery
        delivery.stop()
        async with asyncio.timeout(60):
            await running
    finally:
        started.cancel()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until_noted(log: EventLog, *expected: str) -> None:
    """Return once the log has every one of these receipts (`<reply> <state>`), for all of a reply's parts."""
    await _until_none_left(
        log, set(expected), lambda receipt: f"{receipt.reply} {receipt.state}" if receipt.part == receipt.parts else ""
    )


async def until_settled(log: EventLog, *ids: str) -> None:
    """Return once every one of these replies has a receipt that settles it."""
    await _until_none_left(log, set(ids), lambda receipt: receipt.reply if is_settled(_of_whole(receipt)) else "")


def _of_whole(receipt: Receipt) -> ReceiptState:
    return of_whole(receipt.state, receipt.part, receipt.parts, receipt.template)


async def _until_none_left(log: EventLog, wanted: set[str], found: Callable[[Receipt], str]) -> None:
    async with asyncio.timeout(60), aclosing(log.tail(0, account_filter("local"))) as batches:
        async for batch in batches:
            wanted -= {found(recorded.event) for recorded in batch if isinstance(recorded.event, Receipt)}
            if not wanted:
                return
