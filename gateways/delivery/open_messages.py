"""Messages without an ending, and the newest one, by chat, folded from the log: they show whether a reply is understood
without a quote."""

from __future__ import annotations

from collections import OrderedDict

from events.decisions import Ignored, Reply, TurnFailed
from events.inbound import Message
from events.jid import is_group
from events.recorded import Recorded
from gateways.delivery.sender import Part

_MOST_CHATS = 20_000
_BESIDE = frozenset({"reaction", "system", "call", "poll"})
"""Kinds after which a reply is as clear as before."""


class OpenMessages:
    """The open messages of an account since the gateway's checkpoint."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, None]] = {}
        self._newest: OrderedDict[str, str] = OrderedDict()

    def fold(self, recorded: Recorded) -> None:
        event, chat = recorded.event, recorded.key.chat
        if isinstance(event, Message):
            if not event.from_me and not recorded.repeat and event.kind not in _BESIDE:
                self._open.setdefault(chat, {})[event.id] = None
                self._came(chat, event)
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

    def quoted(self, part: Part) -> str:
        """The message that the part quotes; empty: none.

        A reply quotes by choice of its author; without one, if it would else be unclear: in a group, if it answers
        several messages, if others of the chat are open, or if the person has written after the one that it answers.
        """
        if part.number > 1:
            return ""
        if part.quote is not None:
            return part.quote
        last = part.in_reply_to[-1] if part.in_reply_to else ""
        unclear = is_group(part.chat) or len(part.in_reply_to) > 1 or part.chat in self._open
        return last if unclear or self._newest.get(part.chat, last) != last else ""

    def _came(self, chat: str, event: Message) -> None:
        self._newest[chat] = event.id
        self._newest.move_to_end(chat)
        if len(self._newest) > _MOST_CHATS:
            self._newest.popitem(last=False)
