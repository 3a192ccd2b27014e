"""One question in a thread that belongs to no chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from backends.protocol import (
    Answer,
    Backend,
    DoneCall,
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
    Usage,
)
from events.details import Detail

MOST_ROUNDS = 6
"""Requests of one turn; a model that wants more tools goes round in circles."""

Give = Callable[[ToolCall], Awaitable[str | None]]


async def ask(
    backend: Backend,
    request: ReplyRequest,
    words_of: Callable[[ToolCall], str] | None = None,
    give: Give | None = None,
) -> Answer:
    """The answer to `request`. A backend that keeps threads gets a new thread instead of the request's.

    - `words_of`: gives the words of a question, which are the answer, from the call with which the model asks it.
    - `give`: gives the output of a call, from which the model goes on; None as an output: it is such a question.

    Without both no tool is offered: other tools act for a chat. Raises ReplyFailed.
    """
    request = request if words_of is not None or give is not None else replace(request, tools=())
    try:
        if isinstance(backend, ThreadBackend):
            place = ThreadRequest(
                account=request.account,
                chat=request.chat,
                history=(),
                patience=request.patience,
                moment=request.moment,
            )
            request = replace(request, thread=await backend.create_thread(place))
        return await _answered(backend, request, words_of, give)
    except (RunLost, ThreadLost) as lost:
        raise ReplyFailed("run_failed", lost.detail) from lost


async def _answered(
    backend: Backend, request: ReplyRequest, words_of: Callable[[ToolCall], str] | None, give: Give | None
) -> Answer:
    run, rounds, spent = "", 0, Usage()
    while rounds < MOST_ROUNDS:
        outcome, run = await _next(backend, request, run)
        if isinstance(outcome, Answer):
            return replace(outcome, usage=spent + outcome.usage)
        if isinstance(outcome, RunContinues):
            run, request = outcome.run, replace(request, calls=())
            continue
        rounds, spent = rounds + 1, spent + outcome.usage
        done = list[DoneCall]()
        for call in outcome.calls:
            output = await give(call) if give is not None else None
            if output is None:
                return await _asked(backend, request, run, outcome, call, words_of)
            done.append(DoneCall(id=call.id, name=call.name, arguments=call.arguments, output=output, raw=call.raw))
        request = replace(request, calls=(*request.calls, *done))
    raise ReplyFailed("run_failed", Detail.TOO_MANY_ROUNDS.said(rounds=MOST_ROUNDS))


async def _next(backend: Backend, request: ReplyRequest, run: str) -> tuple[Answer | ToolsWanted | RunContinues, str]:
    """The answer of the backend, and its run; empty: it has none."""
    if isinstance(backend, ReplyBackend):
        return await backend.reply(request), ""
    if not isinstance(backend, ThreadBackend):
        raise TypeError(f"{backend.name} is no backend that can be asked")
    run = run or await backend.start_run(request)
    return await backend.await_run(replace(request, attempt=2), run), run


async def _asked(  # noqa: PLR0917
    backend: Backend,
    request: ReplyRequest,
    run: str,
    wanted: ToolsWanted,
    call: ToolCall,
    words_of: Callable[[ToolCall], str] | None,
) -> Answer:
    """The question that the call asks, as the answer."""
    if words_of is None:
        raise ReplyFailed("run_failed", Detail.NO_TOOLS.said())
    if isinstance(backend, ThreadBackend):
        await backend.stop_turn(request.thread, request.turn, run)
    return Answer(text=words_of(call), model=wanted.model, usage=wanted.usage)
