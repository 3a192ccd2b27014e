"""Tools during a turn, through crashes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from actors.tool_calls import INTERRUPTED, WITHHELD
from actors.tools.protocol import ToolResult
from backends.protocol import Tool, ToolCall, Usage
from events.decisions import Reply
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from events.tool_calls import ToolCalled, ToolReturned
from events.usage import TokenUsage
from tests.actors.house import ANA, house

PRICE = ToolCall(id="c1", name="price", arguments='{"bread": 2}')
STOCK = ToolCall(id="c2", name="stock", arguments="{}")


class Shop:
    """Tools whose results the test gives."""

    def __init__(self, *, safe: bool = False) -> None:
        self.calls: list[tuple[ChatKey, str, str]] = []
        self.answer = asyncio.Event()
        self._safe = safe

    async def offered(self, account: str) -> tuple[Tool, ...]:
        return (Tool(name="price", description="What bread costs.", parameters={"type": "object"}),)

    def is_safe(self, name: str) -> bool:
        return self._safe

    async def call(self, key: ChatKey, name: str, arguments: str) -> ToolResult:
        self.calls.append((key, name, arguments))
        if arguments == "{}":
            return ToolResult("The arguments do not fit: bread is missing", failed=True, unfit=True)
        await self.answer.wait()
        return ToolResult(f"{name} is 4.20")


async def test_the_model_gets_what_its_call_gave() -> None:
    """The model is asked again with the call and its output; both are in the log."""
    shop = Shop()
    shop.answer.set()
    async with house(tools=shop) as home:
        await home.say("m1")
        first = await home.model.asked(1)
        assert [tool.name for tool in first.tools] == ["price"]
        home.model.wants(first, PRICE)
        second = await home.model.asked(2)
        assert [(call.id, call.output) for call in second.calls] == [("c1", "price is 4.20")]
        home.model.answer(second, "It is 4.20.")
        assert (await home.decided(Reply)).text == "It is 4.20."
        assert shop.calls == [(ANA, "price", '{"bread": 2}')]
        types = [e.type for e in home.reads.events if e.side == "o"]
        assert types == ["turn_started", "thread_created", "tool_called", "tool_returned", "reply"]


async def test_two_calls_at_once_are_made_side_by_side() -> None:
    """Neither waits for the other; the model is asked again once, when both are there."""
    shop = Shop()
    async with house(tools=shop) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), PRICE, STOCK)
        await home.decided(ToolCalled, 2)
        async with asyncio.timeout(60):
            while len(shop.calls) < 2:
                await asyncio.sleep(0.01)
        shop.answer.set()
        second = await home.model.asked(2)
        assert sorted(call.id for call in second.calls) == ["c1", "c2"]
        home.model.answer(second)
        await home.decided(Reply)


async def crash_during_a_call(log: MemoryLog, shop: Shop) -> None:
    async with house(log, "one", tools=shop) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), PRICE)
        await home.decided(ToolCalled)
        async with asyncio.timeout(60):
            while not shop.calls:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(("safe", "calls", "output"), [(False, 1, INTERRUPTED), (True, 2, "price is 4.20")])
async def test_an_interrupted_call_is_made_again_only_if_that_is_safe(safe: bool, calls: int, output: str) -> None:
    """It is unknown whether the tool has acted: unless the tool says that repeating does no harm, the model is told
    so."""
    log, shop = MemoryLog(), Shop(safe=safe)
    await crash_during_a_call(log, shop)
    shop.answer.set()
    async with house(log, "two", tools=shop) as home:
        second = await home.model.asked(1)
        assert [call.output for call in second.calls] == [output]
        assert len(shop.calls) == calls
        returned: Any = await home.decided(ToolReturned)
        assert returned.failed is not safe
        home.model.answer(second)
        assert (await home.decided(Reply)).in_reply_to == ("m1",)


async def test_the_models_message_outlives_a_crash() -> None:
    """It is in the log with the first of its calls, and the next owner gives it back with the output."""
    log, shop = MemoryLog(), Shop()
    shop.answer.set()
    async with house(log, "one", tools=shop) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), replace(PRICE, raw='{"server":"s"}'))
        called: Any = await home.decided(ToolCalled)
        assert called.raw == '{"server":"s"}'
        await home.decided(ToolReturned)
    async with house(log, "two", tools=shop) as home:
        second = await home.model.asked(1)
        assert [call.raw for call in second.calls] == ['{"server":"s"}']
        home.model.answer(second)
        await home.decided(Reply)


async def test_an_output_that_is_in_the_log_is_never_computed_again() -> None:
    """The crash came after the result: the next start goes on with it."""
    log, shop = MemoryLog(), Shop()
    shop.answer.set()
    async with house(log, "one", tools=shop) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), PRICE)
        await home.decided(ToolReturned)
    async with house(log, "two", tools=shop) as home:
        second = await home.model.asked(1)
        assert [call.output for call in second.calls] == ["price is 4.20"]
        assert len(shop.calls) == 1
        home.model.answer(second)
        await home.decided(Reply)


async def test_a_pause_stops_a_call_that_is_under_way() -> None:
    """The turn is over; the call's result is dropped."""
    shop = Shop()
    async with house(tools=shop) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), PRICE)
        await home.decided(ToolCalled)
        await home.order("c9", "pause")
        await home.reads.seen(lambda e: e.type == "ignored")
        assert home.reads.chat(ANA).turn is None


async def test_a_tool_that_is_called_amiss_twice_is_not_offered_again() -> None:
    """In this turn a call of it is not made any more; the next turn offers it again."""
    shop = Shop()
    async with house(tools=shop) as home:
        await home.say("m1")
        for time in (1, 2):
            request = await home.model.asked(time)
            assert [tool.name for tool in request.tools] == ["price"]
            home.model.wants(request, ToolCall(id=f"c{time}", name="price", arguments="{}"))
        third = await home.model.asked(3)
        assert third.tools == ()
        assert third.calls[0].output == "The arguments do not fit: bread is missing"
        assert "do not call price again" in third.calls[1].output
        home.model.wants(third, ToolCall(id="c3", name="price", arguments='{"bread": 2}'))
        fourth = await home.model.asked(4)
        assert fourth.calls[2].output == WITHHELD
        assert len(shop.calls) == 2
        home.model.answer(fourth)
        await home.say("m2")
        assert [tool.name for tool in (await home.model.asked(5)).tools] == ["price"]


async def test_every_request_of_the_turn_is_paid_for_in_the_reply_even_after_a_crash() -> None:
    """The cost of the request that asked for tools is in the log with the first of its calls."""
    log, shop = MemoryLog(), Shop(safe=True)
    async with house(log, "one", tools=shop) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), PRICE, STOCK, usage=Usage(100, 10))
        await home.decided(ToolCalled, 2)
    shop.answer.set()
    async with house(log, "two", tools=shop) as home:
        second = await home.model.asked(1)
        home.model.answer(second, usage=Usage(200, 20))
        assert (await home.decided(Reply)).usage == TokenUsage(300, 30)
