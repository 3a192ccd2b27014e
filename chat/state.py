"""What a chat knows of itself: small, whatever its history, because an actor wakes from it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from events.inbound import Control


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """A message without an ending and without a turn.

    `sent` is when the person sent it (never later than `stored`), `stored` is the log's stamp; `fault` is the reason
    for which it will be ignored, if there is one in the message itself.
    """

    id: str
    seq: int
    sent: datetime
    stored: datetime
    fault: str | None = None


class Call(msgspec.Struct, frozen=True, gc=False):
    """A tool that the model asked for in `run`. `by` is the incarnation that wrote the call down before making it,
    `output` what came of it (None: nothing yet)."""

    id: str
    name: str
    arguments: str
    by: str
    run: str | None = None
    output: str | None = None


class Turn(msgspec.Struct, frozen=True, gc=False):
    """The messages that are being answered. `by` is the incarnation that may act on it, `newest` when the last of its
    messages was sent, `seq` where `turn_started` stands. `run` is the provider's id of the run that works on it, in the
    `attempt`th attempt; `runs` are those of this attempt, one having been continued by the next. `calls` are the tools
    that were asked for, `threads` counts those that were made for the turn."""

    id: str
    messages: tuple[str, ...]
    backend: str
    seq: int
    by: str
    newest: datetime
    run: str | None = None
    attempt: int = 0
    calls: tuple[Call, ...] = ()
    runs: tuple[str, ...] = ()
    threads: int = 0

    @property
    def current_calls(self) -> tuple[Call, ...]:
        """The calls of the run that works on the turn now; those of a run before it are only remembered."""
        return tuple(call for call in self.calls if call.run == self.run)


class Thread(msgspec.Struct, frozen=True, gc=False):
    """The conversation's place at a backend."""

    backend: str
    id: str


class Pause(msgspec.Struct, frozen=True, gc=False):
    """Nothing is answered before `until` (None: before somebody resumes)."""

    until: datetime | None


class Order(msgspec.Struct, frozen=True, gc=False):
    """A control that no decision has named as its cause yet, and its sequence."""

    seq: int
    control: Control


class Chat(msgspec.Struct, frozen=True, gc=False):
    """The folded state. `i` and `o` are cursors, one for each side: an event at or below its side's was applied.

    `apology` is the failed turn that the person is still to be told of; what arrived at or before `reset_upto` is no
    context any more.
    """

    i: int = 0
    o: int = 0
    waiting: tuple[Waiting, ...] = ()
    turn: Turn | None = None
    thread: Thread | None = None
    pause: Pause | None = None
    orders: tuple[Order, ...] = ()
    apology: str | None = None
    reset_upto: int = 0
