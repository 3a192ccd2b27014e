"""Cache of the contexts that models were shown lately. A reply extends its chat's context for the next turn.

Reading a context takes 0.1 to 0.3 ms: its lines lie on as many pages of the file, which SQLite fetches again after
every commit (docs/decisions/0091-where-a-replys-cpu-went.md). The projection is the source: a context is read from it
if the chat is not cached, or after any event but messages and their answer.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from chat.context import Line, readable, window
from chat.state import Chat
from chat.waiting_word import is_said_by
from events.decisions import Reply, RunStarted, ThreadCreated, TurnStarted
from events.inbound import Message, Receipt
from events.recorded import Recorded
from events.subjects import ChatKey
from events.tool_calls import ToolCalled, ToolReturned

MOST = 2000
"""Chats in the cache."""

LONGEST = 16_000
"""Characters of a context in the cache."""

_CHANGES_NOTHING = Message | Receipt | ThreadCreated | RunStarted | ToolCalled | ToolReturned


class _Shown(msgspec.Struct, gc=False):
    """A chat's context.

    - `turn`: the turn that is being answered.
    - `history`: the lines of the turns that have ended; None: not known yet.
    - `messages`: the lines of `turn`.
    - `limit`: most lines of `history`.
    """

    turn: str
    history: tuple[Line, ...] | None
    messages: tuple[Line, ...] = ()
    limit: int = 0


class ContextCache:
    """Contexts by chat, of chats that have begun a turn lately."""

    def __init__(self) -> None:
        self._shown: OrderedDict[ChatKey, _Shown] = OrderedDict()

    def of(self, key: ChatKey, turn: str, limit: int) -> tuple[Line, ...] | None:
        """The last `limit` lines before the running `turn`, up to the last event heard; None: they have to be read."""
        shown = self._shown.get(key)
        return shown.history if shown is not None and (shown.turn, shown.limit) == (turn, limit) else None

    def show(self, key: ChatKey, turn: str, limit: int, history: tuple[Line, ...], messages: tuple[Line, ...]) -> None:
        """Remember the lines that a model is shown for `turn`, `limit` of the history, unless the chat has since heard
        an event that changes them."""
        shown = self._shown.get(key)
        if shown is None or shown.turn != turn:
            return
        if sum(len(line.text) for line in history) > LONGEST:
            self.forget(key)
        else:
            shown.history, shown.messages, shown.limit = history, messages, limit

    def hear(self, recorded: Recorded, chat: Chat) -> None:
        """Take in the next event of a chat, in log order; `chat` is its state before the event."""
        key, event = recorded.key, recorded.event
        if isinstance(event, TurnStarted):
            self._begin(key, event, chat)
        elif (shown := self._shown.get(key)) is None or _changes_nothing(event, shown.turn):
            return
        elif isinstance(event, Reply) and event.turn == shown.turn and shown.history is not None and shown.messages:
            lines = (*shown.history, *shown.messages, Line("assistant", readable(event.text)))
            shown.history, shown.messages = window(lines, shown.limit), ()
        else:
            self.forget(key)

    def forget(self, key: ChatKey) -> None:
        """Drop the chat's context: the next turn reads it."""
        self._shown.pop(key, None)

    def _begin(self, key: ChatKey, event: TurnStarted, chat: Chat) -> None:
        """Begin a turn, or forget the context where the next one differs from it: a file reads otherwise once its turn
        has ended, messages that are answered again lose their former ending, and messages from before a reset are no
        context, even if they are answered after it."""
        is_reset = bool(chat.waiting) and chat.waiting[0].seq <= chat.reset_upto
        if is_reset or event.cause is not None or event.instead is not None or event.media:
            self.forget(key)
            return
        shown = self._shown.setdefault(key, _Shown(event.turn, None))
        shown.turn, shown.messages = event.turn, ()
        self._shown.move_to_end(key)
        if len(self._shown) > MOST:
            self._shown.popitem(last=False)


def _changes_nothing(event: object, turn: str) -> bool:
    """True if no line of the context changes with the event; `turn` is being answered."""
    return isinstance(event, _CHANGES_NOTHING) or (isinstance(event, Reply) and is_said_by(event, turn))
