"""Protocols of the backends that write replies, with their requests, results and errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from chat.context import Line
from chat.moment import Moment
from events.details import Detail

ErrorClass = Literal[
    "rate_limited",
    "quota_exhausted",
    "provider_error",
    "timeout",
    "unreachable",
    "bad_key",
    "unknown_model",
    "context_too_long",
    "refused",
    "malformed_answer",
    "bad_request",
    "run_failed",
]
"""Class of a failure to get a reply; the `class` of `turn_failed`'s error."""


Length = Literal["", "continued", "cut"]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model may call.

    - `name`: its name.
    - `description`: text that tells the model its use.
    - `parameters`: the JSON schema of its arguments, an object.
    - `strict`: the schema is one that OpenAI can hold a model to: each property is required, and there are no others.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    strict: bool = False


class DoneCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the model asked for earlier in this turn.

    - `id`: the provider's id of the call.
    - `name`: the tool's name.
    - `arguments`: JSON as the model wrote it.
    - `output`: the call's result.
    - `raw`: as in ToolCall.
    """

    id: str
    name: str
    arguments: str
    output: str
    raw: str | None = None


class ThreadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a new thread.

    - `account`, `chat`: the chat for which the thread is made.
    - `history`: the chat's lines so far, oldest first, cut to the context window.
    - `moment`: as in ReplyRequest.
    - `patience`: seconds that the request may take, retries included.
    """

    account: str
    chat: str
    history: tuple[Line, ...]
    patience: float
    moment: Moment | None = None


class Files(Protocol):
    """The files of lines, by the object names in their attachments."""

    async def read(self, name: str) -> bytes | None:
        """The bytes; None if they are not there any more. Raises nothing."""


class NoFiles:
    """No files."""

    async def read(self, name: str) -> bytes | None:  # noqa: ARG002 - the protocol's
        return None


class ReplyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One turn to be answered.

    - `account`, `chat`: the turn's chat.
    - `turn`: the turn's id.
    - `thread`: the provider's id of the chat's thread, at a ThreadBackend.
    - `history`: lines of the turns that ended before, oldest first, already cut to the context window. Empty if a
      thread has them. They have no attachments: their text names the files that were sent.
    - `messages`: exactly the messages of `turn_started`, in the order in which they arrived.
    - `patience`: seconds that the reply may take, retries included.
    - `ids`: the ids of `messages`.
    - `attempt`: number of the attempt that comes next: 1 before the first run, 2 while it is awaited.
    - `calls`: calls of this run that have an output.
    - `tools`: functions that the model may call.
    - `files`: the files that the attachments of `messages` name.
    - `moment`: fills the blanks of the instructions; None: they are left as they are.
    - `may_be_silent`: an answer without a text will do, because tools have given parts for the person.
    """

    account: str
    chat: str
    turn: str
    thread: str
    history: tuple[Line, ...]
    messages: tuple[Line, ...]
    patience: float
    ids: tuple[str, ...] = ()
    attempt: int = 1
    calls: tuple[DoneCall, ...] = ()
    tools: tuple[Tool, ...] = ()
    files: Files = NoFiles()
    moment: Moment | None = None
    may_be_silent: bool = False


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the provider counted them.

    - `cached_tokens`: those of `input_tokens` that the provider had in its cache.
    - `seconds`: of speech, where the provider counts that.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    seconds: int = 0

    def __add__(self, more: Usage) -> Usage:
        return Usage(
            self.input_tokens + more.input_tokens,
            self.output_tokens + more.output_tokens,
            self.cached_tokens + more.cached_tokens,
            self.seconds + more.seconds,
        )


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The model's answer.

    - `text`: empty only where it may be silent.
    - `model`: the model that wrote it.
    - `run`: the provider's id of the response.
    - `usage`: tokens of the last request, or of the whole run.
    - `length`: the text reached the longest length: it was `continued` with another request, or is `cut` there.
    """

    text: str
    model: str
    run: str | None = None
    usage: Usage = Usage()
    length: Length = ""


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the model asks for.

    - `id`: the provider's id of the call.
    - `name`: the tool's name.
    - `arguments`: JSON as the model wrote it; it may be invalid.
    - `raw`: at a ReplyBackend, of the first call of a message: that message as the backend wants it back with the
      outputs, for it alone to read.
    """

    id: str
    name: str
    arguments: str
    raw: str | None = None


class ToolsWanted(msgspec.Struct, frozen=True):
    """The model cannot answer before its calls have outputs.

    - `calls`: the calls without an output; none of them is among the request's `calls`.
    - `usage`: tokens of the request that gave the calls, unless the answer's usage will include them.
    - `model`: the model that has used them.
    """

    calls: tuple[ToolCall, ...]
    usage: Usage = Usage()
    model: str = ""


class RunContinues(msgspec.Struct, frozen=True):
    """The same attempt goes on as the run `run`: the provider has taken the input, and has made a new run for it."""

    run: str


class ThreadLost(Exception):
    """The thread is gone at the provider, or belongs to another account; a new thread has to take its place."""

    def __init__(self, thread: str, detail: str) -> None:
        super().__init__(f"thread {thread} is lost: {detail}")
        self.thread = thread
        self.detail = detail


class RunLost(Exception):
    """The run will give no reply (failed, expired, cancelled, forgotten), but another attempt at the turn may. `usage`
    is its cost all the same, of `model`."""

    def __init__(self, run: str, detail: str, usage: Usage = Usage(), model: str = "") -> None:  # noqa: B008 - it is frozen
        super().__init__(f"run {run} is lost: {detail}")
        self.run = run
        self.detail = detail
        self.usage = usage
        self.model = model


class ReplyFailed(Exception):
    """The backend got no reply within the turn's patience; `detail` is the provider's message, fit for a log line.
    `usage` is the cost of its last requests all the same, of `model`."""

    def __init__(
        self,
        error_class: ErrorClass,
        detail: str,
        usage: Usage = Usage(),  # noqa: B008 - it is frozen
        model: str = "",
    ) -> None:
        super().__init__(f"{error_class}: {detail}")
        self.error_class: ErrorClass = error_class
        self.detail = detail
        self.usage = usage
        self.model = model


def no_answer(within: float) -> str:
    """The detail of a request that got none in so many seconds. They are told to a tenth: what is left of a turn's
    patience is a little less than was given."""
    return Detail.NO_ANSWER.said(seconds=f"{round(within, 1):g}")


class CannotForget(Exception):
    """The provider will never delete the thread; `detail` is its reason."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class CannotBeRead(Exception):
    """A file cannot be read for a model.

    - `reason`: `unsupported`: no reader opens this type; `file_unreadable`: this file cannot be opened; `too_large`: it
      is longer than what is read; `not_transcribed`: nothing here transcribes audio.
    - `detail`: the reader's own message.
    """

    def __init__(
        self, reason: Literal["unsupported", "file_unreadable", "too_large", "not_transcribed"], detail: str
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Transcript(msgspec.Struct, frozen=True):
    """A transcript of audio.

    - `text`: the spoken words.
    - `model`: the model that transcribed them.
    - `usage`: tokens, if the provider counts them.
    """

    text: str
    model: str
    usage: Usage = Usage()


class Threads(Protocol):
    """Threads that providers keep, and delete on request."""

    def keeps(self, backend: str) -> bool:
        """True if a provider keeps threads of this backend."""

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        """Have the thread and these runs of it deleted; one that is gone already is no error. Raises CannotForget, and
        ReplyFailed for a failure that may pass."""


class NoThreads:
    """No threads: no provider keeps any."""

    def keeps(self, backend: str) -> bool:  # noqa: ARG002 - the protocol's
        return False

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        """Nothing to delete."""


class Backend(Protocol):
    """The common part of both kinds of backends. `name` is its name in events (`chat`, `responses`, …).

    Every method may be cancelled at any await. Every method may raise ReplyFailed; it raises another exception only if
    its docstring names it.
    """

    @property
    def name(self) -> str: ...

    async def close(self) -> None: ...


@runtime_checkable
class ReplyBackend(Backend, Protocol):
    """A backend that answers from the context in the request; its provider keeps nothing."""

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        """The answer to the turn, or the tool calls that it needs first. Cancelled, it leaves nothing running."""


@runtime_checkable
class ThreadBackend(Backend, Protocol):
    """A backend that answers in threads that its provider keeps. Even after lost answers and crashes, a turn's messages
    are in the thread once, and one run answers them."""

    async def create_thread(self, request: ThreadRequest) -> str:
        """The id of a new thread that holds `history`. A call that is cut short may leave an unused thread."""

    async def start_run(self, request: ReplyRequest) -> str:
        """The id of the run that answers the turn in `request.thread`: the run of an earlier try, or else a new one.
        Waits for other runs in the thread, or ends them. Raises ThreadLost."""

    async def await_run(self, request: ReplyRequest, run: str) -> Answer | ToolsWanted | RunContinues:
        """The outcome of the run, given the outputs in `request.calls`; safe to be called again at any time.

        After RunContinues call it with the new run, and only that run's calls in `request.calls`. A run that outlasts
        `patience` is cancelled at the provider. Raises RunLost, ThreadLost.
        """

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        """Best effort: have the provider stop all runs of an abandoned turn, including a run that begins during the
        call, since a request may be on its way. `run` is the last known run of the turn. Raises nothing."""
