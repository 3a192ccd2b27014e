"""Messages without an ending, by chat, folded from the log. While a chat has some, a reply must quote its message."""

from __future__ import annotations

from events.decisions import Ignored, Reply, TurnFailed
from events.inbound import Message
from events.recorded import Recorded


class OpenMessages:
    """The open messages of an account since the gateway's checkpoint."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, None]] = {}

    def fold(self, recorded: Recorded) -> None:
        event, chat = recorded.event, recorded.key.chat
        if isinstance(event, Message):
            if not event.from_me:
                self._open.setdefault(chat, {})[event.id] = None
            return
        if isinstance(event, Reply):
            ended = event.in_reply_to
        elif isinstance(event, Ignored | TurnFailed):
            ended = event.messages
        else:
            return
        there = self._open.get(chat, {})
        for id_ in ended:
            there.pop(id_, None)
        if not there:
            self._open.pop(chat, None)

    def any_in(self, chat: str) -> bool:
        """Whether the chat has messages without an ending."""
        return chat in self._open
