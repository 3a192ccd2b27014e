"""Commands, from which decisions are made, and the facts that the shell brings with each.

A command is pending work that is due, or the outcome of an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from chat.broken import SetAside
from chat.erasing import Removed
from chat.gates import pairing_code
from chat.work import Adopt, Apologise, EndBurst, HandOver, Notify, Obey, Refuse, Resume, StartAgain, StartOver
from events.decisions import MediaForm, ThreadReason, TokenUsage
from events.subjects import ChatKey


class ThreadReady(msgspec.Struct, frozen=True, gc=False):
    """The backend has a place for the conversation; what it was seeded with knows of edits up to sequence `seen` (None:
    of all that the chat knows)."""

    turn: str
    backend: str
    thread: str
    reason: ThreadReason
    seen: int | None = None


class MediaSettled(msgspec.Struct, frozen=True, gc=False):
    """A message's file was read, or will not be; the fields are those of MediaRead."""

    turn: str
    message: str
    form: MediaForm
    text: str | None = None
    reason: str | None = None
    detail: str | None = None
    bare: bool = False
    model: str | None = None
    usage: TokenUsage = TokenUsage()


class RunReady(msgspec.Struct, frozen=True, gc=False):
    """The provider works on the turn; `usage` is what a run before it cost that was lost."""

    turn: str
    run: str
    attempt: int
    usage: TokenUsage = TokenUsage()


class ToolAsked(msgspec.Struct, frozen=True, gc=False):
    """The model wants a tool called; `call` is the provider's id of the call, `arguments` is JSON as it wrote it.
    `usage` is what asking cost, where the reply's does not say."""

    turn: str
    call: str
    name: str
    arguments: str
    usage: TokenUsage = TokenUsage()


class ToolFinished(msgspec.Struct, frozen=True, gc=False):
    """A call has its output, which says what went wrong if it `failed`; `unfit`: its arguments do not fit the tool."""

    turn: str
    call: str
    output: str
    failed: bool
    unfit: bool = False


class HumanAsked(msgspec.Struct, frozen=True, gc=False):
    """The model or a tool, `by`, asks for a human, for the reason in `text`."""

    turn: str
    text: str
    by: str


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The backend wrote a reply; `usage` is that of the last request, or of the run."""

    turn: str
    text: str
    model: str
    run: str | None
    usage: TokenUsage


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The backend has no reply to the turn, for good."""

    turn: str
    error_class: str
    detail: str


Command = (
    Obey
    | Refuse
    | Apologise
    | Notify
    | Adopt
    | HandOver
    | StartAgain
    | StartOver
    | SetAside
    | Resume
    | EndBurst
    | ThreadReady
    | MediaSettled
    | RunReady
    | ToolAsked
    | ToolFinished
    | HumanAsked
    | Answered
    | Failed
    | Removed
)


TOLD_AS_UNREADABLE = frozenset(
    {"unsupported_kind", "unsupported", "too_large", "file_unreadable", "unreadable", "not_fetched"}
)
"""Reasons for which a person is told that what they sent cannot be read. (`unreadable`: so an
older version promised it.)"""


class Facts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the shell brings to a decision.

    `at` is the bus's time, `id` a fresh id, `incarnation` and `backend` the instance's own, `apology` the text for a
    failed turn, `words` what is said about a message that ends without a reply, by reason (none: nothing is sent),
    `failed` those messages of a `retry` that ended in a failed turn, `unread` those of them whose file has to be read,
    `last` the sequence of the chat's last event, where it is to be erased.
    """

    key: ChatKey
    at: datetime
    id: str
    incarnation: str
    backend: str
    apology: str = ""
    words: Mapping[str, str] = msgspec.field(default_factory=dict)
    failed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    last: int = 0

    def words_about(self, reason: str) -> str:
        """What the person is told whose message ends without a reply for `reason`; empty: nothing."""
        if reason == "broken":
            return self.apology
        said = self.words.get("unreadable" if reason in TOLD_AS_UNREADABLE else reason, "")
        return said.replace("{code}", pairing_code(self.key)) if reason == "unapproved" else said
