"""A turn gets another ending while its run is at work, or is being requested: the provider stops the run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors.tools.protocol import ToolResult
from backends.protocol import Answer, ReplyFailed, ReplyRequest, ThreadRequest, Tool, ToolCall, ToolsWanted
from events.decisions import Ignored, Reply, RunStarted, TurnFailed, TurnStarted
from events.memory_log import MemoryLog
from events.tool_calls import ToolCalled
from tests.actors.house import House, house
from tests.waiting import until

PRICE = ToolCall(id="c1", name="price", arguments="{}")


class Provider:
    """A backend whose runs have the outcome `outcome`, or never end; without `starts` no run ever begins."""

    name = "assistants"

    def __init__(
        self, *, starts: bool = True, stops: bool = True, outcome: ToolsWanted | ReplyFailed | None = None
    ) -> None:
        self.stopped: list[tuple[str, str, str | None]] = []
        self.asked = asyncio.Event()
        self._starts = starts
        self._stops = stops
        self._outcome = outcome

    async def create_thread(self, request: ThreadRequest) -> str:
        return "thread-1"

    async def start_run(self, request: ReplyRequest) -> str:
        self.asked.set()
        if not self._starts:
            await asyncio.Event().wait()
        return "run-1"

    async def await_run(self, request: ReplyRequest, run: str) -> Answer | ToolsWanted:
        if isinstance(self._outcome, ReplyFailed):
            raise self._outcome
        if self._outcome is not None:
            return self._outcome
        await asyncio.Event().wait()
        raise AssertionError

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        if not self._stops:
            await asyncio.Event().wait()
        self.stopped.append((thread, turn, run))

    async def close(self) -> None:
        pass


class EndlessTool:
    """A call of it takes for ever."""

    async def offered(self, account: str) -> tuple[Tool, ...]:
        return ()

    def is_safe(self, name: str) -> bool:
        return False

    async def call(self, *_: Any) -> ToolResult:
        await asyncio.Event().wait()
        raise AssertionError


async def ended_by(home: House, command: str) -> None:
    await home.order("c9", command, text="A human is here.")
    await home.decided(Ignored if command == "pause" else Reply)


async def is_stopped(home: House, provider: Provider, run: str | None) -> None:
    turn = (await home.decided(TurnStarted)).turn
    await until(lambda: provider.stopped == [("thread-1", turn, run)])


@pytest.mark.parametrize("command", ["pause", "send"])
async def test_while_it_is_waited_for(command: str) -> None:
    """A pause ends the turn, or an operator's text."""
    provider = Provider()
    async with house(backend=provider) as home:
        await home.say("m1")
        await home.decided(RunStarted)
        await ended_by(home, command)
        await is_stopped(home, provider, "run-1")


@pytest.mark.parametrize("command", ["pause", "send"])
async def test_while_it_is_asked_for(command: str) -> None:
    """Its id is unknown, and so is whether there will be one."""
    provider = Provider(starts=False)
    async with house(backend=provider) as home:
        await home.say("m1")
        await provider.asked.wait()
        await ended_by(home, command)
        await is_stopped(home, provider, None)


@pytest.mark.parametrize("command", ["pause", "send"])
async def test_while_a_tool_is_called(command: str) -> None:
    """It waits for an output that will never come."""
    provider = Provider(outcome=ToolsWanted((PRICE,)))
    async with house(backend=provider, tools=EndlessTool()) as home:
        await home.say("m1")
        await home.decided(ToolCalled)
        await ended_by(home, command)
        await is_stopped(home, provider, "run-1")


async def test_when_the_turn_has_failed() -> None:
    """For example when the patience was over: the run may still be at work."""
    provider = Provider(outcome=ReplyFailed("timeout", "no answer within 1 s"))
    async with house(backend=provider) as home:
        await home.say("m1")
        await home.decided(TurnFailed)
        await is_stopped(home, provider, "run-1")


async def test_once() -> None:
    """Further messages do not stop it again."""
    provider = Provider()
    async with house(backend=provider) as home:
        await home.say("m1")
        await home.decided(RunStarted)
        await home.order("c9", "pause")
        await home.decided(Ignored)
        await until(lambda: bool(provider.stopped))
        await home.say("m2")
        await home.decided(Ignored, 2)
        assert len(provider.stopped) == 1


async def test_then_the_actor_goes_to_sleep() -> None:
    provider = Provider()
    async with house(backend=provider, idle_after=0.05) as home:
        await home.say("m1")
        await home.decided(RunStarted)
        await home.order("c9", "pause")
        await until(lambda: bool(provider.stopped))
        await until(lambda: len(home.router) == 0)


async def test_after_a_crash_right_behind_the_ending() -> None:
    """The next start stops it, although the chat has no pending work."""
    log = MemoryLog()
    async with house(log, "one", backend=Provider(stops=False)) as home:
        await home.say("m1")
        await home.decided(RunStarted)
        await home.order("c9", "pause")
        await home.decided(Ignored)
    provider = Provider()
    async with house(log, "two", backend=provider) as home:
        await is_stopped(home, provider, "run-1")
