"""Effects of a chat: work that takes time. Each effect returns the commands that follow from its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import cast

import structlog
from msgspec.structs import replace

from actors import metrics
from actors.answering import Answering
from actors.erasing import remove
from actors.instance import Instance
from actors.joining import join
from actors.moments import history_with, lines_with, messages_with, moment_of
from actors.reading import read_media
from actors.tool_calls import call_tool
from actors.usage import cost_of, tokens_of
from backends.protocol import (
    Answer,
    DoneCall,
    ReplyBackend,
    ReplyFailed,
    ReplyRequest,
    RunContinues,
    RunLost,
    ThreadBackend,
    ThreadLost,
    ThreadRequest,
    ToolsWanted,
    Usage,
)
from chat.cleaning import Cleaned, cleaned
from chat.commands import (
    Answered,
    Command,
    Failed,
    FallOver,
    RunReady,
    ThreadReady,
    ToolAsked,
)
from chat.context import Line, after, after_question, window
from chat.first_look import CALL, asked, before, passages_of
from chat.moment import Moment
from chat.second_model import falls_over
from chat.state import Stray
from chat.turn import Turn, run_of
from chat.work import (
    AwaitRun,
    CallTool,
    CreateThread,
    Erase,
    Joining,
    LookUpFirst,
    ReadMedia,
    StartRun,
    StopRun,
    WriteReply,
)
from events.decisions import ThreadReason
from events.details import Detail
from events.subjects import ChatKey
from events.usage import TokenUsage

log = structlog.get_logger("recado.actors")

MOST_ATTEMPTS = 3
"""Most runs that are tried for one turn before it fails, and most threads that are made for it."""

CUT_HERE = "…"
"""The end of an answer that the model could not finish."""

Work = ReadMedia | CreateThread | LookUpFirst | WriteReply | StartRun | AwaitRun | CallTool | StopRun | Erase | Joining


async def perform(
    instance: Instance, answering: Answering, key: ChatKey, work: Work, context_at: int
) -> Sequence[Command]:
    """Do `work`; returns the commands that follow from it, in the order in which they are to be decided. `answering` is
    that of the chat's turn.

    The context is read once the projection has reached the sequence `context_at` and the readings of the turn's files.
    Raises Fenced.
    """
    instance.fence.check()
    if not isinstance(work, StopRun | Erase | Joining):
        return await _of_turn(instance, answering, key, work, context_at)
    instance.busy += 1
    try:
        if isinstance(work, StopRun):
            return await _stop(await instance.profiles.find(work.stray.profile), work.stray)
        if isinstance(work, Erase):
            return [await remove(instance, key, work)]
        return await join(instance, key, work)
    finally:
        instance.busy -= 1


async def _of_turn(
    instance: Instance,
    answering: Answering,
    key: ChatKey,
    work: ReadMedia | CreateThread | LookUpFirst | WriteReply | StartRun | AwaitRun | CallTool,
    context_at: int,
) -> Sequence[Command]:
    try:
        if isinstance(work, ReadMedia):
            return [await read_media(instance, answering, key, work)]
        if isinstance(work, CallTool):
            return [await call_tool(instance, answering, key, work)]
        if isinstance(work, CreateThread):
            return [await _create_thread(instance, answering, key, work)]
        context_at = max(context_at, work.turn.read_at)
        if isinstance(work, LookUpFirst):
            await instance.progress.reached(context_at)
            messages = instance.reads.lines_of(key, work.turn.messages)
            return [asked(work.turn.id, messages, _history(instance, answering, key, work.reset_upto))]
        return await _next_of_run(instance, answering, key, work, context_at)
    except ReplyFailed as failure:
        turn = work.turn if isinstance(work, ReadMedia | CreateThread | CallTool) else work.turn.id
        if answering.breaker is not None and _asks_the_first(work):
            answering.breaker.failed(failure.error_class)
            if falls_over(failure.error_class):
                reason = failure.error_class
                metrics.fallbacks.labels(reason).inc()
                log.warning("fell_over", chat=key.chat, turn=turn, reason=reason, detail=failure.detail)
                return [FallOver(turn, reason)]
        return [Failed(turn, failure.error_class, failure.detail, *cost_of(failure.usage, failure.model))]


def _asks_the_first(work: Work) -> bool:
    """True if the work asks the first model, or its provider."""
    if isinstance(work, WriteReply):
        return not work.turn.fallback
    return isinstance(work, CreateThread | StartRun | AwaitRun)


async def _next_of_run(
    instance: Instance, answering: Answering, key: ChatKey, work: WriteReply | StartRun | AwaitRun, context_at: int
) -> Sequence[Command]:
    turn, backend = work.turn, answering.backend
    if turn.fallback and answering.fallback is None:
        turn = replace(turn, fallback="")  # it was given to a second model that this instance does not have
    if isinstance(work, WriteReply):
        request = await _whole_request(instance, answering, key, work, context_at)
        if turn.fallback and answering.fallback is not None:
            return await _whole_reply(answering.fallback, turn, request)
        commands = await _whole_reply(cast(ReplyBackend, backend), turn, request)
        _first_answered(answering)
        return commands
    await instance.progress.reached(context_at)
    request = await _thread_request(instance, answering, key, work)
    backend = cast(ThreadBackend, backend)  # checked once, at start: a check against a protocol costs 25 µs
    try:
        if isinstance(work, StartRun):
            return [RunReady(turn.id, await backend.start_run(request), request.attempt)]
        try:
            outcome = await backend.await_run(request, work.run)
        except RunLost as lost:
            log.warning("run_lost", chat=key.chat, turn=turn.id, run=work.run, reason=lost.detail)
            if turn.attempt >= MOST_ATTEMPTS:
                raise ReplyFailed("run_failed", lost.detail, lost.usage, lost.model) from lost
            run = await backend.start_run(request)
            return [RunReady(turn.id, run, turn.attempt + 1, *cost_of(lost.usage, lost.model))]
    except ThreadLost as gone:
        log.warning("thread_lost", chat=key.chat, turn=turn.id, thread=gone.thread, reason=gone.detail)
        if turn.threads >= MOST_ATTEMPTS:
            raise ReplyFailed("run_failed", Detail.LOST_THREADS.said(words=gone.detail)) from gone
        history = _history(instance, answering, key, work.reset_upto)
        return [
            await _new_thread(instance, answering, key, turn.id, "replaced", history=history, moment=request.moment)
        ]
    if not isinstance(outcome, Answer):
        return _outcome(turn, outcome)
    answer = cleaned(outcome.text)
    if not (flaw := _flaw(turn, answer)):
        _first_answered(answering)
        return [_answered(turn, outcome, answer)]
    # The provider keeps the worthless answer in the thread, and would show it to the model as the turn's answer.
    log.warning("answer_worthless", turn=turn.id, reason=flaw)
    if turn.threads >= MOST_ATTEMPTS:
        raise ReplyFailed("malformed_answer", flaw, outcome.usage, outcome.model)
    history = _history(instance, answering, key, work.reset_upto)
    return [await _new_thread(instance, answering, key, turn.id, "replaced", history=history, moment=request.moment)]


def _first_answered(answering: Answering) -> None:
    if answering.breaker is not None:
        answering.breaker.answered()


async def _whole_reply(backend: ReplyBackend, turn: Turn, request: ReplyRequest) -> Sequence[Command]:
    """The outcome of a backend without threads; it is asked again after an answer that holds nothing for a person."""
    now = asyncio.get_running_loop().time
    deadline, spent = now() + request.patience, Usage()
    for attempt in count(1):
        outcome = await backend.reply(request)
        spent += outcome.usage
        outcome = replace(outcome, usage=spent)
        if isinstance(outcome, ToolsWanted):
            return _outcome(turn, outcome)
        answer = cleaned(outcome.text)
        if not (flaw := _flaw(turn, answer)):
            return [_answered(turn, outcome, answer)]
        log.warning("answer_worthless", turn=turn.id, reason=flaw)
        request = replace(request, patience=deadline - now())
        if attempt >= MOST_ATTEMPTS or request.patience <= 0:
            raise ReplyFailed("malformed_answer", flaw, outcome.usage, outcome.model)
    raise AssertionError("every attempt returns, or is followed by another")


async def _stop(answering: Answering, stray: Stray) -> Sequence[Command]:
    backend = answering.backend
    if isinstance(backend, ThreadBackend) and backend.name == stray.backend:
        await backend.stop_turn(stray.thread, stray.turn, stray.run)
    else:
        log.warning("run_not_stopped", turn=stray.turn, run=stray.run, profile=stray.profile, reason=answering.lacks)
    return ()


def _flaw(turn: Turn, answer: Cleaned) -> str:
    """The reason for which the answer is worthless; with parts for the person it may be silent."""
    return "" if turn.sent and answer.is_silent else answer.flaw


def _outcome(turn: Turn, outcome: ToolsWanted | RunContinues) -> Sequence[Command]:
    if isinstance(outcome, RunContinues):
        return [RunReady(turn.id, outcome.run, turn.attempt)]
    costs = [cost_of(outcome.usage, outcome.model), *[(TokenUsage(), None)] * len(outcome.calls)]
    return [
        ToolAsked(turn.id, call.id, call.name, call.arguments, cost, call.raw, model)
        for call, (cost, model) in zip(outcome.calls, costs, strict=False)
    ]


def _answered(turn: Turn, said: Answer, answer: Cleaned) -> Answered:
    """The answer without the model's internals; a mark shows where it reached the longest length."""
    run = said.run or run_of(turn.phase)
    text = f"{answer.text.rstrip('.…')}{CUT_HERE}" if said.length == "cut" and answer.text else answer.text
    return Answered(turn.id, text, said.model, run, tokens_of(said.usage), answer.cut, said.length, turn.fallback)


