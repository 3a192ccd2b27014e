"""The kinds of work that a chat can have pending, and the rules of its instance."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from chat.broken import SetAside
from chat.choices import Chosen
from chat.gates import Gates
from chat.spending import CostLimit
from chat.state import Closing, Stray
from chat.turn import Call, Turn
from events.decisions import ThreadReason
from events.inbound import Control


class Obey(msgspec.Struct, frozen=True, gc=False):
    """Decide about the control at sequence `seq`."""

    control: Control
    seq: int


class Refuse(msgspec.Struct, frozen=True, gc=False):
    """End these messages without a reply. `tell` the person, unless they were told of the reason already."""

    messages: tuple[str, ...]
    reason: str
    tell: bool = True


class StartOver(msgspec.Struct, frozen=True, gc=False):
    """Start a new conversation after sequence `upto`, because `by` asked for it in the chat."""

    upto: int
    by: str


class Apologise(msgspec.Struct, frozen=True, gc=False):
    """Tell the person that this turn failed."""

    turn: str


class Notify(msgspec.Struct, frozen=True, gc=False):
    """Tell the person that this message is not answered, for `reason`."""

    message: str
    reason: str = "budget"


class AskAbout(msgspec.Struct, frozen=True, gc=False):
    """Ask for a human, because this reply may not have reached the person."""

    reply: str


class HandOver(msgspec.Struct, frozen=True, gc=False):
    """Leave the chat to the human who did `after`, until `until` (None: until an operator resumes)."""

    after: str
    until: datetime | None
    reason: str


class StartAgain(msgspec.Struct, frozen=True, gc=False):
    """Begin the turn again: a message of it was edited or deleted."""

    turn: str


class Adopt(msgspec.Struct, frozen=True, gc=False):
    """Take over a turn that another incarnation started, before anything else is done about it."""

    turn: str


class Ask(msgspec.Struct, frozen=True, gc=False):
    """End the turn with the question that a tool has asked."""

    turn: str


class Resume(msgspec.Struct, frozen=True, gc=False):
    """End the pause when the bus's clock shows `at`."""

    at: datetime


class TellToWait(msgspec.Struct, frozen=True, gc=False):
    """Tell the person at `at`, by the bus's clock, that the answer of this turn takes a while."""

    turn: str
    at: datetime


class Acknowledge(msgspec.Struct, frozen=True, gc=False):
    """React to the `message` of the turn with the `emoji`: it was seen."""

    turn: str
    message: str
    emoji: str


class EndBurst(msgspec.Struct, frozen=True, gc=False):
    """Start a turn once the person has stopped writing; sequences of the first and the last message that waits."""

    first: int
    last: int


class CreateThread(msgspec.Struct, frozen=True, gc=False):
    """Make a thread at the backend for a turn, with the history before it.

    - `turn`, `seq`: the turn, and the sequence of its `turn_started`
    - `backend`: the mode that the thread is made in
    - `reason`: why the chat needs one
    - `reset_upto`: history after this sequence belongs into it
    - `seen`: edits and deletions up to this sequence are in that history
    """

    turn: str
    seq: int
    backend: str
    reason: ThreadReason
    reset_upto: int
    seen: int = 0


class ReadMedia(msgspec.Struct, frozen=True, gc=False):
    """Read the file of `message` in the turn that starts at `seq`: turn it into something a model can be shown."""

    turn: str
    seq: int
    message: str


class LookUpFirst(msgspec.Struct, frozen=True, gc=False):
    """Ask for the look-up that comes before the model is asked, with the history after `reset_upto`."""

    turn: Turn
    reset_upto: int


class WriteReply(msgspec.Struct, frozen=True, gc=False):
    """Have a backend without threads write the reply, from the history after `reset_upto`."""

    turn: Turn
    thread: str
    reset_upto: int


class StartRun(msgspec.Struct, frozen=True, gc=False):
    """Have the provider begin a run in `thread`, or find the one that it has begun already.

    - `reset_upto`: history up to this sequence is no context
    - `known_upto`: the thread lacks everything said after this decision
    - `asked`: as of Thread
    """

    turn: Turn
    thread: str
    reset_upto: int
    known_upto: int
    asked: str = ""


