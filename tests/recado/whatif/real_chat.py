"""A chat of the real actors, on a loop whose time jumps to the next timer, and the log that they left."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from actors.answering import Answering, Means, OneProfile, Policy
from actors.handoff import TOOL, asked
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.router import Router
from actors.tools.protocol import NoTools, ToolResult
from backends.protocol import Answer, ReplyFailed, ReplyRequest, Tool, ToolCall, ToolsWanted, Usage
from events.inbound import Inbound
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from projections.in_memory import InMemoryProjection
from recado.whatif.past import Past, past_of
from tests.actors.house import ANA, House

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Waits for no time: the clock is put forward instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def on_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, whose sleeps take no time."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


class Teller:
    """A backend that takes its time: `answers` are seconds, with the class of a failure or `handoff` where it does not
    come to a reply."""

    name = "chat"

    def __init__(self, answers: Sequence[tuple[float, str]]) -> None:
        self._answers = list(answers)
        self._turns: dict[str, tuple[float, str]] = {}

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        told = len(self._turns)
        seconds, how = self._turns.setdefault(request.turn, self._answers[told % len(self._answers)])
        await asyncio.sleep(seconds)
        if how == "handoff":
            return ToolsWanted((ToolCall(id="h", name="handoff", arguments='{"reason": "they ask for a human"}'),))
        if how:
            raise ReplyFailed(how, "it was to fail")  # type: ignore[arg-type]
        said = " | ".join(line.text for line in request.messages)
        return Answer(text=f"then: {said}", model="old", run=None, usage=Usage(10, 5))

    async def close(self) -> None:
        pass


class Handoff(NoTools):
    """A human may be asked for."""

    async def offered(self, account: str) -> tuple[Tool, ...]:
        return (TOOL,)

    async def call(self, key: ChatKey, name: str, arguments: str) -> ToolResult:
        return asked({"reason": "they ask for a human"})


def lived(
    steps: Sequence[tuple[float, Inbound]], answers: Sequence[tuple[float, str]] = ((1.0, ""),), **settings: Any
) -> MemoryLog:
    """The log of a chat in which each event came in so many seconds after the one before."""

    async def live() -> MemoryLog:
        seconds = asyncio.get_running_loop().time
        log = MemoryLog(clock=lambda: NOON + timedelta(seconds=seconds()))
        given = {"debounce": 1.0, "backend": Teller(answers), "tools": Handoff(), **settings}
        home = House(log, "one", **given)
        home.instance.bus_time = BusTime(seconds)
        home.router = Router(home.instance)
        running = asyncio.create_task(home.run())
        for wait, event in steps:
            await asyncio.sleep(wait)
            await log.publish(ANA, event, msg_id="")
        await asyncio.sleep(300)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await home.router.close()
        return log

    return on_virtual_time(live())


def events_of(log: MemoryLog) -> list[Recorded]:
    """All that is in the log."""

    async def read() -> list[Recorded]:
        async for batch in log.tail(0):
            return batch
        return []

    return asyncio.run(read())


def past_in(log: MemoryLog) -> Past:
    """The past of the one chat in the log, repeats marked."""
    known = InMemoryProjection.empty(NOON)
    return past_of(ANA, known.fold(events_of(log)))


def rules(**settings: Any) -> Instance:
    """An instance that is only asked for its rules."""
    numbers = iter(range(1, 10_000))
    reads = InMemoryProjection.empty(NOON)
    given = {name: settings.pop(name) for name in Means.__struct_fields__ if name in settings}
    policy = Policy(**{"debounce": 1.0, "words_for": lambda _: {"apology": "Sorry."}, **settings})
    means = Means(**{"backend": Teller(()), **given})
    return Instance(
        Parts(
            incarnation="whatif",
            log=MemoryLog(),
            reads=reads.reads,
            progress=reads,
            bus_time=BusTime(),
            fresh_id=lambda: f"whatif-{next(numbers)}",
        ),
        OneProfile(Answering("whatif", means, policy)),
    )
