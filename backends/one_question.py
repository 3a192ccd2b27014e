"""One question in a thread that belongs to no chat."""

from __future__ import annotations

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
    ToolsWanted,
)


async def ask(backend: Backend, request: ReplyRequest) -> Answer:
    """The answer to `request`. A backend that keeps threads gets a new thread instead of the request's.

    No tool is offered, since a tool acts for a chat. Raises ReplyFailed.
    """
    request = replace(request, tools=())
    outcome: Answer | ToolsWanted | RunContinues
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
                outcome = await backend.await_run(request, outcome.run)
        except (RunLost, ThreadLost) as lost:
            raise ReplyFailed("run_failed", lost.detail) from lost
    else:
        raise TypeError(f"{backend.name} is no backend that can be asked")
    if not isinstance(outcome, Answer):
        raise ReplyFailed("run_failed", "the model asked for a tool, and a question outside of a chat has none")
    return outcome
