"""Polls a run until it has ended, and hands in the outputs that it asks for."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from msgspec.structs import replace

from backends.assistants.client import NotThere, Refused
from backends.assistants.outcome import NothingWritten, answer, fruitless, rest, silent
from backends.assistants.thread import RemoteThread, Run
from backends.protocol import Answer, ReplyRequest, RunLost, ToolCall, ToolsWanted
from backends.provider.answer_parts import arguments_of
from backends.provider.polling import LATE_LOOKS, Sleep, looks
from backends.provider.retry import AttemptFailed, persist
from events.details import Detail

ASKED_AGAIN = 2
"""`attempt` of a request whose first run is awaited: after a run that wrote nothing one more is made."""

log = structlog.get_logger("recado.backends")

ENDS_WITHIN = 5.0
"""Seconds of waiting for a run that was told to stop."""


class Watching:
    """The wait for the outcome of the run `id`. `assistant` is the answer's model if the run names none."""

    def __init__(self, thread: RemoteThread, id: str, request: ReplyRequest, assistant: str, sleep: Sleep) -> None:  # noqa: A002
        self.deadline = asyncio.get_running_loop().time() + request.patience
        self._thread = thread
        self._id = id
        self._outputs = {call.id: call.output for call in request.calls}
        self._attempt = request.attempt
        self._may_be_silent = request.may_be_silent
        self._assistant = assistant
        self._sleep = sleep

    async def watch(self) -> Answer | ToolsWanted:
        """The run's outcome. After AttemptFailed of any kind it can be called again. Raises RunLost, ReplyFailed."""
        given: set[str] = set()
        for wait in looks():
            await self._sleep(wait)
            run = await self._thread.run(self._id)
            if not run.active:
                return await self.outcome(run)
            if run.status == "requires_action":
                asked = _asked(run)
                missing = tuple(call for call in asked if call.id not in self._outputs)
                if missing:
                    return ToolsWanted(missing)
                if not given.issuperset(call.id for call in asked):
                    given.update(await self._give(asked))
        raise AssertionError("there is always one more look")

    async def outcome(self, run: Run) -> Answer:
        """The reply of a run that has ended. Raises RunLost, ReplyFailed."""
        cut_short = run.incomplete_details is not None and run.incomplete_details.reason == "max_completion_tokens"
        if run.status == "completed":
            try:
                return await self._written(run)
            except NothingWritten as nothing:
                if self._may_be_silent:
                    return silent(run, self._assistant)
                if self._attempt > ASKED_AGAIN:
                    raise
                raise RunLost(run.id, nothing.detail) from nothing
        if run.status == "incomplete" and cut_short:
            with suppress(NothingWritten):
                return replace(await self._written(run), length="cut")
        left = self.deadline - asyncio.get_running_loop().time()
        await self._sleep(max(0.0, min(rest(run), left / 2)))
        raise fruitless(run)

    async def _written(self, run: Run) -> Answer:
        """The run's answer. A run may be shown as completed a moment before its message is listed."""
        for wait in (0.0, 0.2, 0.5, 1.0):
            await self._sleep(wait)
            page = await self._thread.messages(100, run=run.id)
            # Some servers ignore `run_id`; then the newest messages hold the reply all the same.
            written = [one for one in reversed(page.data) if one.role == "assistant" and one.run_id == run.id]
            if written:
                return answer(run, written, self._assistant)
        raise NothingWritten(run.id)

    async def _give(self, asked: tuple[ToolCall, ...]) -> set[str]:
        """Hand in the outputs; returns the ids of the calls. The server refuses outputs that it has, and the run has
        gone on then."""
        ids = {call.id for call in asked}
        try:
            await self._thread.submit(self._id, {call.id: self._outputs[call.id] for call in asked})
        except Refused:
            run = await self._thread.run(self._id)
            if run.status == "requires_action" and {call.id for call in _asked(run)} == ids:
                raise
        return ids


async def ended(thread: RemoteThread, run: str, until: float, sleep: Sleep, *, cancel: bool = False) -> Run:
    """The run after its end, or its state when the loop's time is `until`. With `cancel`, tells it to end."""
    waits = looks()
    while True:
        shown = await thread.run(run)
        if cancel and shown.works:
            await _cancel(thread, shown)
        wait = next(waits)
        if not shown.active or asyncio.get_running_loop().time() + wait > until:
            return shown
        await sleep(wait)


async def stop(thread: RemoteThread, run: str, sleep: Sleep) -> Run | None:
    """Have the run cancelled; returns the run as it ended, or None if that is unknown. Raises nothing."""
    until = asyncio.get_running_loop().time() + ENDS_WITHIN
    try:
        return await persist(
            lambda: ended(thread, run, until, sleep, cancel=True), turn="", deadline=until, sleep=sleep
        )
    except AttemptFailed as failure:
        log.warning("run_left_alone", run=run, error_class=failure.error_class, detail=failure.detail)
        return None


async def stop_all(thread: RemoteThread, turn: str, run: str | None, sleep: Sleep) -> None:
    """Have every active run of the turn cancelled, and `run` too, of any turn. Raises nothing."""
    for wait in LATE_LOOKS:
        await sleep(wait)
        try:
            runs = await thread.runs()
        except NotThere:
            return
        except AttemptFailed as failure:
            log.warning("runs_left_alone", turn=turn, error_class=failure.error_class, detail=failure.detail)
            continue
        for shown in runs:
            if shown.active and (shown.turn == turn or shown.id == run):
                await stop(thread, shown.id, sleep)


async def _cancel(thread: RemoteThread, run: Run) -> None:
    log.info("run_cancelled", run=run.id, of_turn=run.turn, status=run.status)
    try:
        await thread.cancel(run.id)
    except AttemptFailed as failure:  # it may have ended by itself: the next look shows
        log.warning("run_not_cancelled", run=run.id, error_class=failure.error_class, detail=failure.detail)


def _asked(run: Run) -> tuple[ToolCall, ...]:
    if run.required_action is None:
        raise AttemptFailed("provider_error", Detail.UNNAMED_ACTION.said(run=run.id))
    calls = run.required_action.submit_tool_outputs.tool_calls
    return tuple(
        ToolCall(id=call.id, name=call.function.name, arguments=arguments_of(call.function.arguments)) for call in calls
    )
