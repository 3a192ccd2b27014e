"""The send ledger: the pending replies of an account, folded from its events alone.

A reply is pending from its event in the log until receipts settle it, part by part, or its chat is erased. Receipts may
be repeated and may come in any order (a provider's do): the furthest state counts.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from chat.receipts import furthest, is_settled
from events.decisions import Erased, Reply
from events.inbound import Receipt, ReceiptState
from events.recorded import Recorded
from events.subjects import ChatKey


class Owed(msgspec.Struct):
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


class Ledger:
    """The pending replies of one account, in log order.

    - `since`: when a gateway of the account first followed this log; older replies are not sent. An older receipt
      proves an earlier gateway, and moves `since` back to its time.
    - `seq`: the sequence up to which the log was read.
    """

    def __init__(self, since: datetime, seq: int = 0) -> None:
        self.since = since
        self.seq = seq
        self._owed: dict[tuple[str, str, bool], Owed] = {}
        self._chats: dict[str, dict[tuple[str, bool], Owed]] = {}

    def fold(self, recorded: Recorded) -> None:
        """Fold the account's next event."""
        self.seq = recorded.seq
        event, key = recorded.event, recorded.key
        if isinstance(event, Reply):
            if recorded.at >= self.since:
                self._add(Owed(key, recorded.seq, event.id, event))
        elif isinstance(event, Erased) and not event.done:
            for owed in list(self._chats.get(key.chat, {}).values()):
                self.drop(owed)
        elif isinstance(event, Receipt):
            self.since = min(self.since, recorded.at)
            known = self._owed.get((key.chat, event.reply, event.template is not None))
            if known is not None:
                self._advance(known, event)
            if event.instead is not None and event.state == "failed":
                self._add(Owed(key, recorded.seq, event.reply, None, event.instead))

    def next(self, chat: str) -> Owed | None:
        """The chat's oldest pending reply."""
        return next(iter(self._chats.get(chat, {}).values()), None)

    @property
    def chats(self) -> tuple[str, ...]:
        """The chats with pending replies."""
        return tuple(self._chats)

    @property
    def checkpoint(self) -> int:
        """The sequence after which a restart may go on: every pending reply is later."""
        oldest = next(iter(self._owed.values()), None)
        return self.seq if oldest is None else oldest.seq - 1

    def drop(self, owed: Owed) -> None:
        """End the reply: nothing more of it is sent."""
        owed.settled = True
        self._owed.pop((owed.key.chat, owed.id, owed.template is not None), None)
        replies = self._chats.get(owed.key.chat, {})
        replies.pop((owed.id, owed.template is not None), None)
        if not replies:
            self._chats.pop(owed.key.chat, None)

    def _add(self, owed: Owed) -> None:
        which = owed.template is not None
        if (owed.key.chat, owed.id, which) not in self._owed:
            self._owed[owed.key.chat, owed.id, which] = owed
            self._chats.setdefault(owed.key.chat, {})[owed.id, which] = owed

    def _advance(self, owed: Owed, receipt: Receipt) -> None:
        if not receipt.parts or receipt.state in ("failed", "parked"):
            # The receipt is for the whole reply, or ends it.
            self._step(owed, receipt)
            if is_settled(receipt.state):
                self.drop(owed)
            return
        if receipt.part < owed.part:
            return
        if receipt.part > owed.part:
            owed.part, owed.state, owed.claim = receipt.part, None, None
        owed.parts = receipt.parts
        self._step(owed, receipt)
        if is_settled(owed.state):
            if owed.part >= receipt.parts:
                self.drop(owed)
            else:
                owed.part, owed.state, owed.claim = owed.part + 1, None, None

    def _step(self, owed: Owed, receipt: Receipt) -> None:
        if receipt.state == "sending" and receipt.error is not None:
            if owed.state in ("sending", "in_doubt"):
                owed.state, owed.claim = None, None
            return
        if receipt.state == "sending" and owed.claim is None:
            owed.claim = receipt.id
        owed.state = furthest(owed.state, receipt.state)
