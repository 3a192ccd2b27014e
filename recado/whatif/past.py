"""One chat's past as the log tells it: its messages, the turns that answered them, their duration and their cost."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

import msgspec

from chat.evolve import evolve
from chat.state import Chat
from events.decisions import Attention, Decision, Ignored, MediaRead, Reply, TurnFailed, TurnStarted
from events.inbound import Message
from events.parts import Part
from events.recorded import Recorded, Unknown, Unreadable
from events.subjects import ChatKey
from events.tool_calls import ToolCalled, ToolReturned

Ending = Reply | TurnFailed | Ignored | Attention
"""The ending of a message or a turn."""


class MadeCall(msgspec.Struct, frozen=True):
    """A tool call of the log.

    - `id`: its id.
    - `name`: the tool's name.
    - `arguments`: its arguments as JSON.
    - `output`: its result; None if that is not known.
    - `failed`: whether it failed.
    - `send`, `quiet`: as in ToolReturned.
    """

    id: str
    name: str
    arguments: str
    output: str | None = None
    failed: bool = False
    send: tuple[Part, ...] = ()
    quiet: bool = False


class FormerTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn of the log.

    - `id`: its id.
    - `messages`: the messages that it answers.
    - `at`: when it began.
    - `ended_at`: when it ended; None while it runs.
    - `ending`: its own ending; None while it runs, or if another event cut it short.
    - `calls`: its tool calls.
    """

    id: str
    messages: tuple[str, ...]
    at: datetime
    ended_at: datetime | None = None
    ending: Reply | TurnFailed | Attention | None = None
    calls: tuple[MadeCall, ...] = ()

    @property
    def took(self) -> timedelta | None:
        """The time from its beginning to its end; None while it runs."""
        return self.ended_at - self.at if self.ended_at is not None else None


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """The past of one chat.

    - `key`: the chat.
    - `events`: its events in log order, repeats marked.
    - `turns`: its turns, in order.
    - `by_message`: the turns of each message, in order.
    - `usual`: the median duration of its turns.
    - `said`: the event of each message, without repeats.
    - `taken`: the sequence of the first decision about each message.
    - `ended`: the sequence of each message's first ending.
    - `endings`: each message's last ending.
    - `readings`: the texts that were read from files, by the file's name in the object store.
    """

    key: ChatKey
    events: tuple[Recorded, ...]
    turns: tuple[FormerTurn, ...] = ()
    by_message: dict[str, list[FormerTurn]] = {}
    usual: timedelta = timedelta(0)
    said: dict[str, Recorded] = {}
    taken: dict[str, int] = {}
    ended: dict[str, int] = {}
    endings: dict[str, Ending] = {}
    readings: dict[str, MediaRead] = {}

    @property
    def last(self) -> int:
        """Sequence of the last event."""
        return self.events[-1].seq if self.events else 0

    def count_before(self, seq: int) -> int:
        """The number of events before the sequence `seq`."""
        return bisect_left(self.events, seq, key=lambda recorded: recorded.seq)

    def count_at(self, moment: datetime) -> int:
        """The number of events before `moment`."""
        return next((n for n, recorded in enumerate(self.events) if recorded.at >= moment), len(self.events))

    def turns_about(self, message: str) -> list[FormerTurn]:
        """The turns of `message`, in order."""
        return self.by_message.get(message, [])


def past_of(key: ChatKey, events: Sequence[Recorded]) -> Past:
    """The past of a chat from its events, in which repeats are marked."""
    past = Past(key=key, events=tuple(events))
    turns = _Turns()
    for recorded in past.events:
        turns.fold(recorded)
        event = recorded.event
        if isinstance(event, Message) and not recorded.repeat:
            past.said[event.id] = recorded
        if isinstance(event, MediaRead):
            _read(past, event)
        if isinstance(event, Ending | TurnStarted):
            for message in named_by(event):
                past.taken.setdefault(message, recorded.seq)
                if not isinstance(event, TurnStarted | Attention):
                    past.ended.setdefault(message, recorded.seq)
                if not isinstance(event, TurnStarted):
                    _end(past, message, event)
    done = turns.done()
    for turn in done:
        for message in turn.messages:
            past.by_message.setdefault(message, []).append(turn)
    took = [turn.took.total_seconds() for turn in done if turn.ending is not None and turn.took is not None]
    usual = timedelta(seconds=median(took)) if took else timedelta(0)
    return msgspec.structs.replace(past, turns=tuple(done), usual=usual)


def named_by(event: Ending | TurnStarted) -> tuple[str, ...]:
    """The messages that the event is about."""
    return event.in_reply_to if isinstance(event, Reply) else event.messages


def _end(past: Past, message: str, ending: Ending) -> None:
    # The message was handed to a human and then ignored for that reason: the handoff is the better ending.
    if isinstance(ending, Ignored) and isinstance(past.endings.get(message), Attention):
        return
    past.endings[message] = ending


def _read(past: Past, event: MediaRead) -> None:
    said = past.said.get(event.message)
    if said is not None and isinstance(said.event, Message) and said.event.media is not None:
        past.readings[said.event.media.object] = event


class _Turns:
    """The turns of a chat, found by folding its events as its actor does."""

    def __init__(self) -> None:
        self._chat = Chat()
        self._running: FormerTurn | None = None
        self._done: list[FormerTurn] = []

    def done(self) -> list[FormerTurn]:
        return [*self._done, *([self._running] if self._running is not None else [])]

    def fold(self, recorded: Recorded) -> None:
        self._chat = evolve(self._chat, recorded)
        if recorded.side == "i" or isinstance(recorded.event, Unreadable | Unknown):
            return
        event: Decision = recorded.event  # type: ignore[assignment]
        if self._running is not None:
            self._note(self._running, event)
        now = self._chat.turn
        if self._running is not None and (now is None or now.id != self._running.id):
            self._close(self._running, event, recorded.at)
        if now is not None and self._running is None:
            self._running = FormerTurn(id=now.id, messages=now.messages, at=recorded.at)

    def _note(self, turn: FormerTurn, event: Decision) -> None:
        change: dict[str, object] = {}
        if isinstance(event, ToolCalled) and event.turn == turn.id:
            change["calls"] = (*turn.calls, MadeCall(event.call, event.name, event.arguments))
        elif isinstance(event, ToolReturned) and event.turn == turn.id:
            change["calls"] = tuple(_returned(call, event) for call in turn.calls)
        elif isinstance(event, Attention) and event.turn == turn.id:
            change["ending"] = event
        if change:
            self._running = msgspec.structs.replace(turn, **change)

    def _close(self, turn: FormerTurn, event: Decision, at: datetime) -> None:
        ending = turn.ending
        if isinstance(event, Reply | TurnFailed) and event.turn == turn.id:
            ending = event
        self._done.append(msgspec.structs.replace(turn, ended_at=at, ending=ending))
        self._running = None


def _returned(call: MadeCall, event: ToolReturned) -> MadeCall:
    if call.id != event.call or call.output is not None:
        return call
    return msgspec.structs.replace(call, output=event.output, failed=event.failed, send=event.send, quiet=event.quiet)
