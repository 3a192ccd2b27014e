"""Decisions of a chat: side `o` of the log, written by the chat's actor alone.

The subject is the tag, so no struct carries its type. Names and fields are the storage format: a new field has a
default, a field never changes its type. Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from events.inbound import Count, Integer, Time

ThreadReason = Literal["first", "replaced", "reset", "switched", "imported"]
Author = Literal["assistant", "operator", "system"]
MediaForm = Literal["text", "image", "file", "nothing"]


class Ignored(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An ending without a reply, with its reason. `cause` is the control that could not be obeyed; where `told`, the
    person is owed a word about it."""

    messages: tuple[str, ...]
    reason: str
    at: Time
    cause: str | None = None
    told: bool = False


class TurnStarted(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """These messages, in the order they arrived, are answered together. `cause` is the `retry` that asked for it;
    `media` are those of the messages whose file is read first.

    The turn knows of edits and deletions up to sequence `seen`; `instead` is the turn that it takes the place of,
    because a message of that one was edited or deleted while it ran.
    """

    turn: str
    messages: tuple[str, ...]
    backend: str
    at: Time
    cause: str | None = None
    media: tuple[str, ...] = ()
    seen: Count = 0
    instead: str | None = None


class TurnAdopted(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Another incarnation goes on with the turn: whoever had it before is fenced by this append."""

    turn: str
    by: str
    at: Time


class ThreadCreated(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The conversation's place at the backend. A later one replaces it. What it was seeded with knows of edits and
    deletions up to sequence `seen`."""

    backend: str
    thread: str
    reason: ThreadReason
    at: Time
    seen: Count = 0


class TokenUsage(msgspec.Struct, frozen=True, gc=False):
    """Tokens as the provider counted them."""

    input_tokens: Integer = 0
    output_tokens: Integer = 0

    def __add__(self, more: TokenUsage) -> TokenUsage:
        return TokenUsage(self.input_tokens + more.input_tokens, self.output_tokens + more.output_tokens)


class MediaRead(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The file of a message was read, once for the turn. `form` is how the model is shown it: as `text` (what was
    spoken, or what stands in it), as an `image` or a `file`, or, for a `reason`, as `nothing`.

    `reason` is too_large, file_unreadable (older versions wrote unreadable), unsupported or not_fetched, and `detail`
    says more; `bare` if the message has no words of its own, so that without its file there is nothing to be answered.
    `model` wrote a transcript, `usage` is what that cost.
    """

    turn: str
    message: str
    form: MediaForm
    at: Time
    text: str | None = None
    reason: str | None = None
    detail: str | None = None
    bare: bool = False
    model: str | None = None
    usage: TokenUsage = TokenUsage()


class RunStarted(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The provider works on the turn under this id, which can be asked for again after a crash. `usage` is what the run
    before it cost, if that was lost."""

    turn: str
    run: str
    attempt: Count
    at: Time
    usage: TokenUsage = TokenUsage()


class ToolCalled(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The model asked for a tool; `arguments` is JSON as the model wrote it. `usage` is what it cost to be asked, where
    that request is not counted elsewhere."""

    turn: str
    call: str
    name: str
    arguments: str
    at: Time
    usage: TokenUsage = TokenUsage()


class ToolReturned(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What the tool answered; `failed` when `output` is an error, `unfit` when the error is that the arguments do not
    fit the tool."""

    turn: str
    call: str
    output: str
    at: Time
    failed: bool = False
    unfit: bool = False


class Reply(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is said to the person; the payload of `wa.out`.

    `in_reply_to` are the messages that it ends, in the order they arrived (none for an apology, which is `about` a
    failed turn, or about the first of the messages that were ignored). `cause` is the control behind an operator's
    words. `usage` is that of all requests of the turn that are known.
    """

    id: str
    turn: str | None
    chat: str
    account: str
    text: str
    in_reply_to: tuple[str, ...]
    author: Author
    at: Time
    about: str | None = None
    backend: str | None = None
    model: str | None = None
    thread: str | None = None
    run: str | None = None
    usage: TokenUsage = TokenUsage()
    cause: str | None = None


class TurnError(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename={"class_": "class"}):
    """Why a turn failed: the class of the fault and the provider's own words."""

    class_: str
    detail: str


class TurnFailed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An ending without an answer; where `told`, an apology is owed to the person."""

    turn: str
    messages: tuple[str, ...]
    error: TurnError
    told: bool
    at: Time


class Paused(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Nothing is answered until `resumed`; `until` None holds until somebody resumes.

    `reason` is that under which messages end meanwhile: `paused`, or `taken_over` and `handed_off` where a human has
    the chat; `after` is then the message, reply or attention that it follows.
    """

    until: Time | None
    at: Time
    by: str | None = None
    cause: str | None = None
    reason: str = "paused"
    after: str | None = None


class Resumed(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Answering goes on; without `cause` the pause's time was over."""

    at: Time
    by: str | None = None
    cause: str | None = None


class Attention(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A human is asked to take over, for the reason in `text`; open until an operator writes or somebody resumes.

    `by` is `model`, `tool:<name>` or whoever gave the order `cause`; `messages` are those of the `turn` in which the
    model or the tool asked.
    """

    id: str
    text: str
    by: str
    at: Time
    turn: str | None = None
    messages: tuple[str, ...] = ()
    cause: str | None = None


class Approved(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Whoever writes here is answered, though nobody knew them."""

    at: Time
    by: str | None = None
    cause: str | None = None


class Blocked(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Nobody is answered here any more, until somebody approves."""

    at: Time
    by: str | None = None
    cause: str | None = None


class Reset(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The conversation starts anew: what arrived at or before sequence `upto` is no context any more."""

    upto: Count
    at: Time
    by: str | None = None
    cause: str | None = None


class Erased(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Everything of the chat at or before sequence `upto` counts as gone, and is to be removed wherever it stands; the
    chat begins anew behind it, with what came in before this decision and is not known to it. When that is `done`, the
    same is said again, as a receipt.

    What an operator or the person decided outlasts it: `admission` (approved, blocked) and `stopped` as in the chat's
    state, and a pause for the reason `held`, which ends at `until`. The receipt counts the `events`, `objects` and
    `threads` that whoever finished the work removed, and names the threads that are `left` at a provider
    (`<backend> <thread>: <why>`).
    """

    upto: Count
    at: Time
    by: str | None = None
    cause: str | None = None
    done: bool = False
    admission: str = ""
    stopped: bool = False
    held: str = ""
    until: Time | None = None
    events: Count = 0
    objects: Count = 0
    threads: Count = 0
    left: tuple[str, ...] = ()


Decision = (
    Ignored
    | TurnStarted
    | TurnAdopted
    | ThreadCreated
    | MediaRead
    | RunStarted
    | ToolCalled
    | ToolReturned
    | Reply
    | TurnFailed
    | Paused
    | Resumed
    | Attention
    | Approved
    | Blocked
    | Reset
    | Erased
)

DECISIONS: dict[str, type[Decision]] = {
    "ignored": Ignored,
    "turn_started": TurnStarted,
    "turn_adopted": TurnAdopted,
    "thread_created": ThreadCreated,
    "media_read": MediaRead,
    "run_started": RunStarted,
    "tool_called": ToolCalled,
    "tool_returned": ToolReturned,
    "reply": Reply,
    "turn_failed": TurnFailed,
    "paused": Paused,
    "resumed": Resumed,
    "attention": Attention,
    "approved": Approved,
    "blocked": Blocked,
    "reset": Reset,
    "erased": Erased,
}
"""The struct of each type of side `o`."""

TYPE_OF: dict[type[Decision], str] = {struct: name for name, struct in DECISIONS.items()}
"""The type, as the subject has it, of each decision."""