async def _whole_request(
    instance: Instance, answering: Answering, key: ChatKey, work: WriteReply, context_at: int
) -> ReplyRequest:
    """The request with its history: from the cache, or read once the projection has reached `context_at`."""
    contexts, turn = instance.contexts, work.turn.id
    history = contexts.of(key, turn, answering.history) if instance.progress.delivered >= context_at else None
    if history is None:
        await instance.progress.reached(context_at)
        history = _history(instance, answering, key, work.reset_upto)
    messages = instance.reads.lines_of(key, work.turn.messages)
    contexts.show(key, turn, answering.history, history, messages)
    moment = moment_of(answering, key, work.turn, messages)
    history, messages = lines_with(moment, history, messages)
    if passages := passages_of(work.turn):
        messages = (Line("user", passages), *messages)
    return await _request(answering, key, work, messages, history=history, moment=moment)


async def _request(
    answering: Answering,
    key: ChatKey,
    work: WriteReply | StartRun | AwaitRun,
    messages: tuple[Line, ...],
    *,
    history: tuple[Line, ...] = (),
    moment: Moment | None = None,
) -> ReplyRequest:
    turn, withheld = work.turn, work.turn.withheld
    return ReplyRequest(
        account=key.account,
        chat=key.chat,
        turn=turn.id,
        thread=work.thread,
        history=history,
        messages=messages,
        ids=turn.messages,
        attempt=turn.attempt + 1,
        calls=tuple(
            DoneCall(id=call.id, name=call.name, arguments=call.arguments, output=call.output, raw=call.raw)
            for call in turn.current_calls
            if call.output is not None and call.id != CALL
        ),
        tools=tuple(tool for tool in await answering.tools.offered(key.account) if tool.name not in withheld),
        patience=answering.run_timeout if turn.fallback else answering.patience,
        files=answering.files,
        moment=moment,
        may_be_silent=bool(turn.sent),
    )


