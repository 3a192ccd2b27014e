"""Maps the ids of sent messages to their replies, folded from receipts, because WhatsApp reports bear only the id."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

import msgspec

from events.inbound import Receipt, ReceiptState
from events.log import EventLog
from events.recorded import Recorded
from events.subjects import ChatKey
from gateways.delivery.account_receipts import fold_receipts
from gateways.delivery.receipts import Piece

MOST = 20_000
"""Messages that are remembered; later reports about older ones are dropped."""

_MOST_EARLY = 1_000


class Told(msgspec.Struct, frozen=True):
    """A report of WhatsApp about a sent message: the state and its time."""

    state: ReceiptState
    at: datetime | None


class Sent:
    """The messages that the account sent. `found` is called with each report about one of them, also with reports that
    came before the message's receipt."""

    def __init__(self, found: Callable[[ChatKey, Piece, str, Told], None]) -> None:
        self._found = found
        self._replies: OrderedDict[str, tuple[ChatKey, Piece]] = OrderedDict()
        self._early: OrderedDict[str, list[Told]] = OrderedDict()

    async def follow(self, log: EventLog, account: str) -> None:
        """Read every receipt of the account from the log, now and as they come; one that raises is skipped. Raises
        LogMismatch, LogUnavailable."""
        await fold_receipts(log.tail, account, 0, self.fold)

    def fold(self, recorded: Recorded) -> None:
        """Fold the account's next receipt."""
        event = recorded.event
        if not isinstance(event, Receipt) or event.state != "accepted" or not event.provider_id:
            return
        piece = Piece(event.reply, event.part, event.parts, event.template)
        self._replies[event.provider_id] = (recorded.key, piece)
        if len(self._replies) > MOST:
            self._replies.popitem(last=False)
        for told in self._early.pop(event.provider_id, ()):
            self._found(recorded.key, piece, event.provider_id, told)

    def tell(self, message: str, told: Told) -> None:
        """Take a report about a message. WhatsApp also reports on those that the owner wrote by hand; they have no
        receipt."""
        if message in self._replies:
            self._found(*self._replies[message], message, told)
            return
        self._early.setdefault(message, []).append(told)
        if len(self._early) > _MOST_EARLY:
            self._early.popitem(last=False)
