"""The kinds of work that a chat can have pending, and the rules that decide about it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from chat.broken import SetAside
from chat.gates import Gates
from chat.state import Call, Stray, Turn
from events.decisions import ThreadReason
from events.inbound import Control


class Obey(msgspec.Struct, frozen=True, gc=False):
    """Decide what a control asks for."""

    control: Control
    seq: int


class Refuse(msgspec.Struct, frozen=True, gc=False):
    """End these messages without a reply; `tell` unless the person has been told of that already."""

    messages: tuple[str, ...]
    reason: str
    tell: bool = True


class StartOver(msgspec.Struct, frozen=True, gc=False):
    """Start a new conversation behind sequence `upto`, because `by` asked for it in the chat."""

    upto: int
    by: str


class Apologise(msgspec.Struct, frozen=True, gc=False):
    """Tell the person that this turn failed."""

    turn: str


class Notify(msgspec.Struct, frozen=True, gc=False):
    """Tell the person that this message is not answered, for `reason`."""

    message: str
    reason: str = "budget"


class HandOver(msgspec.Struct, frozen=True, gc=False):
    """Leave the chat to the human who did `after`, `until` then (None: until somebody resumes)."""

    after: str
    until: datetime | None
    reason: str


class StartAgain(msgspec.Struct, frozen=True, gc=False):
    """Begin the turn anew: a message of it was edited or deleted."""

    turn: str


class Adopt(msgspec.Struct, frozen=True, gc=False):
    """Make a turn ours that another incarnation started, before anything is done about it."""

    turn: str


class Resume(msgspec.Struct, frozen=True, gc=False):
    """End the pause when the bus's clock shows `at`."""

    at: datetime


class EndBurst(msgspec.Struct, frozen=True, gc=False):
    """Start a turn once the person has stopped writing; sequences of the first and last message that wait."""

    first: int
    last: int


class CreateThread(msgspec.Struct, frozen=True, gc=False):
    """Make the conversation's place at the backend, with what was said before the turn that starts at `seq`."""

    turn: str
    seq: int
    backend: str
    reason: ThreadReason
    reset_upto: int
    seen: int = 0


class ReadMedia(msgspec.Struct, frozen=True, gc=False):
    """Read the file of a message of the turn that starts at `seq`: make of it what a model can be shown."""

    turn: str
    seq: int
    message: str


class WriteReply(msgspec.Struct, frozen=True, gc=False):
    """Have a backend that keeps no thread write the reply of the turn whose `turn_started` stands at `seq`."""

    turn: Turn
    thread: str
    reset_upto: int


class StartRun(msgspec.Struct, frozen=True, gc=False):
    """Have the provider begin to answer the turn in its thread, or find the run that it has begun already. The thread
    does not have what was said since decision `known_upto` without it."""

    turn: Turn
    thread: str
    reset_upto: int
    known_upto: int


class AwaitRun(msgspec.Struct, frozen=True, gc=False):
    """Wait for what comes of the turn's run, and give it the outputs of the tools that it asked for."""

    turn: Turn
    thread: str
    reset_upto: int
    known_upto: int


class CallTool(msgspec.Struct, frozen=True, gc=False):
    """Make a call that the model asked for. `memo` is the output of the same call in an attempt that was lost since;
    one that is `withheld` is not made."""

    turn: str
    call: Call
    memo: str | None = None
    withheld: bool = False


class Erase(msgspec.Struct, frozen=True, gc=False):
    """Remove what counts as gone by `erased` at `seq`, which knew of all up to `upto`, wherever it is."""

    seq: int
    upto: int


class StopRun(msgspec.Struct, frozen=True, gc=False):
    """Have the provider stop what a turn left behind; once for each incarnation will do."""

    stray: Stray


Due = Obey | HandOver | Refuse | StartOver | Apologise | Notify | Adopt | StartAgain | SetAside
"""Owed work that is decided at once."""

Effect = Resume | EndBurst | ReadMedia | CreateThread | WriteReply | StartRun | AwaitRun | CallTool | StopRun | Erase
"""Owed work that takes time; it is under way as long as it is owed, and dropped when it no longer is."""


class Rules(msgspec.Struct, frozen=True, gc=False):
    """What the instance brings: its incarnation, the backend that writes, the age from which a message is stale,
    whether the backend keeps the conversation in threads of its provider, how many tokens a chat may cost on a day
    (0: any number), how long it is left to a human after the last word by hand (0: not at all), and who is answered
    when."""

    incarnation: str
    backend: str
    stale_after: timedelta
    keeps_threads: bool = False
    budget: int = 0
    takeover: timedelta = timedelta(0)
    gates: Gates = Gates()
