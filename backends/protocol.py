"""Protocols of the backends that write replies, with their requests, results and errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from chat.context import Line

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
"""Why no reply could be had; the `class` of `turn_failed`'s error."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model may ask for; `parameters` is the JSON schema of its arguments, an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class DoneCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the model asked for earlier in this turn, with what came of it. `id` is the provider's."""

    id: str
    name: str
    arguments: str
    output: str


class ThreadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to be given a place; `history` is what was said in it, oldest first, cut to the context window."""

    account: str
    chat: str
    history: tuple[Line, ...]
    patience: float


class Files(Protocol):
    """The files that lines are sent with, by the names in their attachments."""

    async def read(self, name: str) -> bytes | None:
        """The bytes; None if they are not there any more. Raises nothing."""


class NoFiles:
    """There are none."""

    async def read(self, name: str) -> bytes | None:  # noqa: ARG002 - the protocol's
        return None


class ReplyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One turn to be answered.

    `history` is what ended before (oldest first, already cut to the context window; none where a thread has it),
    `messages` are exactly the messages of `turn_started` in the order they arrived, and `ids` theirs. `calls` are those
    of this run that have their output. `patience` is how many seconds the reply may take, retries included. `files` has
    what the messages' attachments name; those of the history have none, it says in words what was sent.
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


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The model's words and what they cost: the last request, or the whole run. `text` is never empty; `run` is the
    provider's id of the response."""

    text: str
    model: str
    run: str | None = None
    usage: Usage = Usage()


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that the model wants called; `arguments` is JSON as it wrote it, which need not be valid."""

    id: str
    name: str
    arguments: str


class ToolsWanted(msgspec.Struct, frozen=True):
    """The model cannot answer before these calls have outputs; none of them is among the request's `calls`. `usage` is
    what it cost to hear so, where the answer's usage will not say."""

    calls: tuple[ToolCall, ...]
    usage: Usage = Usage()


class RunContinues(msgspec.Struct, frozen=True):
    """The same attempt goes on under this id: the provider took what was owed to it, and made another run of it."""

    run: str


class ThreadLost(Exception):
    """The thread is gone at the provider, or belongs to somebody else; another one has to take its place."""

    def __init__(self, thread: str, detail: str) -> None:
        super().__init__(f"thread {thread} is lost: {detail}")
        self.thread = thread
        self.detail = detail


class RunLost(Exception):
    """The run will give no reply (failed, expired, cancelled, forgotten), and another attempt at the turn may. `usage`
    is what it has cost all the same."""

    def __init__(self, run: str, detail: str, usage: Usage = Usage()) -> None:  # noqa: B008 - it is frozen
        super().__init__(f"run {run} is lost: {detail}")
        self.run = run
        self.detail = detail
        self.usage = usage


class ReplyFailed(Exception):
    """No reply could be had within the turn's patience; `detail` is the provider's own message, fit for a log line."""

    def __init__(self, error_class: ErrorClass, detail: str) -> None:
        super().__init__(f"{error_class}: {detail}")
        self.error_class: ErrorClass = error_class
        self.detail = detail


class CannotForget(Exception):
    """The provider will not delete a thread, however often it is asked; `detail` is why."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class CannotBeRead(Exception):
    """A file has nothing for a model: `reason` is `unsupported` (no reader opens this type) or `file_unreadable` (this
    one cannot be opened)."""

    def __init__(self, reason: Literal["unsupported", "file_unreadable"], detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Transcript(msgspec.Struct, frozen=True):
    """What was spoken, which model wrote it down, and what that cost where it is paid by tokens."""

    text: str
    model: str
    usage: Usage = Usage()


class Threads(Protocol):
    """What providers keep of conversations, and can be asked to delete."""

    def keeps(self, backend: str) -> bool:
        """Whether threads of this backend are kept by a provider."""

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        """Have the thread deleted, and these runs of it; what is gone already is no error. Raises CannotForget, and
        ReplyFailed for what may pass."""


class NoThreads:
    """No provider keeps anything."""

    def keeps(self, backend: str) -> bool:  # noqa: ARG002 - the protocol's
        return False

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        """Nothing is there."""


class Backend(Protocol):
    """What every writer of replies has. `name` is what events call it (`chat`, `responses`, …).

    Every method may be cancelled at any await. Beside what is named below, methods raise ReplyFailed and nothing else.
    """

    @property
    def name(self) -> str: ...

    async def close(self) -> None: ...


@runtime_checkable
class ReplyBackend(Backend, Protocol):
    """Answers from the context it is shown; its provider keeps nothing."""

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        """The answer to the turn, or what is wanted for it. Cancelled, it leaves nothing running."""


@runtime_checkable
class ThreadBackend(Backend, Protocol):
    """Answers in threads that its provider keeps. Whatever was lost on the way or crashed, a turn's messages are put
    into the thread once, and one run answers them."""

    async def create_thread(self, request: ThreadRequest) -> str:
        """A new thread in which `history` stands; its id. A call that was cut short may leave a thread nobody uses."""

    async def start_run(self, request: ReplyRequest) -> str:
        """The id of the run that answers the turn in `request.thread`: the one that an earlier try began, if there is
        one, or a new one. Ends or waits for what else runs in the thread. Raises ThreadLost."""

    async def await_run(self, request: ReplyRequest, run: str) -> Answer | ToolsWanted | RunContinues:
        """What comes of the run, given the outputs in `request.calls`; safe to be called again at any time.

        After RunContinues it is called with the new run, whose `request.calls` are its own alone. Raises RunLost,
        ThreadLost. A run that outlasts `patience` is cancelled at the provider.
        """

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        """Best effort: have the provider stop what works for a turn that nobody waits for any more, also what begins
        to while this looks, since a request may be on its way. `run` is the last run of the turn that is known. Raises
        nothing."""
