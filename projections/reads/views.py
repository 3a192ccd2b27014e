"""Views for commands and pages: one struct for each kind of thing in a projection. Times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from chat.references import NOTHING, References
from events.decisions import MediaRead
from events.inbound import ReceiptError, ReceiptState
from events.parts import Part
from events.references import Choice
from events.teamwork import State
from projections.reads.control_view import ControlView
from projections.tables.marks import Mark


class LastWords(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest message or reply of a chat.

    - `author`: `person`, `phone` (by hand, on the business's own phone), or the author of a reply.
    - `kind`: of a message its kind, of a reply that of its first file, place or contact, else `text`; `voice` for a
      voice message.
    - `text`: its words; a deleted message has none.
    - `by`: the user who wrote the words of an operator.
    - `name`, `sender`: those of a message.
    - `filename`: the name of its file.
    """

    author: str
    kind: str
    text: str | None
    name: str | None = None
    sender: str | None = None
    filename: str | None = None
    deleted: bool = False
    by: str | None = None


class ChatView(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as lists show it.

    - `partition`: its number, from 0 to 63.
    - `name`: the name that the person gave on WhatsApp last.
    - `last_at`: the time of the newest message, reply or order but for the work that users share.
    - `last_text`: the newest message or reply, and `last`: the same with its author and kind.
    - `messages`, `replies`: their numbers.
    - `waiting`: the number of messages without a turn.
    - `answering`: a turn runs.
    - `paused_until`: None: the pause lasts until an order ends it.
    - `paused_for`: `paused`, or `taken_over` or `handed_off` if a human has the chat.
    - `attention`: the reason for which a human is asked for, if one is, since `asked_at`.
    - `marks`: the work that a person may have with it, as in projections.tables.marks.
    - `admission`: `approved` or `blocked`, or the code that an unknown person was told.
    - `stopped`: the person wants no answers.
    - `backend`, `thread`: the conversation's place.
    - `owes`: the chat has pending work.
    - `assigned`: the user who has it.
    - `labels`: its labels.
    - `state`: of the work on it; `snoozed` until `snoozed_until`, from when on it is open.
    - `unanswered_at`: the time of the person's first message since our last word; None: none waits for us.
    - `blank`: nothing is left of it, as of a chat that was erased.
    - `began_at`: the sequence of the erasure with which it begins; 0: it was never erased.
    """

    account: str
    chat: str
    partition: int
    name: str | None
    last_at: datetime
    last_text: str | None
    last: LastWords | None
    messages: int
    replies: int
    waiting: int
    answering: bool
    paused: bool
    paused_until: datetime | None
    paused_for: str | None
    attention: str | None
    asked_at: datetime | None
    marks: tuple[Mark, ...]
    admission: str | None
    stopped: bool
    backend: str | None
    thread: str | None
    owes: bool
    assigned: str | None
    labels: tuple[str, ...]
    state: State
    snoozed_until: datetime | None
    unanswered_at: datetime | None
    blank: bool
    began_at: int

    @property
    def is_erased(self) -> bool:
        """True if it was erased, and nothing was said since; a block, a stop word and a pause outlast that."""
        return self.began_at > 0 and not self.messages and not self.replies


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message (`author` is `person`) or a reply.

    - `seq`: its sequence in the log.
    - `at`: the server's stamp.
    - `text`: its words; a deleted message has none, and no file.
    - `turn`: of a message the last turn that it was part of, of a reply its own.
    - `profile`: that of `turn`, as `name@N`; None: the instance's own settings.
    - `sent_at`: the sender's time.
    - `media`: the file that came with it, as in `in`.
    - `reading`: the outcome of reading the file, as in `media_read`.
    - `refers`: what it refers to beside `quoted`, in words; `references`: the same as it came.
    - `choice`: the choice that it makes; `typed`: by its words, not by a tap.
    - `detail`: the fault of bytes that could not be read.
    - `ending`: `reply`, `ignored` or `turn_failed`; None: the message is open.
    - `reason`: the reason of `ignored`, or the class of the fault.
    - `repeats`: how often it came again with the same id, the last time as `repeat_seq` at `repeat_at`.
    - `edited`: its words as its sender edited them at `edited_at`.
    - `revoked_at`: the time when its sender deleted it.
    - `about` to `quote`: of a reply, as in `reply`.
    - `receipt`: of a reply: its state on the way to the person, since `receipt_at`.
    - `partly`: of a reply: the reason for which a message of it did not arrive, or went without its file; None: none is
      known, or the whole reply failed.
    """

    seq: int
    id: str
    author: str
    at: datetime
    text: str | None
    turn: str | None
    profile: str | None = None
    sent_at: datetime | None = None
    sender: str | None = None
    name: str | None = None
    kind: str | None = None
    from_me: bool = False
    media: msgspec.Raw | None = None
    reading: msgspec.Raw | None = None
    quoted: str | None = None
    refers: tuple[str, ...] = ()
    references: References = NOTHING
    choice: Choice | None = None
    typed: bool = False
    detail: str | None = None
    ending: str | None = None
    ended_seq: int | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    repeats: int = 0
    repeat_seq: int | None = None
    repeat_at: datetime | None = None
    edited: str | None = None
    edited_at: datetime | None = None
    revoked_at: datetime | None = None
    about: str | None = None
    in_reply_to: tuple[str, ...] = ()
    backend: str | None = None
    model: str | None = None
    thread: str | None = None
    run: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cause: str | None = None
    parts: tuple[Part, ...] = ()
    quote: str | None = None
    receipt: ReceiptState | None = None
    receipt_at: datetime | None = None
    partly: ReceiptError | None = None


def reading_of(entry: Entry) -> MediaRead | None:
    """The outcome of reading the message's file; None if it has none, or it was not read yet."""
    return msgspec.json.decode(entry.reading, type=MediaRead) if entry.reading is not None else None


class AttentionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat that asks for a human; the fields after `name` are those of events.decisions.Attention."""

    account: str
    chat: str
    name: str | None
    id: str
    text: str
    by: str
    at: datetime
    turn: str | None = None
    messages: tuple[str, ...] = ()


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One receipt of a reply; the fields are those of events.inbound.Receipt."""

    seq: int
    state: ReceiptState
    at: datetime
    provider_id: str | None = None
    error: msgspec.Raw | None = None
    part: int = 0
    parts: int = 0
    instead: str | None = None
    template: str | None = None
    pricing: msgspec.Raw | None = None
    file: str = ""


class TurnView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A turn.

    - `seq`: the sequence of its `turn_started`.
    - `state`: `replaced` by the next turn if a message of it was edited or deleted while it ran.
    - `by`: the incarnation that had it last, after `adoptions`.
    - `cause`: the `retry` that asked for it.
    - `run`: the provider's id of its last run, in the attempt number `attempt`.
    - `error`: the class of a failure.
    - `detail`: the provider's words, or the reason of an ignored turn.
    - `told`: the person gets an apology.
    - `profile`: the version of the profile by which it was answered, as `name@N`; None: the instance's own settings.
    """

    seq: int
    id: str
    at: datetime
    messages: tuple[str, ...]
    backend: str
    state: Literal["running", "replied", "failed", "ignored", "replaced"]
    by: str
    adoptions: int = 0
    adopted_at: datetime | None = None
    cause: str | None = None
    run: str | None = None
    attempt: int = 0
    ended_seq: int | None = None
    ended_at: datetime | None = None
    error: str | None = None
    detail: str | None = None
    told: bool | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    profile: str | None = None


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """A chat's place at a backend, and the messages, replies and tokens there. A former one is not `current`."""

    account: str
    chat: str
    seq: int
    backend: str
    thread: str
    reason: str
    at: datetime
    current: bool
    messages: int
    replies: int
    input_tokens: int
    output_tokens: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A message or a reply that contains all words of a search; `name` is that of its chat."""

    account: str
    chat: str
    name: str | None
    entry: Entry


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers as of `checkpoint`.

    - `owing`: chats with work that the service has to do now.
    - `timed`: chats that only wait for the end of a pause.
    - `asking`: chats that wait for a human.
    """

    checkpoint: int
    chats: int
    owing: int
    timed: int
    asking: int
    messages: int
    replies: int


class ChatStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The pending work of a chat now.

    - `waiting`: messages that are in no turn yet.
    - `turn`: the turn that runs.
    - `unread`: messages of the turn whose files are still to be read.
    - `calling`: tools that the turn has asked for.
    - `orders`: orders that are obeyed next.
    - `paused_for`: the reason for which nothing is answered.
    - `paused_until`: the end of that pause; None: it lasts until an order ends it.
    """

    waiting: tuple[str, ...] = ()
    turn: str | None = None
    unread: tuple[str, ...] = ()
    calling: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    paused_for: str | None = None
    paused_until: datetime | None = None


class Why(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything known of one id: of a message, a reply, a control, a turn or a run.

    - `what`: the kind of thing; a run is shown as its turn.
    - `standing`: the pending work of the chat now.
    - `entry`: the message or the reply.
    - `control`: the control.
    - `turn`: the turn itself, or the last one that answered or tried to.
    - `former_turns`: the turns before a retry.
    - `together_with`: the other messages of the turn.
    - `reply`: the reply that ended the message or the turn.
    - `apology`: the notice to the person about a failed turn or an ignored message.
    - `told_before`: the notices about the turns before a retry.
    - `receipts`: those of the reply or apology, or of the entry itself if it is a reply.
    """

    account: str
    chat: str
    partition: int
    what: Literal["message", "reply", "control", "turn"]
    standing: ChatStatus = ChatStatus()
    entry: Entry | None = None
    control: ControlView | None = None
    turn: TurnView | None = None
    former_turns: tuple[TurnView, ...] = ()
    together_with: tuple[str, ...] = ()
    reply: Entry | None = None
    apology: Entry | None = None
    told_before: tuple[Entry, ...] = ()
    receipts: tuple[ReceiptView, ...] = ()
