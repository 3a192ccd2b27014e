"""The messages that the account sent lately, by Meta's ids: a status may come without its tracker."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from events.inbound import READING, Receipt
from events.log import EventLog, Tail
from events.recorded import Recorded
from gateways.cloud import tracker
from gateways.cloud.tracker import Tracker
from gateways.delivery.account_receipts import fold_receipts
from gateways.until_stopped import where_the_log_stands

MOST = 20_000
"""Messages that are remembered; a status without tracker of an older one is about nothing that recado knows."""

_LOOKS_BACK = 200_000
"""Sequences of the log that are read at start."""


class KnownMessages:
    """Meta's ids, folded from the receipts that bear them."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, Tracker] = OrderedDict()

    def of(self, provider_id: str) -> Tracker | None:
        """The tracker with which the message was sent; None if it is not known."""
        return self._messages.get(provider_id)

    def fold(self, recorded: Recorded) -> None:
        """Fold the account's next receipt."""
        event = recorded.event
        if not isinstance(event, Receipt) or not event.provider_id or event.provider_id in self._messages:
            return
        form = tracker.READING if event.file == READING else 0
        sent = Tracker(recorded.key.chat, event.reply, event.part, event.parts, event.template, form)
        self._messages[event.provider_id] = sent
        if len(self._messages) > MOST:
            self._messages.popitem(last=False)

    async def follow(self, log: EventLog, account: str, tail: Tail | None = None) -> None:
        """Read the latest receipts of the account from the log, now and as they come, by `tail` if it is given. Raises
        LogMismatch, LogUnavailable."""
        head = await where_the_log_stands(log, account, asyncio.Event())
        assert head is not None  # noqa: S101 - the wait is never stopped
        after = max(0, head.last - _LOOKS_BACK)
        await fold_receipts(tail or log.tail, account, after, self.fold)
