"""The send ledger: the pending replies of an account, folded from its events alone.

A reply is pending from its event in the log until receipts settle it, part by part, or its chat is erased. Receipts may
be repeated and may come in any order (a provider's do): the furthest state counts.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from chat.receipts import furthest, is_settled
from events.decisions import Erased, Reply
from events.inbound import Message, Receipt, ReceiptError, ReceiptState
from events.recorded import Recorded
from events.subjects import ChatKey

UNKNOWN = "unknown"
"""The class of an error whose code is in no list."""


class PendingReply(msgspec.Struct):
    """A pending reply, or the template that goes out in its stead.

    - `key`: its chat.
    - `seq`: the sequence of its event; for a template, of the receipt that asks for it.
    - `id`: the reply's id.
    - `reply`: the event; None for a template.
    - `template`: the template's name; None for a reply.
    - `part`: the number of the next message to send, counted from 1.
    - `parts`: the number of messages, as far as receipts tell; 0 while none does.
    - `state`: the furthest state of the next message; None before it is begun.
    - `claim`: the id of its first `sending` receipt. Only the process that wrote it may send the message. A `sending`
      with an error says that the message was not sent, and removes the claim.
    - `settled`: True once nothing more is to be sent.
    - `refused`: the last error of the next message, if it was refused with a code in no list; `refused_at`: the log's
      stamp on the first one.
    - `left`: a human has written in the chat since; no person's own reply is ever left.
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
        self._pending: dict[tuple[str, str, bool], PendingReply] = {}
        self._chats: dict[str, dict[tuple[str, bool], PendingReply]] = {}

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
        elif isinstance(event, Erased) and not event.done:
            for pending in list(self._chats.get(key.chat, {}).values()):
                self.drop(pending)
        elif isinstance(event, Receipt):
            self.since = min(self.since, recorded.at)
            known = self._pending.get((key.chat, event.reply, event.template is not None))
            if known is not None:
                self._advance(known, event)
            if event.instead is not None and event.state == "failed":
                self._add(PendingReply(key, recorded.seq, event.reply, None, event.instead))

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
        self._pending.pop((pending.key.chat, pending.id, pending.template is not None), None)
        replies = self._chats.get(pending.key.chat, {})
        replies.pop((pending.id, pending.template is not None), None)
        if not replies:
            self._chats.pop(pending.key.chat, None)

    def _add(self, pending: PendingReply) -> None:
        which = pending.template is not None
        if (pending.key.chat, pending.id, which) not in self._pending:
            self._pending[pending.key.chat, pending.id, which] = pending
            self._chats.setdefault(pending.key.chat, {})[pending.id, which] = pending

    def _leave(self, chat: str) -> None:
        """A human has written in the chat."""
        for pending in self._chats.get(chat, {}).values():
            pending.left = pending.left or pending.reply is None or pending.reply.author != "operator"

    def _advance(self, pending: PendingReply, receipt: Receipt) -> None:
        if not receipt.parts or receipt.state in ("failed", "parked"):
            # The receipt is for the whole reply, or ends it.
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
