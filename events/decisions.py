"""Decisions of a chat: side `o` of the log, written by the chat's actor alone.

The subject is the tag, so no struct carries its type. Names and fields are the storage format: a new field has a
default, a field never changes its type. Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from events.admission import Approved, Blocked
from events.cut import Cut
from events.inbound import Count, Time
from events.joining import Joined
from events.parts import Part
from events.teamwork import Assigned, Labelled, Noted, Resolved
from events.tool_calls import ToolCalled, ToolReturned
from events.usage import TokenUsage

ThreadReason = Literal["first", "replaced", "reset", "switched", "imported"]
Author = Literal["assistant", "operator", "system"]
MediaForm = Literal["text", "image", "file", "nothing"]


class Ignored(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """These messages end without a reply, or an order is not obeyed.

    - `messages`: the messages; none if an order is not obeyed.
    - `reason`: the reason, as one word.
    - `cause`: the control that is not obeyed.
    - `told`: a notice to the person follows.
    """

    messages: tuple[str, ...]
    reason: str
    at: Time
    cause: str | None = None
    told: bool = False


class TurnStarted(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A turn begins: these messages are answered together.

    - `messages`: in the order in which they arrived.
    - `cause`: the `retry` that asked for the turn.
    - `media`: the messages whose file is read first.
    - `seen`: the turn knows of edits and deletions up to this sequence.
    - `instead`: the turn that this one replaces, because a message of it was edited or deleted while it ran, or because
      the first model failed.
    - `fallback`: the second model answers, because of this failure of the first.
    - `profile`: the version of a profile, as `name@N`, by which the turn is answered; absent: the instance's own
      settings.
    """

    turn: str
    messages: tuple[str, ...]
    backend: str
    at: Time
    cause: str | None = None
    media: tuple[str, ...] = ()
    seen: Count = 0
    instead: str | None = None
    fallback: str | None = None
    profile: str = ""


