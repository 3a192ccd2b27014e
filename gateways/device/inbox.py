"""Stores the events of a linked device: each is in the log before the next one is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import structlog
from msgspec.structs import replace
from neonize.proto.Neonize_pb2 import Message as MessageEvent
from neonize.proto.Neonize_pb2 import Receipt as ReceiptEvent
from prometheus_client import Counter

from chat.gates import ME
from events.backoff import Backoff
from events.inbound import Message, Receipt, ReceiptState
from events.jid import canonical
from events.log import EventLog, EventTooLarge, LogFull, LogMismatch, LogUnavailable
from events.subjects import ChatKey
from gateways.delivery.receipts import Piece
from gateways.device.files import Files
from gateways.device.parsing import LID, Arrived, Notice, at_seconds, parse
from gateways.device.sent import Sent, Told
from gateways.device.wire import Phone
from gateways.intake import Intake, MessageIdRefused, People

_STATES: dict[int, ReceiptState] = {
    ReceiptEvent.DELIVERED: "delivered",
    ReceiptEvent.READ: "read",
    ReceiptEvent.PLAYED: "read",
}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0

EVENTS = Counter("recado_device_events", "Events of the linked device, by what became of them", ["outcome"])

log = structlog.get_logger("recado.gateway")


class Inbox:
    """Stores the messages and receipts that the device of `account` gets."""

    def __init__(self, event_log: EventLog, account: str, phone: Phone, people: People, files: Files) -> None:
        self.sent = Sent(self._found)
        self._log = event_log
        self._account = account
        self._phone = phone
        self._files = files
        self._intake = Intake(event_log, people)
        self._receipts: set[asyncio.Task[None]] = set()

    async def receive(self, event: Any) -> None:
        """Store the event, and try until the log has it, because WhatsApp does not send it again. Raises
        LogMismatch."""
        try:
            if isinstance(event, ReceiptEvent):
                self._told(event)
                await self.settle()
            else:
                await self._take(event)
        except LogMismatch:
            raise
        except (ValueError, EventTooLarge, MessageIdRefused) as refusal:
            await self._bury(event, str(refusal))
        except Exception as defect:
            log.exception("event_not_understood", account=self._account)
            await self._bury(event, f"{type(defect).__name__}: {defect}")

    async def settle(self) -> None:
        """Return when the log has every receipt of sent messages."""
        await asyncio.gather(*self._receipts)

    async def _take(self, event: MessageEvent) -> None:
        arrived = parse(event, self._account)
        if isinstance(arrived, Notice):
            log.debug(arrived.what, account=self._account, id=event.Info.ID)
            EVENTS.labels(arrived.what).inc()
            return
        await self._until_taken(lambda: self._store(event, arrived))
        EVENTS.labels("stored").inc()

    async def _bury(self, event: Any, reason: str) -> None:
        """Keep an unreadable event as a dead letter; tries again while the log does not answer. An event that cannot be
        kept is lost and logged: it must not hold up the others."""
        log.warning("event_unread", account=self._account, reason=reason[:300], then="kept as a dead letter")
        EVENTS.labels("unread").inc()
        try:
            raw = event.SerializePartialToString()
            msg_id = f"device:{sha256(raw).hexdigest()}"
            await self._until_kept(raw, f"linked device: {reason[:300]}", msg_id)
        except LogMismatch:
            raise
        except Exception as defect:
            log.exception("event_lost", account=self._account, reason=f"{type(defect).__name__}: {defect}"[:300])
            EVENTS.labels("lost").inc()

    async def _until_kept(self, raw: bytes, reason: str, msg_id: str) -> None:
        """Raises LogFull at once: the dead letters may be full for good, while the log has room."""
        pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                return await self._log.bury(self._account, raw, reason=reason, msg_id=msg_id)
            except LogUnavailable as refusal:
                log.warning("event_not_stored", account=self._account, reason=str(refusal), retry_in=pause.seconds)
            await pause.wait()

    async def _store(self, event: MessageEvent, arrived: Arrived) -> None:
        chat, *chat_names = await self._known(arrived.chat)
        key = ChatKey(self._account, chat)
        message = arrived.event
        if isinstance(message, Message):
            sender, *names = await self._known(arrived.sender) if arrived.sender else (None, *chat_names)
            mentions = await self._mentions(message)
            message = replace(message, sender=sender, aliases=tuple(name for name in names if name), mentions=mentions)
        stored = await self._intake.store(key, message, chat_names)
        if isinstance(message, Message) and message.media is not None and not stored.duplicate:
            self._files.fetch(event, message)

    async def _mentions(self, message: Message) -> tuple[str, ...]:
        """The mentioned JIDs, and ME if the device's owner is among them."""
        mentioned = message.mentions
        if mentioned and not set(mentioned).isdisjoint(await self._phone.own_names()):
            return (*mentioned, ME)
        return mentioned

    async def _known(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names, with the phone number first that the device knows for a LID."""
        if all(name.endswith(LID) for name in names):
            number = await self._phone.number_of(names[0])
            return (canonical(number), *names) if number is not None else names
        return names

    def _told(self, event: ReceiptEvent) -> None:
        state = _STATES.get(event.Type) if event.HasField("Type") else None  # unset reads as DELIVERED
        if state is None or event.MessageSource.IsFromMe:
            EVENTS.labels("other_receipt").inc()
            return
        for message in event.MessageIDs:
            self.sent.tell(message, Told(state, at_seconds(event.Timestamp)))

    def _found(self, key: ChatKey, piece: Piece, message: str, told: Told) -> None:
        task = asyncio.create_task(self._note(key, piece, message, told))
        self._receipts.add(task)
        task.add_done_callback(self._receipts.discard)

    async def _note(self, key: ChatKey, piece: Piece, message: str, told: Told) -> None:
        try:
            await self._write(key, piece, message, told)
        except LogMismatch:
            raise
        except Exception as defect:  # an error of one receipt must not end the others
            log.exception("receipt_lost", account=self._account, reply=piece.reply[:64], reason=type(defect).__name__)
            EVENTS.labels("lost").inc()

    async def _write(self, key: ChatKey, piece: Piece, message: str, told: Told) -> None:
        receipt = Receipt(
            id=message,
            reply=piece.reply,
            state=told.state,
            provider_id=message,
            at=told.at,
            part=piece.part,
            parts=piece.parts,
        )
        msg_id = f"receipt:{key.account}:{key.chat}:{message}:{told.state}"
        await self._until_taken(lambda: self._log.publish(key, receipt, msg_id=msg_id))
        EVENTS.labels("receipt").inc()

    async def _until_taken(self, store: Callable[[], Awaitable[Any]]) -> None:
        pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                await store()
            except (LogUnavailable, LogFull) as refusal:
                log.warning("event_not_stored", account=self._account, reason=str(refusal), retry_in=pause.seconds)
            else:
                return
            await pause.wait()
