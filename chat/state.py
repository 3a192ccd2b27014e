"""What a chat knows of itself: small, whatever its history, because an actor wakes from it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from events.decisions import TokenUsage
from events.inbound import Control


class Waiting(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A message without an ending and without a turn.

    `sent` is when the person sent it (never later than `stored`), `stored` is the log's stamp; `fault` is the reason
    for which it will be ignored, if there is one in the message itself; `media` if it has a file that is to be read.

    `group` is the JID of the group that it was sent to, `said` a short text without its case, `nth` which message of
    its sender it is in this hour.
    """

    id: str
    seq: int
    sent: datetime
    stored: datetime
    fault: str | None = None
    media: bool = False
    silent: bool = False
    sender: str = ""
    group: str = ""
    said: str = ""
    mentions: tuple[str, ...] = ()
    quoted: str | None = None
    count_in_hour: int = 0


class Call(msgspec.Struct, frozen=True, gc=False):
    """A tool that the model asked for in `run`. `by` is the incarnation that wrote the call down before making it,
    `output` what came of it (None: nothing yet); `unfit` if that was that the arguments do not fit."""

    id: str
    name: str
    arguments: str
    by: str
    run: str | None = None
    output: str | None = None
    unfit: bool = False


class Turn(msgspec.Struct, frozen=True, gc=False):
    """The messages that are being answered. `by` is the incarnation that may act on it, `newest` when the last of its
    messages was sent, `seq` where `turn_started` stands. `run` is the provider's id of the run that works on it, in the
    `attempt`th attempt; `runs` are those of this attempt, one having been continued by the next. `calls` are the tools
    that were asked for, `threads` counts those that were made for the turn, `spent` is what it has cost so far, but for
    the run that works on it. `unread` are the messages whose files are still to be read, `void` those of which that
    gave nothing and that say nothing else, `void_reason` is the first one's; at `read_at` the last file was read. It is
    `cut` if a message was deleted while it ran. `adoptions` counts those since its last own decision."""

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
    spent: TokenUsage = TokenUsage()
    unread: tuple[str, ...] = ()
    void: tuple[str, ...] = ()
    void_reason: str = ""
    read_at: int = 0
    cut: bool = False
    adoptions: int = 0

    @property
    def is_void(self) -> bool:
        """Whether there is nothing to be answered: all that was sent are files, and none could be read."""
        return bool(self.void) and not self.unread and set(self.messages) <= set(self.void)

    @property
    def withheld(self) -> frozenset[str]:
        """Tools that the model was told twice how to call, and that it is not given again in this turn."""
        unfit = [call.name for call in self.calls if call.unfit]
        return frozenset(name for name in unfit if unfit.count(name) > 1) if unfit else frozenset()

    @property
    def current_calls(self) -> tuple[Call, ...]:
        """The calls of the run that works on the turn now; those of a run before it are only remembered."""
        return tuple(call for call in self.calls if call.run == self.run)


class Thread(msgspec.Struct, frozen=True, gc=False):
    """The conversation's place at a backend. It knows of edits and deletions up to sequence `seen`, and of what else
    was said up to decision `level`."""

    backend: str
    id: str
    edits_known_upto: int = 0
    known_upto: int = 0


class Rewrite(msgspec.Struct, frozen=True, gc=False):
    """The message `of`, which is still open, was edited or deleted (`revoked`) at `seq`, and no turn knows of it."""

    of: str
    seq: int
    revoked: bool


class Stray(msgspec.Struct, frozen=True, gc=False):
    """A run that may be at work for a turn which left it behind in `thread` at `at`; `run` is its id, if that is
    known."""

    turn: str
    backend: str
    thread: str
    run: str | None
    at: datetime


class Spent(msgspec.Struct, frozen=True, gc=False):
    """Tokens that a chat has cost on a day (UTC, as YYYY-MM-DD)."""

    day: str
    tokens: int


class Pause(msgspec.Struct, frozen=True, gc=False):
    """Nothing is answered before `until` (None: before somebody resumes); messages end for `reason` meanwhile."""

    until: datetime | None
    reason: str = "paused"


class Hand(msgspec.Struct, frozen=True, gc=False):
    """An operator's reply or an attention, by its id, after which a human has the chat; `since` when, `reason` as that
    of the pause that follows."""

    id: str
    since: datetime
    reason: str


class Heard(msgspec.Struct, frozen=True, gc=False):
    """How many messages somebody has sent in this hour."""

    sender: str
    count: int


class Told(msgspec.Struct, frozen=True, gc=False):
    """When the person was told of a reason last."""

    reason: str
    at: datetime


class Asked(msgspec.Struct, frozen=True, gc=False):
    """An attention that is open; `told` once the person was told of it."""

    id: str
    told: bool = False


class Erasing(msgspec.Struct, frozen=True, gc=False):
    """What counts as gone by the decision at `seq`, which knew of all up to `upto`, is still to be removed wherever it
    is; `by` and `cause` as there."""

    seq: int
    upto: int
    by: str | None = None
    cause: str | None = None


class Order(msgspec.Struct, frozen=True, gc=False):
    """A control that no decision has named as its cause yet, and its sequence."""

    seq: int
    control: Control


class Chat(msgspec.Struct, frozen=True, gc=False):
    """The folded state. `i` and `o` are cursors, one for each side: an event at or below its side's was applied.

    `apology` is the failed turn that the person is still to be told of, `notice` the message of which they are still to
    be told that it is not answered, for `notice_reason`; what arrived at or before `reset_upto` is no context any more.
    `strays` are runs that may have to be stopped, `spent` is what the chat has cost on the last day that it cost
    anything. `hand` is what a human did last that the chat is to be paused for, `attention` what asks for one;
    `rewrites` are of open messages, `rewritten` is the last one of any other.

    `admission` is `approved` or `blocked` by order, `stopped` if the person wants no replies, `told` of which reasons
    it was told; `heard` is who wrote how much in the `hour` (since 1970). The last answer was given at `replied`, and
    `quick` turns in a row followed one within seconds; `ours` names the last messages that we sent to a group. The chat
    was erased, and that is not carried out yet, if it is `erasing`; it began `anew` with that decision.
    """

    inbound_seq: int = 0
    decision_seq: int = 0
    waiting: tuple[Waiting, ...] = ()
    turn: Turn | None = None
    thread: Thread | None = None
    pause: Pause | None = None
    orders: tuple[Order, ...] = ()
    apology: str | None = None
    reset_upto: int = 0
    notice: str | None = None
    strays: tuple[Stray, ...] = ()
    spent: Spent | None = None
    notice_reason: str = "budget"
    hand: Hand | None = None
    attention: Asked | None = None
    rewrites: tuple[Rewrite, ...] = ()
    rewritten: int = 0
    admission: str = ""
    stopped: bool = False
    told: tuple[Told, ...] = ()
    hour: int = 0
    heard: tuple[Heard, ...] = ()
    replied: datetime | None = None
    quick: int = 0
    our_message_ids: tuple[str, ...] = ()
    erasing: Erasing | None = None
    began_at: int = 0