class TurnAdopted(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Another incarnation, `by`, goes on with the turn. This append fences the incarnation that had it before."""

    turn: str
    by: str
    at: Time


class ThreadCreated(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The conversation's place at the backend. A later one replaces it.

    - `thread`, `reason`: its id at the backend, and the occasion for a new one.
    - `seen`: the thread was seeded with edits and deletions up to this sequence.
    - `profile`: that of the turn, whose server and key made the thread.
    """

    backend: str
    thread: str
    reason: ThreadReason
    at: Time
    seen: Count = 0
    profile: str = ""


class MediaRead(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The file of a message was read, once for the turn.

    - `form`: the model is shown the file as `text` (a transcript, or the text in it), `image`, `file`, or `nothing`.
    - `text`: that text.
    - `reason`: of `nothing`: too_large, file_unreadable (once unreadable), unsupported, not_fetched, not_transcribed.
    - `detail`: more about the reason.
    - `bare`: the message has no words of its own, so without its file there is nothing to answer.
    - `model`, `usage`: the model that wrote a transcript, and its cost.
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
    """The provider works on the turn under an id that recado can ask for again after a crash.

    - `run`: that id.
    - `attempt`: counts the attempts at the turn, from 1.
    - `usage`: the cost of the run before it, if that run was lost.
    - `profile`: that of the turn, whose server and key the run is at.
    - `model`: the model of that cost.
    """

    turn: str
    run: str
    attempt: Count
    at: Time
    usage: TokenUsage = TokenUsage()
    profile: str = ""
    model: str | None = None


class Reply(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message to the person; the payload of `wa.out`.

    - `turn`: the turn that wrote it; null if no model did.
    - `in_reply_to`: the messages that it ends, in the order in which they arrived; none for a notice or an apology.
    - `author`: `assistant` is the model, `operator` a human, `system` recado itself.
    - `about`: of an apology the failed turn; of a notice the first of the ignored messages.
    - `usage`: of all requests of the turn that are known.
    - `cause`: the control with the operator's words.
    - `cut`: the parts of the model's answer that recado cut out; absent: none.
    - `length`: the answer reached the model's longest length and was `continued` by another request, or is `cut` there,
      which the text shows; absent: it did not.
    - `fallback`: the second model answered, because of this failure of the first; absent: the first answered.
    - `profile`: that of the turn; absent: the instance's own settings.
    - `parts`: what is sent instead of `text`, which then is their plain reading, for all that show no parts; absent:
      `text` is sent.
    - `quote`: the message that it quotes: an id of `wa.in`, `<reply>`, or `<reply>#<message>` for one of several
      messages of a reply; empty: none; absent: none was chosen, and the gateway sees whether it is clear without.
    - `previews`: the phone is to show a preview of a link in it.
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
    cut: tuple[Cut, ...] | msgspec.UnsetType = msgspec.UNSET
    length: str | msgspec.UnsetType = msgspec.UNSET
    fallback: str | msgspec.UnsetType = msgspec.UNSET
    profile: str | msgspec.UnsetType = msgspec.UNSET
    parts: tuple[Part, ...] | msgspec.UnsetType = msgspec.UNSET
    quote: str | msgspec.UnsetType = msgspec.UNSET
    previews: bool | msgspec.UnsetType = msgspec.UNSET


class TurnError(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename={"class_": "class"}):
    """The reason of a failed turn: the `class` of the fault, and its `detail` in the provider's or recado's words."""

    class_: str
    detail: str


class TurnFailed(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The turn and its messages end without an answer; if `told`, an apology to the person follows.

    - `usage`, `model`: the cost of its last requests, which brought no answer, and their model.
    """

    turn: str
    messages: tuple[str, ...]
    error: TurnError
    told: bool
    at: Time
    usage: TokenUsage = TokenUsage()
    model: str | None = None


class Paused(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Nothing is answered until `resumed`.

    - `until`: the end of the pause; null: it lasts until an order ends it.
    - `reason`: of the messages that end meanwhile: `paused`, or `taken_over` and `handed_off` if a human has the chat.
    - `after`: if a human has the chat: the message, reply or attention that led to the pause.
    - `unchanged`: it was paused so before: the order changed nothing.
    """

    until: Time | None
    at: Time
    by: str | None = None
    cause: str | None = None
    reason: str = "paused"
    after: str | None = None
    unchanged: bool = False


class Resumed(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Messages are answered again. Without `cause`, the time of the pause was over.

    - `unchanged`: they were answered before: the order changed nothing.
    """

    at: Time
    by: str | None = None
    cause: str | None = None
    unchanged: bool = False


class Attention(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A request for a human, open until an operator writes or an order resumes the chat.

    - `text`: the reason.
    - `by`: `model`, `tool:<name>`, the name in the order, or `gateway`: a reply may not have arrived. That one does not
      give the chat to a human, and its `id` is the reply's with `.h` after it.
    - `turn`, `messages`: the turn in which the model or the tool asked, and its messages.
    - `cause`: the order that asked.
    """

    id: str
    text: str
    by: str
    at: Time
    turn: str | None = None
    messages: tuple[str, ...] = ()
    cause: str | None = None


class Reset(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A new conversation begins: messages that arrived at or before sequence `upto` are no longer context."""

    upto: Count
    at: Time
    by: str | None = None
    cause: str | None = None


class Erased(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The chat's past counts as gone and is to be removed everywhere; a second event, with `done`, is the receipt.

    - `upto`: all events of the chat up to this sequence are gone; later ones belong to the new chat that begins here.
    - `done`: this is the receipt: everything is removed.
    - `admission`: `approved` or `blocked` by an earlier order, which still holds.
    - `stopped`: the person had asked for no replies, which still holds.
    - `opted_out`: the person wants no marketing messages, which still holds.
    - `held`, `until`: the reason of a pause that still holds, and its end.
    - `events`, `objects`, `threads`: of the receipt: the numbers of things removed.
    - `left`: of the receipt: the threads that are still at a provider (`<backend> <thread>: <why>`).
    - `joined`: the chats that had closed into this one; they are erased first.
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
    joined: tuple[str, ...] = ()
    opted_out: bool = False


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
    | Joined
    | Assigned
    | Noted
    | Labelled
    | Resolved
)

Standing = Paused | Resumed | Approved | Blocked | Assigned | Labelled | Resolved
"""The decisions after which a chat stands as the order says; `unchanged` tells that it did before."""

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
    "joined": Joined,
    "assigned": Assigned,
    "noted": Noted,
    "labelled": Labelled,
    "resolved": Resolved,
}
"""The struct of each type of side `o`."""

TYPE_OF: dict[type[Decision], str] = {struct: name for name, struct in DECISIONS.items()}
"""The type of each decision, as in its subject."""
