"""Commands, from which decisions are made, and the facts that the shell brings with each.

A command is pending work that is due, or the outcome of an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from chat.broken import SetAside
from chat.erasing import PastRemoved
from chat.gates import pairing_code
from chat.joining import GatesTold, Moved
from chat.language import Language
from chat.work import (
    Acknowledge,
    Adopt,
    Apologise,
    Ask,
    AskAbout,
    EndBurst,
    HandOver,
    Notify,
    Obey,
    Refuse,
    Resume,
    StartAgain,
    StartOver,
    TellToWait,
)
from events.cut import Cut
from events.decisions import MediaForm, ThreadReason
from events.parts import Part
from events.subjects import ChatKey
from events.tool_calls import Passage
from events.usage import TokenUsage


class ThreadReady(msgspec.Struct, frozen=True, gc=False):
    """The backend has a place for the conversation.

    - `turn`: the turn for which it was made.
    - `thread`: its id at the backend.
    - `reason`: as in ThreadCreated.
    - `seen`: it was seeded with edits up to this sequence; None: with all that the chat knows.
    """

    turn: str
    backend: str
    thread: str
    reason: ThreadReason
    seen: int | None = None


class MediaSettled(msgspec.Struct, frozen=True, gc=False):
    """A message's file was read, or cannot be. The fields are those of MediaRead."""

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
    """The provider works on the turn; `usage` is the cost of an earlier run that was lost, of `model`."""

    turn: str
    run: str
    attempt: int
    usage: TokenUsage = TokenUsage()
    model: str | None = None


class ToolAsked(msgspec.Struct, frozen=True, gc=False):
    """The model wants a tool called.

    - `call`: the provider's id of the call.
    - `arguments`: JSON as the model wrote it.
    - `usage`: the cost of asking, unless the reply's usage includes it.
    - `raw`, `model`: as in ToolCalled.
    """

    turn: str
    call: str
    name: str
    arguments: str
    usage: TokenUsage = TokenUsage()
    raw: str | None = None
    model: str | None = None


class ToolFinished(msgspec.Struct, frozen=True, gc=False):
    """A call has its output.

    - `output`: the answer, or the error if `failed`.
    - `unfit`: the arguments do not fit the tool.
    - `send`, `quote`: parts for the person, and whether the answer is to quote the message.
    - `quiet`, `passages`, `usage`, `model`: as in ToolReturned.
    """

    turn: str
    call: str
    output: str
    failed: bool
    unfit: bool = False
    send: tuple[Part, ...] = ()
    quiet: bool = False
    passages: tuple[Passage, ...] = ()
    quote: bool = False
    usage: TokenUsage = TokenUsage()
    model: str | None = None


class HumanAsked(msgspec.Struct, frozen=True, gc=False):
    """The turn asks for a human.

    - `text`: the reason.
    - `by`: `model` or `tool:<name>`.
    """

    turn: str
    text: str
    by: str


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The backend wrote a reply.

    - `text`: without the model's internals; empty only where tools have sent parts.
    - `usage`: that of the last request, or of the run.
    - `cut`: the parts that were cut out of the model's answer.
    - `length`: as in Reply; empty: the answer is whole.
    - `fallback`: as in Reply; empty: the first model answered.
    """

    turn: str
    text: str
    model: str
    run: str | None
    usage: TokenUsage
    cut: tuple[Cut, ...] = ()
    length: str = ""
    fallback: str = ""


class FallOver(msgspec.Struct, frozen=True, gc=False):
    """The first model failed, and the second is to answer the turn; `reason` is the class of the failure."""

    turn: str
    reason: str


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The backend has no reply to the turn, for good; `usage` is the cost of its last requests, of `model`."""

    turn: str
    error_class: str
    detail: str
    usage: TokenUsage = TokenUsage()
    model: str | None = None


Command = (
    Obey
    | Acknowledge
    | Refuse
    | Apologise
    | Notify
    | AskAbout
    | Adopt
    | HandOver
    | StartAgain
    | Ask
    | StartOver
    | SetAside
    | Resume
    | TellToWait
    | EndBurst
    | ThreadReady
    | MediaSettled
    | RunReady
    | ToolAsked
    | ToolFinished
    | HumanAsked
    | Answered
    | FallOver
    | Failed
    | PastRemoved
    | GatesTold
    | Moved
)


TOLD_AS_UNREADABLE = frozenset(
    {"unsupported_kind", "unsupported", "too_large", "file_unreadable", "unreadable", "not_fetched"}
)
"""Reasons for which a person is told that recado cannot read their message. (An older version wrote `unreadable`.)"""


class Facts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Facts that the shell brings to a decision.

    - `at`: the bus's time.
    - `id`: a fresh id.
    - `incarnation`: the instance's own.
    - `backend`, `profile`: the mode, and the version of the profile, by which a turn that begins is answered.
    - `fallback`: of a turn that begins: the second model answers it, because of this failure of the first.
    - `apology`: the text for a failed turn.
    - `words`: by reason, the notice about a message that ends without a reply; no words: no notice is sent.
    - `failed`: of a `retry`: its messages that ended in a failed turn.
    - `unread`: of a `retry`: the messages in `failed` whose file has to be read.
    - `last`: of an `erase`: the sequence of the chat's last event.
    - `quote`: the messages that an answer quotes: `unclear` (it is the gateway's to see), `always` or `never`.
    - `previews`: the phone shows previews of links.
    - `informs`: of a `send` that takes no chat over: every instance reads it.
    - `is_blocked`: of the same: the chat is on the list of those who get nothing.
    - `is_read`: of an order by which users share the work: every instance reads its decision.
    - `sources`: the language of the line under an answer that names its documents; None: there is no such line.
    """

    key: ChatKey
    at: datetime
    id: str
    incarnation: str
    backend: str
    profile: str = ""
    fallback: str = ""
    apology: str = ""
    words: Mapping[str, str] = msgspec.field(default_factory=dict)
    failed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    last: int = 0
    quote: str = "unclear"
    previews: bool = False
    informs: bool = True
    is_blocked: bool = False
    is_read: bool = True
    sources: Language | None = None

    def words_about(self, reason: str) -> str:
        """The notice about a message that ends without a reply for `reason`; empty: none is sent."""
        if reason == "broken":
            return self.apology
        said = self.words.get("unreadable" if reason in TOLD_AS_UNREADABLE else reason, "")
        return said.replace("{code}", pairing_code(self.key)) if reason == "unapproved" else said
