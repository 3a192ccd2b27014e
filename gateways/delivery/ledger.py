"""The send ledger: the pending replies of an account, folded from its events alone.

A reply is pending from its event in the log until receipts settle it, part by part, or its chat is erased. Receipts may
be repeated and may come in any order (a provider's do): the furthest state counts.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from chat.receipts import furthest, is_settled
from chat.takeover import TAKEN_OVER
from events.decisions import Erased, Paused, Reply
from events.inbound import READING, REFUSED_FILE, Message, Receipt, ReceiptError, ReceiptState
from events.recorded import Recorded
from events.subjects import ChatKey

UNKNOWN = "unknown"
"""The class of an error whose code is in no list."""


class PendingReply(msgspec.Struct):
    """A pending reply, the template that goes out in its stead, or the plain reading of a file that was refused later.

    - `key`: its chat.
    - `seq`: the sequence of its event; for a template or reading, of the receipt that asks for it.
    - `id`: the reply's id.
    - `reply`: the event; None for a template, and for a reading until it is looked up.
    - `template`: the template's name; None for a reply.
    - `reading`: the reason for which the file was refused; None for a reply. `part` and `parts` are then its own.
    - `part`: the number of the next message to send, counted from 1.
    - `parts`: the number of messages, as far as receipts tell; 0 while none does.
    - `state`: the furthest state of the next message; None before it is begun.
    - `claim`: the id of its first `sending` receipt. Only the process that wrote it may send the message. A `sending`
      with an error says that the message was not sent, and removes the claim.
    - `settled`: True once nothing more is to be sent.
    - `refused`: the last error of the next message, if it was refused with a code in no list; `refused_at`: the log's
      stamp on the first one.
    - `left`: a human has written in the chat since; no person's own reply is ever left.
    - `overtaken`: a human took the chat over before any message of it was claimed; an assistant's reply only.
    """

    key: ChatKey
    seq: int
    id: str
    reply: Reply | None
    template: str | None = None
    part: int = 1
    parts: int = 0
    state: ReceiptState | None = None
    claim: str | None = None
    settled: bool = False
    refused: ReceiptError | None = None
    refused_at: datetime | None = None
    left: bool = False
    overtaken: bool = False
    reading: ReceiptError | None = None

    @property
    def which(self) -> str:
        """Tells a reply, its template and the readings of its parts apart."""
        if self.reading is not None:
            return f"{READING} {self.part if self.parts else 0}"
        return "template" if self.template is not None else ""


class Ledger:
    """The pending replies of one account, in log order.

    - `since`: when a gateway of the account first followed this log; older replies are not sent. An older receipt
      proves an earlier gateway, and moves `since` back to its time.
    - `seq`: the sequence up to which the log was read.
    - `now`: the log's stamp on the last event that was read.
    """

    def __init__(self, since: datetime, seq: int = 0) -> None:
        self.since = since
        self.seq = seq
        self.now = since
        self._pending: dict[tuple[str, str, str], PendingReply] = {}
        self._chats: dict[str, dict[tuple[str, str], PendingReply]] = {}

    def fold(self, recorded: Recorded) -> None:
        """Fold the account's next event."""
        self.seq, self.now = recorded.seq, recorded.at
        event, key = recorded.event, recorded.key
        if isinstance(event, Message):
            if event.from_me:
                self._leave(key.chat)
        elif isinstance(event, Reply):
            if event.author == "operator":
                self._leave(key.chat)
            if recorded.at >= self.since:
                self._add(PendingReply(key, recorded.seq, event.id, event))
        elif isinstance(event, Paused) and event.reason == TAKEN_OVER:
            self._overtake(key.chat)
        elif isinstance(event, Erased) and not event.done:
            for pending in list(self._chats.get(key.chat, {}).values()):
                self.drop(pending)
        elif isinstance(event, Receipt):
            self.since = min(self.since, recorded.at)
            self._told(recorded, event)

    def next(self, chat: str) -> PendingReply | None:
        """The chat's oldest pending reply."""
        return next(iter(self._chats.get(chat, {}).values()), None)

    @property
    def chats(self) -> tuple[str, ...]:
        """The chats with pending replies."""
        return tuple(self._chats)

    @property
    def checkpoint(self) -> int:
        """The sequence after which a restart may go on: every pending reply is later."""
        oldest = next(iter(self._pending.values()), None)
        return self.seq if oldest is None else oldest.seq - 1

    def drop(self, pending: PendingReply) -> None:
        """End the reply: nothing more of it is sent."""
        pending.settled = True
        self._pending.pop((pending.key.chat, pending.id, pending.which), None)
        replies = self._chats.get(pending.key.chat, {})
        replies.pop((pending.id, pending.which), None)
        if not replies:
            self._chats.pop(pending.key.chat, None)

    def _told(self, recorded: Recorded, receipt: Receipt) -> None:
        key = recorded.key
        if receipt.file == REFUSED_FILE and receipt.error is not None:
            # The message was taken, so the reply goes on; its words follow in the order of the log.
            if (known := self._pending.get((key.chat, receipt.reply, ""))) is not None:
                self._advance(known, replace(receipt, state="accepted", error=None))
            part = max(receipt.part, 1)
            reading = PendingReply(
                key, recorded.seq, receipt.reply, None, part=part, parts=receipt.parts, reading=receipt.error
            )
            self._add(reading)
            return
        if (known := self._named(key.chat, receipt)) is not None:
            self._advance(known, receipt)
        if receipt.instead is not None and receipt.state == "failed":
            self._add(PendingReply(key, recorded.seq, receipt.reply, None, receipt.instead))

    def _named(self, chat: str, receipt: Receipt) -> PendingReply | None:
        """The pending reply, template or reading that the receipt is about. A plain reading that went at once, in place
        of a file, is the reply's own message."""
        if receipt.template is not None:
            return self._pending.get((chat, receipt.reply, "template"))
        own = self._pending.get((chat, receipt.reply, ""))
        if receipt.file != READING:
            return own
        return self._pending.get((chat, receipt.reply, f"{READING} {receipt.part}"), own)

    def _add(self, pending: PendingReply) -> None:
        if (pending.key.chat, pending.id, pending.which) not in self._pending:
            self._pending[pending.key.chat, pending.id, pending.which] = pending
            self._chats.setdefault(pending.key.chat, {})[pending.id, pending.which] = pending

    def _leave(self, chat: str) -> None:
        """A human has written in the chat."""
        for pending in self._chats.get(chat, {}).values():
            pending.left = pending.left or pending.reply is None or pending.reply.author != "operator"

    def _overtake(self, chat: str) -> None:
        """A human has taken the chat over."""
        for pending in self._chats.get(chat, {}).values():
            is_untouched = pending.state is None and pending.part == 1
            is_assistants = pending.reply is not None and pending.reply.author == "assistant"
            pending.overtaken |= is_untouched and is_assistants

    def _advance(self, pending: PendingReply, receipt: Receipt) -> None:
        if not receipt.parts or receipt.state in ("failed", "parked") or pending.reading is not None:
            # The receipt is for the whole of what is sent, or ends it.
            self._step(pending, receipt)
            if is_settled(receipt.state):
                self.drop(pending)
            return
        if receipt.part < pending.part:
            return
        if receipt.part > pending.part:
            self._go_on(pending, receipt.part)
        pending.parts = receipt.parts
        self._step(pending, receipt)
        if is_settled(pending.state):
            if pending.part >= receipt.parts:
                self.drop(pending)
            else:
                self._go_on(pending, pending.part + 1)

    @staticmethod
    def _go_on(pending: PendingReply, part: int) -> None:
        pending.part, pending.state, pending.claim = part, None, None
        pending.refused = pending.refused_at = None

    def _step(self, pending: PendingReply, receipt: Receipt) -> None:
        if receipt.state == "sending" and receipt.error is not None:
            if pending.state in ("sending", "in_doubt"):
                pending.state, pending.claim = None, None
            if receipt.error.class_ == UNKNOWN:
                pending.refused, pending.refused_at = receipt.error, pending.refused_at or self.now
            return
        if receipt.state == "sending" and pending.claim is None:
            pending.claim = receipt.id
        pending.state = furthest(pending.state, receipt.state)
