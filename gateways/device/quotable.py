"""The people's latest messages, so that a reply can quote them."""

from __future__ import annotations

from collections import OrderedDict

from events.inbound import Message
from events.jid import is_group
from events.recorded import Recorded
from gateways.delivery.open_messages import OpenMessages
from gateways.delivery.sender import Part
from gateways.device.wire import Quote

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
            self._said[chat, event.id] = Quote(event.id, event.sender or chat, (event.text or "")[:_LONGEST])
            if len(self._said) > _MOST:
                self._said.popitem(last=False)

    def of(self, part: Part) -> Quote | None:
        """The quote that makes the part understood; None where it is clear without one.

        A reply quotes in a group, if it answers several messages, if others of the chat are open, or by choice of its
        author.
        """
        last = part.quote or (part.in_reply_to[-1] if part.in_reply_to else "")
        unclear = is_group(part.chat) or len(part.in_reply_to) > 1 or self._open.any_in(part.chat)
        is_quoted = unclear or part.quote is not None
        return self._said.get((part.chat, last)) if is_quoted and part.number == 1 else None

    def sender_of(self, chat: str, message: str) -> str | None:
        """The message's sender; None if the message is not remembered."""
        quote = self._said.get((chat, message))
        return quote.sender if quote is not None else None
