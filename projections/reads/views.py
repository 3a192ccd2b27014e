"""Views for commands and pages: one struct for each kind of thing in a projection. Times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from events.decisions import MediaRead
from events.inbound import ReceiptState


class ChatView(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as lists show it. `last_text` is its newest message or reply; `waiting` counts messages without a turn.

    `paused_for` is `paused`, or `taken_over` or `handed_off` if a human has the chat; `attention` says why one is
    asked for, if one is. `admission` is `approved` or `blocked`, or the code that an unknown person was told; `stopped`
    if the person wants no answers.
    """

    account: str
    chat: str
    partition: int
    name: str | None
    last_at: datetime
    last_text: str | None
    messages: int
    replies: int
    waiting: int
    answering: bool
    paused: bool
    paused_until: datetime | None
    paused_for: str | None
    attention: str | None
    admission: str | None
    stopped: bool
    backend: str | None
    thread: str | None
    owes: bool


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message (`author` is `person`) or a reply.

    A message's `ending` is `reply`, `ignored` or `turn_failed`, with its `reason`; None: it is open. `turn` is the last
    turn that it was part of. `detail` says why bytes could not be read. `reading` is what came of
    reading the file, the media_read event. A reply's `receipt` says how far it came. What its sender deleted
    (`revoked_at`) has no words any more, and no file.
    """

    seq: int
    id: str
    author: str
    at: datetime
    text: str | None
    turn: str | None
    sent_at: datetime | None = None
    sender: str | None = None
    name: str | None = None
    kind: str | None = None
    from_me: bool = False
    media: msgspec.Raw | None = None
    reading: msgspec.Raw | None = None
    quoted: str | None = None
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
    receipt: ReceiptState | None = None
    receipt_at: datetime | None = None


def reading_of(entry: Entry) -> MediaRead | None:
    """What came of reading the message's file; None if it has none, or it was not read yet."""
    return msgspec.json.decode(entry.reading, type=MediaRead) if entry.reading is not None else None


class AttentionView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat that asks for a human; the fields behind `name` are those of events.decisions.Attention."""

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
    """One step of a reply on its way; see events.inbound.Receipt for what it may be of."""

    seq: int
    state: ReceiptState
    at: datetime
    provider_id: str | None = None
    error: msgspec.Raw | None = None
    part: int = 0
    parts: int = 0
    instead: str | None = None
    template: str | None = None


class TurnView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A turn. `by` is the incarnation that had it last, after `adoptions`; `error` is a failure's class, `detail` the
    provider's words or, for an ignored turn, the reason. It is `replaced` by the next one if a message of it was edited
    or deleted while it ran."""

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


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """A chat's place at a backend, with what was said there. `current` is false for a former one."""

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


class ControlView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order about a chat. `outcome` is the decision that obeyed or refused it; None: it is still owed."""

    seq: int
    id: str
    at: datetime
    command: str
    by: str | None = None
    until: datetime | None = None
    text: str | None = None
    messages: tuple[str, ...] = ()
    outcome: str | None = None
    outcome_seq: int | None = None
    outcome_at: datetime | None = None
    reason: str | None = None
    repeats: int = 0
    repeat_seq: int | None = None
    repeat_at: datetime | None = None


class UsageView(msgspec.Struct, frozen=True, kw_only=True):
    """Replies and tokens of a chat, a day (UTC, `2026-08-26`), a backend and a model (empty: turns without a reply, or
    the backend named none)."""

    account: str
    chat: str
    day: str
    backend: str
    model: str
    replies: int
    input_tokens: int
    output_tokens: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A message or reply in which all the words stand."""

    account: str
    chat: str
    entry: Entry


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is, at `checkpoint`."""

    checkpoint: int
    chats: int
    owing: int
    messages: int
    replies: int


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a chat owes, as it stands: messages that `waiting` are in no turn yet, `turn` runs (and reads the files of
    the `unread` first, has asked for the tools `calling`), `orders` are obeyed next; for `paused_for` nothing is
    answered, until then."""

    waiting: tuple[str, ...] = ()
    turn: str | None = None
    unread: tuple[str, ...] = ()
    calling: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    paused_for: str | None = None
    paused_until: datetime | None = None


class Why(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of one id: `entry` of a message or a reply, `control` of a control, `turn` alone of a turn or a
    run.

    `turn` is the one that answered or tried last, `former_turns` those before a retry, `together_with` the messages
    that shared it. `reply` is what ended a message, `apology` what the person was told of a failed turn or an
    ignored message, `receipts` how
    that reply (or the apology, or the entry itself if it is a reply) came on its way. `standing` is how the chat
    stands now.
    """

    account: str
    chat: str
    partition: int
    what: Literal["message", "reply", "control", "turn"]
    standing: Standing = Standing()
    entry: Entry | None = None
    control: ControlView | None = None
    turn: TurnView | None = None
    former_turns: tuple[TurnView, ...] = ()
    together_with: tuple[str, ...] = ()
    reply: Entry | None = None
    apology: Entry | None = None
    receipts: tuple[ReceiptView, ...] = ()
