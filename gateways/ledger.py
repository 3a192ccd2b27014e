"""The send ledger: which replies of an account are still to be delivered, folded from its events alone.

A reply is owed from the moment it stands in the log until a receipt settles it. Receipts may be repeated and may come
in any order (a provider's do): what counts is the furthest state.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from chat.receipts import furthest, is_settled
from events.decisions import Reply
from events.ids import ChatKey
from events.inbound import Receipt, ReceiptState
from events.recorded import Recorded


class Owed(msgspec.Struct):
    """A reply that is not settled, and where it stands in the log.

    `claim` is the id of the first `sending` receipt: whoever wrote that one may send the reply, and nobody else.
    """

    key: ChatKey
    seq: int
    reply: Reply
    state: ReceiptState | None = None
    claim: str | None = None

    @property
    def settled(self) -> bool:
        return is_settled(self.state)


class Ledger:
    """The owed replies of one account, in log order.

    `since` is when a gateway of the account first followed this log: older replies are not its to send. A receipt that
    is older proves that there was a gateway before, and moves `since` back to it. `seq` is how far the log was read.
    """

    def __init__(self, since: datetime, seq: int = 0) -> None:
        self.since = since
        self.seq = seq
        self._owed: dict[tuple[str, str], Owed] = {}
        self._chats: dict[str, dict[str, Owed]] = {}

    def fold(self, recorded: Recorded) -> None:
        """Take in the account's next event."""
        self.seq = recorded.seq
        event, key = recorded.event, recorded.key
        if isinstance(event, Reply):
            if recorded.at >= self.since:
                owed = Owed(key, recorded.seq, event)
                self._owed[key.chat, event.id] = owed
                self._chats.setdefault(key.chat, {})[event.id] = owed
        elif isinstance(event, Receipt):
            self.since = min(self.since, recorded.at)
            known = self._owed.get((key.chat, event.reply))
            if known is not None:
                self._advance(known, event)

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
        self._owed.pop((owed.key.chat, owed.reply.id), None)
        replies = self._chats.get(owed.key.chat, {})
        replies.pop(owed.reply.id, None)
        if not replies:
            self._chats.pop(owed.key.chat, None)

    def _advance(self, owed: Owed, receipt: Receipt) -> None:
        if receipt.state == "sending" and owed.claim is None:
            owed.claim = receipt.id
        owed.state = furthest(owed.state, receipt.state)
        if owed.settled:
            self.drop(owed)
