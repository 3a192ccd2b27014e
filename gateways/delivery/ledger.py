"""The send ledger: which replies of an account are still to be delivered, folded from its events alone.

A reply is owed from the moment it stands in the log until receipts settle it, part by part, or its chat is erased.
Receipts may be repeated and may come in any order (a provider's do): what counts is the furthest state.
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
    """A reply that is not settled, and where it stands in the log; with `template` what goes out in its stead.

    `part` is the message of it that is next, counted from 1, and `state` how far that one has come. `claim` is the id
    of the first `sending` receipt for it: whoever wrote that one may send it, and nobody else; it is free again when a
    `sending` with an error says that it was not sent. `parts` is how many there are as far as receipts tell (0: none
    has told).
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
    """The owed replies of one account, in log order.

    `since` is when a gateway of the account first followed this log: older replies are not its to send. A receipt that
    is older proves that there was a gateway before, and moves `since` back to it. `seq` is how far the log was read.
    """

    def __init__(self, since: datetime, seq: int = 0) -> None:
        self.since = since
        self.seq = seq
        self._owed: dict[tuple[str, str, bool], Owed] = {}
        self._chats: dict[str, dict[tuple[str, bool], Owed]] = {}

    def fold(self, recorded: Recorded) -> None:
        """Take in the account's next event."""
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
        """The chat's oldest owed reply."""
        return next(iter(self._chats.get(chat, {}).values()), None)

    @property
    def chats(self) -> tuple[str, ...]:
        """The chats with owed replies."""
        return tuple(self._chats)

    @property
    def checkpoint(self) -> int:
        """The sequence from which a restart may go on: no owed reply stands at or before it."""
        oldest = next(iter(self._owed.values()), None)
        return self.seq if oldest is None else oldest.seq - 1

    def drop(self, owed: Owed) -> None:
        """Nothing more is owed for this reply."""
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
            # Of the whole, or the end of it.
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
