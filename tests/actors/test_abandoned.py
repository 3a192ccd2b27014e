"""A turn gets another ending while its run is at work: the run is stopped at the provider."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backends.protocol import Answer, ReplyRequest, ThreadRequest
from events.decisions import Ignored, Reply, RunStarted
from tests.actors.house import house
from tests.waiting import until


class Provider:
    """A backend whose runs never end by themselves."""

    name = "assistants"

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    async def create_thread(self, request: ThreadRequest) -> str:
        return "thread-1"

    async def start_run(self, request: ReplyRequest) -> str:
        return "run-1"

    async def await_run(self, request: ReplyRequest, run: str) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async def cancel_run(self, thread: str, run: str) -> None:
        self.cancelled.append(run)

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("command", "ending"), [("pause", Ignored), ("send", Reply)])
async def test_its_run_is_cancelled(command: str, ending: Any) -> None:
    """By a pause, and by an operator's text."""
    provider = Provider()
    async with house(backend=provider) as home:
        await home.say("m1")
        await home.decided(RunStarted)
        await home.order("c1", command, text="A human is here.")
        await home.decided(ending)
        await until(lambda: provider.cancelled == ["run-1"])
