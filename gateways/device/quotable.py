"""The latest messages, those of people and our own, so that a reply can quote them."""

from __future__ import annotations

from collections import OrderedDict

from events.decisions import Reply
from events.inbound import Message, Receipt
from events.recorded import Recorded
from gateways.delivery.open_messages import OpenMessages
from gateways.delivery.sender import Part
from gateways.device.wire import Quote

OURS = ""
"""The sender of a quoted message that is our own."""

_MOST = 5_000
_LONGEST = 500


class Quotable:
    """The latest messages, folded from the account's events since the gateway's checkpoint."""

    def __init__(self) -> None:
        self._open = OpenMessages()
        self._said: OrderedDict[tuple[str, str], Quote] = OrderedDict()

    def fold(self, recorded: Recorded) -> None:
        self._open.fold(recorded)
        event, chat = recorded.event, recorded.key.chat
        if isinstance(event, Message) and not event.from_me:
            self._keep(chat, event.id, Quote(event.id, event.sender or chat, (event.text or "")[:_LONGEST]))
        elif isinstance(event, Reply):
            self._keep(chat, event.id, Quote("", OURS, event.text[:_LONGEST]))
        elif isinstance(event, Receipt) and event.provider_id and event.state == "accepted":
            words = self._said.get((chat, event.reply))
            if words is not None and words.sender == OURS:
                quote = Quote(event.provider_id, OURS, words.text)
                self._keep(chat, f"{event.reply}#{event.part or 1}", quote)
                if event.part < 2:
                    self._keep(chat, event.reply, quote)

    def of(self, part: Part) -> Quote | None:
        """The quote that makes the part understood, or that its author chose; None where there is none."""
        quote = self._said.get((part.chat, self._open.quoted(part)))
        return quote if quote is not None and quote.id else None

    def known(self, chat: str, message: str) -> Quote | None:
        """The message as it is known to WhatsApp; None if it is not remembered."""
        quote = self._said.get((chat, message))
        return quote if quote is not None and quote.id else None

    def sender_of(self, chat: str, message: str) -> str | None:
        """The message's sender; None if the message is not remembered."""
        quote = self._said.get((chat, message))
        return quote.sender if quote is not None else None

    def _keep(self, chat: str, name: str, quote: Quote) -> None:
        self._said[chat, name] = quote
        if len(self._said) > _MOST:
            self._said.popitem(last=False)