class AwaitRun(msgspec.Struct, frozen=True, gc=False):
    """Wait for the outcome of `run`, and give it the outputs of its tools; the other fields as in `StartRun`."""

    turn: Turn
    run: str
    thread: str
    reset_upto: int
    known_upto: int
    asked: str = ""


class CallTool(msgspec.Struct, frozen=True, gc=False):
    """Make a call that the model asked for.

    - `memo`: the same call in an attempt that was lost, with its output; the tool is not called again
    - `withheld`: the tool is no longer offered in this turn, so it is not called
    - `messages`: the messages of the turn
    - `chosen`: as of the turn
    """

    turn: str
    call: Call
    memo: Call | None = None
    withheld: bool = False
    messages: tuple[str, ...] = ()
    chosen: tuple[Chosen, ...] = ()


class Erase(msgspec.Struct, frozen=True, gc=False):
    """Remove everything up to `upto`, wherever it is; `seq` is the sequence of the decision `erased`.

    - `chats`: chats that had closed into this one, which are erased first
    - `holds`: the order that erases them, with what still holds under every name of the person
    """

    seq: int
    upto: int
    chats: tuple[str, ...] = ()
    holds: Control | None = None


class CallIn(msgspec.Struct, frozen=True, gc=False):
    """Have the chat `chat` close into this one; each incarnation orders it once."""

    chat: str


class TellClosed(msgspec.Struct, frozen=True, gc=False):
    """Tell the other chat the state in which this one closed."""

    closing: Closing


class Move(msgspec.Struct, frozen=True, gc=False):
    """Publish the events at `seqs`, which came after this chat closed, in the chat `into`.

    - `messages`: their ids, of messages, edits and deletions
    - `order`: the id of the order among them, which then comes alone
    """

    seqs: tuple[int, ...]
    into: str
    messages: tuple[str, ...] = ()
    order: str | None = None


class StopRun(msgspec.Struct, frozen=True, gc=False):
    """Have the provider stop a run that a turn left behind; each incarnation does it once."""

    stray: Stray


Due = (
    Obey
    | HandOver
    | Refuse
    | StartOver
    | Apologise
    | Notify
    | AskAbout
    | Adopt
    | StartAgain
    | Ask
    | SetAside
    | Acknowledge
)
"""Work that is decided at once."""

Joining = CallIn | TellClosed | Move
"""Work by which two chats become one."""

Effect = (
    Resume
    | TellToWait
    | EndBurst
    | ReadMedia
    | CreateThread
    | LookUpFirst
    | WriteReply
    | StartRun
    | AwaitRun
    | CallTool
    | StopRun
    | Erase
    | Joining
)
"""Work that takes time. It runs as long as it is pending, and is dropped when it no longer is."""


class Rules(msgspec.Struct, frozen=True, gc=False):
    """The facts of an instance that decide what a chat has pending.

    - `incarnation`: the instance's incarnation
    - `backend`: the mode that writes replies
    - `stale_after`: age from which a message is not answered any more
    - `keeps_threads`: the backend keeps the conversation in threads of its provider
    - `has_fallback`: there is a second model
    - `budget`: tokens that a chat may cost on a day; 0: any number
    - `cost_limit`: money that a chat may cost on a day; None: any
    - `account_spent`: the account has reached its limit of the day
    - `takeover`: time that a chat is left to a human after the last word by hand; 0: none
    - `gates`: who is answered, and when
    - `joins`: every instance reads a joining; until then none is decided
    - `looks_up_first`: passages are looked up for a turn before its model is asked
    - `wait_told_after`: time without an answer after which the person is told to wait; 0: they are not told
    - `acknowledge`: the emoji with which the person's message is reacted to when its turn starts; empty: none
    - `profile`: the version of the profile; empty: the instance's own settings
    - `waits`: the instance cannot answer by the profile for now: no turn begins or goes on, and none gets stale
    - `usable_from`: time at which the instance could answer by the profile again; None: it always could
    """

    incarnation: str
    backend: str
    stale_after: timedelta
    keeps_threads: bool = False
    has_fallback: bool = False
    budget: int = 0
    cost_limit: CostLimit | None = None
    account_spent: bool = False
    takeover: timedelta = timedelta(0)
    gates: Gates = Gates()
    joins: bool = True
    wait_told_after: timedelta = timedelta(0)
    acknowledge: str = ""
    profile: str = ""
    waits: bool = False
    usable_from: datetime | None = None
    looks_up_first: bool = False