async def _thread_request(
    instance: Instance, answering: Answering, key: ChatKey, work: StartRun | AwaitRun
) -> ReplyRequest:
    messages = instance.reads.lines_of(key, work.turn.messages)
    missed = instance.reads.context(key, answering.history, work.reset_upto, work.known_upto)
    moment = moment_of(answering, key, work.turn, messages)
    messages = after(history_with(answering, missed), messages_with(moment, messages))
    messages = before(passages_of(work.turn), after_question(work.asked, messages))
    return await _request(answering, key, work, messages, moment=moment)


def _history(instance: Instance, answering: Answering, key: ChatKey, reset_upto: int) -> tuple[Line, ...]:
    return window(instance.reads.context(key, answering.history, reset_upto), answering.history)


async def _create_thread(instance: Instance, answering: Answering, key: ChatKey, work: CreateThread) -> ThreadReady:
    history, moment = tuple[Line, ...](), None
    if answering.rules.keeps_threads:
        await instance.progress.reached(work.seq)
        history = _history(instance, answering, key, work.reset_upto)
        turn = instance.reads.snapshot(key).turn
        if turn is not None and turn.id == work.turn:
            moment = moment_of(answering, key, turn, instance.reads.lines_of(key, turn.messages))
    ready = await _new_thread(instance, answering, key, work.turn, work.reason, history=history, moment=moment)
    return replace(ready, seen=work.seen)


async def _new_thread(
    instance: Instance,
    answering: Answering,
    key: ChatKey,
    turn: str,
    reason: ThreadReason,
    *,
    history: tuple[Line, ...],
    moment: Moment | None,
) -> ThreadReady:
    backend = answering.backend
    if not isinstance(backend, ThreadBackend):
        return ThreadReady(turn, backend.name, instance.fresh_id(), reason)
    request = ThreadRequest(
        account=key.account,
        chat=key.chat,
        history=history_with(answering, history),
        patience=answering.patience,
        moment=moment,
    )
    return ThreadReady(turn, backend.name, await backend.create_thread(request), reason)
