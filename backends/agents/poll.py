"""Polls an agent's turn until it has ended, and hands in the outputs that it asks for."""

from __future__ import annotations

import asyncio

import structlog

from backends.agents.client import NotThere
from backends.agents.outcome import answer, fruitless, rest, silent
from backends.agents.session import Action, RemoteSession, Turn
from backends.agents.start import ENDS_WITHIN, TURN
from backends.protocol import Answer, ReplyFailed, ReplyRequest, RunLost, ToolCall, ToolsWanted
from backends.provider.answer_parts import arguments_of
from backends.provider.polling import LATE_LOOKS, Sleep, looks
from backends.provider.retry import AttemptFailed, persist
from events.details import Detail

ASKED_AGAIN = 2
"""`attempt` of a request whose first turn is awaited: after a turn that wrote nothing the agent is asked once more."""

log = structlog.get_logger("recado.backends")


class Watching:
    """The wait for the outcome of the turn `id`. `model` is the agent's model; empty: the session names it."""

    def __init__(self, session: RemoteSession, id: str, request: ReplyRequest, model: str, sleep: Sleep) -> None:  # noqa: A002
        self.deadline = asyncio.get_running_loop().time() + request.patience
        self._session = session
        self._id = id
        self._request = request
        self._outputs = {call.id: call.output for call in request.calls}
        self._model = model
        self._sleep = sleep

    async def watch(self) -> Answer | ToolsWanted:
        """The turn's outcome. After AttemptFailed it can be called again. Raises RunLost, ReplyFailed."""
        for wait in looks():
            await self._sleep(wait)
            turn = await self._session.turn(self._id)
            if turn.ended:
                return await self.outcome(turn)
            if turn.status == "waiting" and (wanted := await self._serve()):
                return ToolsWanted(wanted)
        raise AssertionError("there is always one more look")

    async def outcome(self, turn: Turn) -> Answer:
        """The reply of a turn that has ended. Raises RunLost, ReplyFailed."""
        if turn.status == "completed":
            return await self._written(turn)
        left = self.deadline - asyncio.get_running_loop().time()
        # `attempt` of the request is one above the attempt that is awaited.
        await self._sleep(max(0.0, min(rest(turn, self._request.attempt - 1), left / 2)))
        raise fruitless(turn, self._model)

    async def _written(self, turn: Turn) -> Answer:
        """The agent's answer. A turn may be shown as completed a moment before its last item is listed."""
        model = self._model or (await self._session.look()).agent.model
        for wait in (0.0, 0.2, 0.5, 1.0):
            await self._sleep(wait)
            written = answer(turn, await self._session.items_of(turn.id), model)
            if written is not None:
                return written
        if self._request.may_be_silent:
            return silent(turn, model)
        if self._request.attempt <= ASKED_AGAIN:
            raise RunLost(turn.id, Detail.WROTE_NOTHING.said(turn=turn.id))
        raise ReplyFailed("malformed_answer", Detail.WROTE_NOTHING.said(turn=turn.id))

    async def _serve(self) -> tuple[ToolCall, ...]:
        """The turn's calls that have no output yet. If all have one, hands in the outputs and returns nothing."""
        shown = await self._session.look()
        actions = [action for action in shown.required_actions if action.turn_id in (None, self._id)]
        calls = [action for action in actions if action.type == "function_call"]
        if actions and not calls:
            await stop(self._session, self._id, self._sleep)
            kinds = ", ".join(sorted({action.type for action in actions}))
            raise ReplyFailed("run_failed", Detail.WRONG_ACTION.said(kinds=kinds))
        if missing := [action for action in calls if action.call_id not in self._outputs]:
            return tuple(_called(action) for action in missing)
        for action in calls:
            # A call that is still required has not been handed in. The key is for a try whose answer was lost.
            output = self._outputs[action.call_id]
            await self._session.submit(self._id, action.call_id, output, f"{self._id}:{action.call_id}")
        return ()


async def stop(session: RemoteSession, turn: str, sleep: Sleep) -> Turn | None:
    """Have the turn cancelled; returns the turn as it ended, or None if that is unknown. Raises nothing."""
    until = asyncio.get_running_loop().time() + ENDS_WITHIN

    async def attempt() -> Turn:
        for wait in looks():
            shown = await session.turn(turn)
            if shown.ended:
                return shown
            log.info("turn_cancelled", session=session.id, turn=turn, status=shown.status)
            await session.cancel()
            await sleep(wait)
        raise AssertionError("there is always one more look")

    try:
        return await persist(attempt, turn="", deadline=until, sleep=sleep)
    except AttemptFailed as failure:
        log.warning("turn_left_alone", turn=turn, error_class=failure.error_class, detail=failure.detail)
        return None


async def stop_all(session: RemoteSession, turn: str, run: str | None, sleep: Sleep) -> None:
    """Have `run` cancelled, and any other active turn of the agent's if the session's metadata names recado's `turn`.
    Raises nothing."""
    if run is not None:
        await stop(session, run, sleep)
    for wait in LATE_LOOKS:
        await sleep(wait)
        try:
            shown = await session.look()
            newest = await session.newest_turn() if shown.active and shown.metadata.get(TURN) == turn else None
        except NotThere:
            return
        except AttemptFailed as failure:
            log.warning("turns_left_alone", turn=turn, error_class=failure.error_class, detail=failure.detail)
            continue
        if newest is not None and not newest.ended:
            await stop(session, newest.id, sleep)


def _called(action: Action) -> ToolCall:
    """The call. Its arguments come as JSON or as a decoded value: the API's type allows both."""
    return ToolCall(id=action.call_id, name=action.name, arguments=arguments_of(action.arguments))
