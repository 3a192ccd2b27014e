"""Delivers every reply of an account once: in log order, one at a time for each chat.

The log is the only memory. A `sending` receipt claims each part before it is sent; the claim is ours if our tail brings
that receipt as the first one for the part. The tail has then brought every earlier event too, so a reply that another
process (this gateway before a crash, or a second one) settled or claimed is not sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

import msgspec
import structlog
from msgspec.structs import replace

from events import codec
from events.backoff import Backoff
from events.decisions import Reply
from events.details import Detail
from events.inbound import READING, ReceiptError
from events.log import EventLog, LogError, LogUnavailable, Tail
from events.recorded import Recorded
from events.subjects import account_filter
from gateways.delivery.checkpoint import CheckpointFile, Saved
from gateways.delivery.in_its_stead import is_due
from gateways.delivery.ledger import Ledger, PendingReply
from gateways.delivery.next_part import Split, next_part
from gateways.delivery.receipts import LONGEST_ID, Receipts
from gateways.delivery.refused import GIVE_UP_AFTER, given_up, is_unknown, left_to_a_human, tell_unsent
from gateways.delivery.sender import Outcome, Part, Sender
from gateways.delivery.undeliverable import DEFECTS, broken, bury, described, set_aside
from gateways.until_stopped import end, unless_stopped, where_the_log_stands

CHATS_AT_ONCE = 64
"""Chats that are sent to at the same time."""

PARK_AFTER = 600.0
"""Seconds for which a reply in doubt holds up its chat, unless the gateway gives another limit."""

_FIRST_DOUBT, _LONGEST_DOUBT, _SAVE_EVERY = 1.0, 30.0, 1.0

log = structlog.get_logger("recado.gateway")


def _ignore(_recorded: Recorded) -> None: ...


def _whole(reply: Reply) -> Sequence[str]:
    return (reply.text,)


async def _at_once(part: Part) -> Part:
    return part


class Delivery:
    """The outbound half of the gateway of `account`.

    - `tail`: reads the account's events; by default a reading of its own.
    - `observe`: called with every event of the account after the checkpoint, in log order.
    - `split`: returns the messages of a reply, each a text or a part that is more; the same ones every time.
    - `ready`: returns the part when its chat may be sent to, and when its file is at the network, or its plain reading
      goes out instead. It runs before the claim: a crash in it leaves no doubt.
    - `in_doubt_timeout`: seconds after which a part in doubt is parked or sent again, as `on_timeout` says.
    - `give_up_after`: time for which a part that is refused with a code in no list is tried again.

    If the checkpoint is missing, belongs to another stream or lies beyond the log's end, the log is read from its
    beginning: settled replies stay settled, and replies from before the first gateway are ignored (see Ledger).
    """

    began_at: int
    """The log's last sequence when `run` began; later events happen while this gateway runs."""

    _ledger: Ledger
    _tasks: asyncio.TaskGroup

    def __init__(
        self,
        log: EventLog,
        account: str,
        sender: Sender,
        *,
        data_dir: Path,
        tail: Tail | None = None,
        observe: Callable[[Recorded], None] = _ignore,
        split: Split = _whole,
        ready: Callable[[Part], Coroutine[Any, Any, Part]] = _at_once,
        in_doubt_timeout: float | None = None,
        on_timeout: Literal["park", "resend"] = "park",
        give_up_after: timedelta = GIVE_UP_AFTER,
    ) -> None:
        self.started = asyncio.Event()
        """Set once `run` knows the log's last sequence: every later reply is delivered for certain."""
        self._log, self._account, self._sender = log, account, sender
        self._tail = tail or log.tail
        self._observe = observe
        self._split, self._ready = split, ready
        self._in_doubt_timeout, self._on_timeout = in_doubt_timeout, on_timeout
        self._give_up_after = give_up_after
        self._file = CheckpointFile(data_dir, account)
        self._receipts = Receipts(log, token_hex(6))
        self._slots = asyncio.Semaphore(CHATS_AT_ONCE)
        self._catching_up = asyncio.Lock()
        self._progress = asyncio.Condition()
        self._stopping = asyncio.Event()
        self._senders: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until `stop`, or until the log is closed.

        Raises GatewayRunning, LogMismatch, LogUnavailable (the log is closed for good). After a cancellation the parts
        that were being sent are in doubt, as after a crash.
        """
        with self._file.locked():
            head = await where_the_log_stands(self._log, self._account, self._stopping)
            if head is None:
                return
            saved = self._file.load()
            # A stream that lost its last events, or was restored from a backup, keeps its creation time.
            here = saved is not None and saved.created == head.created and saved.seq <= head.last
            since = saved.since if saved is not None else head.now
            self._ledger = Ledger(since, saved.seq if saved is not None and here else 0)
            self._created, self.began_at = head.created, head.last
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
        """Begin nothing new; `run` returns once the parts that are being sent have their outcomes."""
        self._stopping.set()

    async def _follow(self) -> None:
        saved_at = time.monotonic()
        async with aclosing(self._tail(self._ledger.seq, account_filter(self._account))) as batches:
            async for batch in batches:
                async with self._progress:
                    for recorded in batch:
                        self._take(recorded)
                    self._caught_up = self._caught_up or self._ledger.seq >= self.began_at
                    self._progress.notify_all()
                for chat in self._ledger.chats:
                    if chat not in self._senders and not self._stopping.is_set():
                        self._senders[chat] = self._tasks.create_task(self._serve(chat))
                if time.monotonic() - saved_at > _SAVE_EVERY:
                    await asyncio.to_thread(self._save)
                    saved_at = time.monotonic()
        self._stopping.set()

    def _take(self, recorded: Recorded) -> None:
        """Fold the account's next event. An event that raises is logged and skipped, so that it holds up no other."""
        for name, reader in (("ledger", self._ledger.fold), ("observer", self._observe)):
            try:
                reader(recorded)
            except Exception as defect:  # noqa: BLE001 - set_aside logs it
                set_aside(self._account, name, recorded.seq, defect)

    async def _serve(self, chat: str) -> None:
        """Deliver the chat's pending replies, one after the other."""
        attempt = 0
        try:
            while (pending := self._ledger.next(chat)) is not None and not self._stopping.is_set():
                try:
                    attempt = await self._advance(pending, attempt)
                except (LogError, OSError):
                    raise
                except Exception as defect:  # noqa: BLE001 - broken logs it
                    await self._park_broken(pending, attempt, defect)
        finally:
            del self._senders[chat]

    async def _advance(self, pending: PendingReply, attempt: int) -> int:
        """Take the reply's next step. Returns the number of the next attempt."""
        if not 1 <= len(pending.id) <= LONGEST_ID:
            await self._give_up(pending)
        elif not await is_due(self._log, pending):
            self._ledger.drop(pending)
        if pending.settled:
            return attempt
        part = next_part(pending, self._split)
        outcome: Outcome | None = None
        if part is None:
            detail = Detail.OTHER_PARTS.said(parts=pending.parts)
            await self._park(pending, attempt, ReceiptError(class_="parts", detail=detail))
        elif pending.state is None and (left := left_to_a_human(pending)) is not None:
            outcome = left
        elif pending.state is None and (part := await unless_stopped(self._ready(part), self._stopping)) is None:
            return attempt
        elif await self._claim(pending, part, attempt):
            outcome = left_to_a_human(pending) or await self._attempt(self._sender.send, part)
        elif self._is_open(pending, part):
            outcome = await self._resolve(pending, part)
        if part is not None and outcome is not None:
            await self._note(pending, part, attempt, outcome)
            return attempt + (outcome.state == "later")
        return attempt

    @staticmethod
    def _is_open(pending: PendingReply, part: Part) -> bool:
        """True if the sending of this part was begun and has no outcome yet."""
        return not pending.settled and pending.part == part.number and pending.state is not None

    async def _claim(self, pending: PendingReply, part: Part, attempt: int) -> bool:
        """Claim the part; whether it is ours to send. False also if it proves to be settled, or to need `_resolve`."""
        if self._caught_up:
            return await self._mark(pending, part, attempt)
        # One receipt is enough to reach the log's end. Without the lock there would be one for each old settled reply.
        async with self._catching_up:
            return not pending.settled and pending.part == part.number and await self._mark(pending, part, attempt)

    async def _mark(self, pending: PendingReply, part: Part, attempt: int) -> bool:
        """Write a receipt and wait until our tail brings it; the ledger then knows every earlier event."""
        if pending.settled:  # the chat was erased while the part was made ready: nothing more is written about it
            return False
        claims, piece = pending.state is None, part.piece(attempt)
        receipt = self._receipts.write(pending.key, piece, "sending" if claims else "in_doubt")
        await self._read_to(await receipt)
        self._caught_up = True
        # Another process may have parked the reply meanwhile, but has not sent it: the claim is ours.
        return claims and pending.claim == self._receipts.id_of(piece)

    async def _resolve(self, pending: PendingReply, part: Part) -> Outcome | None:
        """Ask the sender for the outcome of a part that was begun; `on_timeout` decides after `in_doubt_timeout`.

        Returns None if the log brings the outcome meanwhile, or `stop` is called.
        """
        patience = PARK_AFTER if self._in_doubt_timeout is None else self._in_doubt_timeout
        deadline, pause = time.monotonic() + patience, Backoff(_FIRST_DOUBT, _LONGEST_DOUBT)
        outcome = await self._attempt(self._sender.resolve, part)
        while outcome.state == "in_doubt" and self._is_open(pending, part):
            left = deadline - time.monotonic()
            if left <= 0:
                detail = Detail.NO_OUTCOME.said(seconds=f"{patience:g}")
                error = outcome.error or ReceiptError(class_="in_doubt", detail=detail)
                outcome = Outcome("later" if self._on_timeout == "resend" else "parked", error=error)
                break
            await self._pause(min(pause.seconds, left), lambda: not self._is_open(pending, part))
            if self._stopping.is_set():
                return None
            pause.grow()
            if self._is_open(pending, part):
                outcome = await self._attempt(self._sender.resolve, part)
        return outcome if self._is_open(pending, part) else None

    async def _attempt(self, act: Callable[[Part], Awaitable[Outcome]], part: Part) -> Outcome:
        async with self._slots:
            try:
                return await act(part)
            except DEFECTS as defect:  # another attempt would raise it again
                return Outcome("parked", error=broken(self._account, part.reply, defect))
            except Exception as error:  # each network has its own errors: any of them leaves the reply in doubt
                log.exception("send_failed", reply=part.reply)
                return Outcome("in_doubt", error=ReceiptError(class_="sender", detail=described(error)))

    async def _note(self, pending: PendingReply, part: Part, attempt: int, outcome: Outcome) -> None:
        """Write the outcome's receipt, and wait until the tail brings it: only then may the chat's next part follow."""
        outcome = given_up(pending, outcome, self._ledger.now, self._give_up_after)
        error = outcome.error
        if outcome.state == "failed" and error is not None and error.class_ == "content":
            await bury(
                self._log,
                pending.key,
                msgspec.json.encode(part),
                f"dlq:{self._created.isoformat()}:{pending.seq}:{part.number}",
            )
        later = outcome.state == "later"
        if later and error is None:
            error = ReceiptError(class_="later")
        piece = part.piece(attempt)
        if (reading := outcome.reading or part.reading) is not None:
            piece = replace(piece, file=READING)
            error = error or reading
        seq = await self._receipts.write(
            pending.key,
            piece,
            "sending" if outcome.state == "later" else outcome.state,
            provider_id=outcome.provider_id,
            error=error,
            instead=outcome.instead,
        )
        await self._read_to(seq)
        tell_unsent(self._account, pending.id, outcome)
        if later:
            await self._pause(outcome.after, lambda: pending.left and is_unknown(error))

    async def _park_broken(self, pending: PendingReply, attempt: int, defect: Exception) -> None:
        """Park a reply whose content makes sending fail, so that the chat's next reply can follow."""
        try:
            await self._park(pending, attempt, broken(self._account, pending.id, defect))
        except LogUnavailable:
            raise
        except Exception:  # no receipt can be written: without a drop the chat would be stuck
            log.exception("reply_not_parked", reply=pending.id[:64])
            await self._give_up(pending)

    async def _park(self, pending: PendingReply, attempt: int, error: ReceiptError) -> None:
        key = pending.key
        number, of, template, reading = pending.part, pending.parts, pending.template, pending.reading
        part = Part(key.account, key.chat, pending.id, "", number, of, template=template, reading=reading)
        await self._note(pending, part, attempt, Outcome("parked", error=error))

    async def _give_up(self, pending: PendingReply) -> None:
        """Keep a reply as a dead letter, because no receipt can name it (its id is empty or too long)."""
        log.error(
            "reply_undeliverable", reply=pending.id[:64], reason="no receipt can name it", then="kept as a dead letter"
        )
        if pending.reply is not None:
            name = f"dlq:{self._created.isoformat()}:{pending.seq}"
            await bury(self._log, pending.key, codec.encode(pending.reply), name)
        self._ledger.drop(pending)

    async def _pause(self, seconds: float, over: Callable[[], bool] = lambda: False) -> None:
        """Wait `seconds`, or until an event makes `over` true, or until `stop`."""

        async def follow() -> None:
            async with self._progress:
                await self._progress.wait_for(over)

        waits = [asyncio.create_task(follow()), asyncio.create_task(self._stopping.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(*waits)

    async def _read_to(self, seq: int) -> None:
        async with self._progress:
            await self._progress.wait_for(lambda: self._ledger.seq >= seq)

    def _save(self) -> None:
        try:
            self._file.save(Saved(self._created, self._ledger.checkpoint, self._ledger.since))
        except OSError as error:
            # An older checkpoint is safe: a restart reads more of the log and sends nothing twice.
            log.warning("checkpoint_not_saved", account=self._account, reason=str(error), then="goes on without")
