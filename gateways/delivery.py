"""A gateway's way out: every reply of an account is handed to its sender once, in log order, one at a time per chat.

The log is the only memory. Before a reply is sent, a `sending` receipt claims it; the claim is ours when our own tail
brings that receipt back and it is the first for the reply. By then everything that stands before it in the log has
been read, so a reply that was settled or claimed by anybody else (this gateway before a crash, another one beside it)
is not sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from secrets import token_hex
from typing import Literal, Protocol

import msgspec
import structlog

from events import codec
from events.decisions import Reply
from events.ids import account_filter
from events.inbound import ReceiptError
from events.log import EventLog, EventTooLarge, Head, LogFull, LogUnavailable
from events.recorded import Recorded
from gateways.checkpoint import CheckpointFile, Saved
from gateways.ledger import Ledger, Owed
from gateways.receipts import Receipts

CHATS_AT_ONCE = 64
"""Chats to which something is being sent at the same time."""

PARK_AFTER = 600.0
"""Seconds for which a reply in doubt may hold up its chat."""

_FIRST_DOUBT, _LONGEST_DOUBT = 1.0, 30.0
_SAVE_EVERY = 1.0
_OUTAGE_PAUSE = 1.0
_LONGEST_DETAIL = 500

log = structlog.get_logger("recado.gateway")


class Outcome(msgspec.Struct, frozen=True):
    """What became of a reply; `in_doubt` when nobody knows whether it arrived."""

    state: Literal["accepted", "delivered", "failed", "parked", "in_doubt"]
    provider_id: str | None = None
    error: ReceiptError | None = None


class Sender(Protocol):
    """The wire to the person."""

    async def send(self, reply: Reply) -> Outcome:
        """Send the reply, once. An exception counts as `in_doubt`."""

    async def resolve(self, reply: Reply) -> Outcome:
        """Find out about a reply whose sending was begun and has no outcome; asked again as long as it is in doubt."""


def _ignore(_recorded: Recorded) -> None:
    pass


class Delivery:
    """The outbound half of the gateway of `account`; `run` is its life.

    `observe` is shown every event of the account behind the checkpoint, in log order. Where there is no checkpoint, or
    one of another stream, or one beyond the log's end, the log is read from its beginning: settled replies stay
    settled, and what is older than the account's first gateway is left alone (see Ledger).
    """

    _ledger: Ledger
    _tasks: asyncio.TaskGroup

    def __init__(
        self,
        log: EventLog,
        account: str,
        sender: Sender,
        *,
        data_dir: Path,
        observe: Callable[[Recorded], None] = _ignore,
    ) -> None:
        self.started = asyncio.Event()
        """Set once `run` knows where the log stands: a reply that is made from then on is delivered for certain."""
        self._log = log
        self._account = account
        self._sender = sender
        self._observe = observe
        self._file = CheckpointFile(data_dir, account)
        self._receipts = Receipts(log, token_hex(6))
        self._slots = asyncio.Semaphore(CHATS_AT_ONCE)
        self._catching_up = asyncio.Lock()
        self._progress = asyncio.Condition()
        self._stopping = asyncio.Event()
        self._senders: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until `stop`, or until the log is closed.

        Raises GatewayRunning, LogMismatch, LogUnavailable (the log is closed for good). Cancelling it leaves what is
        being sent in doubt, as a crash does.
        """
        with self._file.locked():
            head = await self._where_the_log_stands()
            if head is None:
                return
            saved = self._file.load()
            # A stream that lost its last events, or was put back from a backup, keeps its creation time.
            here = saved is not None and saved.created == head.created and saved.seq <= head.last
            since = saved.since if saved is not None else head.now
            self._ledger = Ledger(since, saved.seq if saved is not None and here else 0)
            self._created, self._head = head.created, head.last
            self._caught_up = self._ledger.seq >= head.last
            self._save()
            self.started.set()
            try:
                async with asyncio.TaskGroup() as self._tasks:
                    reader = self._tasks.create_task(self._follow())
                    await self._stopping.wait()
                    await asyncio.gather(*self._senders.values())
                    reader.cancel()
            except ExceptionGroup as failures:
                raise failures.exceptions[0] from None
            finally:
                self._save()

    def stop(self) -> None:
        """Begin nothing new; `run` returns when what is being sent has its outcome."""
        self._stopping.set()

    async def _where_the_log_stands(self) -> Head | None:
        """The log's head, asked for until there is an answer; None if `stop` comes first."""
        while not self._stopping.is_set():
            try:
                return await self._log.head()
            except LogUnavailable as outage:
                log.warning("log_unavailable", account=self._account, reason=str(outage), retry_in=_OUTAGE_PAUSE)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _OUTAGE_PAUSE)
        return None

    async def _follow(self) -> None:
        saved_at = time.monotonic()
        async with aclosing(self._log.tail(self._ledger.seq, account_filter(self._account))) as batches:
            async for batch in batches:
                async with self._progress:
                    for recorded in batch:
                        self._ledger.fold(recorded)
                        self._observe(recorded)
                    self._caught_up = self._caught_up or self._ledger.seq >= self._head
                    self._progress.notify_all()
                for chat in self._ledger.chats:
                    if chat not in self._senders and not self._stopping.is_set():
                        self._senders[chat] = self._tasks.create_task(self._serve(chat))
                if time.monotonic() - saved_at > _SAVE_EVERY:
                    await asyncio.to_thread(self._save)
                    saved_at = time.monotonic()
        self._stopping.set()

    async def _serve(self, chat: str) -> None:
        """Deliver what the chat is owed, one after the other."""
        try:
            while (owed := self._ledger.next(chat)) is not None and not self._stopping.is_set():
                if await self._claim(owed):
                    await self._note(owed, await self._attempt(self._sender.send, owed.reply))
                elif not owed.settled:
                    await self._resolve(owed)
        finally:
            del self._senders[chat]

    async def _claim(self, owed: Owed) -> bool:
        """Whether the reply is ours to send. False also if it proved to be settled, or to need `_resolve`."""
        if self._caught_up:
            return await self._mark(owed)
        # One receipt is enough to learn where the log ends; more would be written for replies settled long ago.
        async with self._catching_up:
            return not owed.settled and await self._mark(owed)

    async def _mark(self, owed: Owed) -> bool:
        """Write a receipt and wait until our own tail brings it: nothing older is unknown then."""
        claims = owed.state is None
        receipt = self._receipts.write(owed.key, owed.reply.id, "sending" if claims else "in_doubt")
        await self._read_to(await receipt)
        self._caught_up = True
        if owed.state is None:
            await self._give_up(owed)
        # Whoever else looked at the reply meanwhile may have parked it, but has not sent it: the claim is ours.
        return claims and owed.claim == self._receipts.id_of(owed.reply.id)

    async def _resolve(self, owed: Owed) -> None:
        """Find out what became of a reply that somebody began to send; it is parked when that takes too long."""
        began, pause = time.monotonic(), _FIRST_DOUBT
        outcome = await self._attempt(self._sender.resolve, owed.reply)
        while outcome.state == "in_doubt" and not owed.settled:
            if time.monotonic() - began > PARK_AFTER:
                outcome = Outcome("parked", error=outcome.error)
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
                return
            pause = min(pause * 2, _LONGEST_DOUBT)
            outcome = await self._attempt(self._sender.resolve, owed.reply)
        if not owed.settled:
            await self._note(owed, outcome)

    async def _attempt(self, act: Callable[[Reply], Awaitable[Outcome]], reply: Reply) -> Outcome:
        async with self._slots:
            try:
                return await act(reply)
            except Exception as error:  # the wire's faults are not ours to know: whatever it was, the reply is in doubt
                log.exception("send_failed", reply=reply.id)
                detail = f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL]
                return Outcome("in_doubt", error=ReceiptError(class_="sender", detail=detail))

    async def _note(self, owed: Owed, outcome: Outcome) -> None:
        """Write the outcome down, and read it back before the chat's next reply is looked at."""
        seq = await self._receipts.write(
            owed.key, owed.reply.id, outcome.state, provider_id=outcome.provider_id, error=outcome.error
        )
        await self._read_to(seq)

    async def _give_up(self, owed: Owed) -> None:
        """Keep a reply as a dead letter of which no receipt can be read (its id is too long for one)."""
        reply = owed.reply
        log.error(
            "reply_undeliverable", reply=reply.id[:64], reason="no receipt can name it", then="kept as a dead letter"
        )
        msg_id = f"dlq:{self._created.isoformat()}:{owed.seq}"
        try:
            await self._bury(codec.encode(reply), msg_id)
        except (LogFull, EventTooLarge) as refusal:
            log.warning("dead_letter_refused", id=msg_id, reason=str(refusal), then="the reply stays in the log alone")
        self._ledger.drop(owed)

    async def _bury(self, body: bytes, msg_id: str) -> None:
        """Keep `body` as a dead letter; tried until there is an answer. Raises LogFull, EventTooLarge."""
        while True:
            try:
                return await self._log.bury(self._account, body, reason="undeliverable", msg_id=msg_id)
            except LogUnavailable as outage:
                log.warning("dead_letter_refused", id=msg_id, reason=str(outage), retry_in=_OUTAGE_PAUSE)
            await asyncio.sleep(_OUTAGE_PAUSE)

    async def _read_to(self, seq: int) -> None:
        async with self._progress:
            await self._progress.wait_for(lambda: self._ledger.seq >= seq)

    def _save(self) -> None:
        try:
            self._file.save(Saved(self._created, self._ledger.checkpoint, self._ledger.since))
        except OSError as error:
            # The log is the memory: from an older checkpoint a restart reads more of it, and sends nothing twice.
            log.warning("checkpoint_not_saved", account=self._account, reason=str(error), then="goes on without")
