"""One question in a thread that belongs to no chat."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from backends.protocol import (
    Answer,
    Backend,
    ReplyBackend,
    ReplyFailed,
    ReplyRequest,
    RunContinues,
    RunLost,
    ThreadBackend,
    ThreadLost,
    ThreadRequest,
    ToolCall,
    ToolsWanted,
)


async def ask(backend: Backend, request: ReplyRequest, words_of: Callable[[ToolCall], str] | None = None) -> Answer:
    """The answer to `request`. A backend that keeps threads gets a new thread instead of the request's.

    - `words_of`: gives the words of a question, which are the answer, from the call with which the model asks it. None:
      no tool is offered. Other tools act for a chat.

    Raises ReplyFailed.
    """
    request = request if words_of is not None else replace(request, tools=())
    outcome: Answer | ToolsWanted | RunContinues
    run: str | None = None
    if isinstance(backend, ReplyBackend):
        outcome = await backend.reply(request)
    elif isinstance(backend, ThreadBackend):
        try:
            place = ThreadRequest(
                account=request.account,
                chat=request.chat,
                history=(),
                patience=request.patience,
                moment=request.moment,
            )
            request = replace(request, thread=await backend.create_thread(place))
            outcome = RunContinues(await backend.start_run(request))
            while isinstance(outcome, RunContinues):
                run = outcome.run
                outcome = await backend.await_run(request, run)
        except (RunLost, ThreadLost) as lost:
            raise ReplyFailed("run_failed", lost.detail) from lost
    else:
        raise TypeError(f"{backend.name} is no backend that can be asked")
    if isinstance(outcome, ToolsWanted) and words_of is not None:
        if isinstance(backend, ThreadBackend):
            await backend.stop_turn(request.thread, request.turn, run)
        return Answer(text=words_of(outcome.calls[0]), model=outcome.model, usage=outcome.usage)
    if not isinstance(outcome, Answer):
        raise ReplyFailed("run_failed", "the model asked for a tool, and a question outside of a chat has none")
    return outcome
