"""The cost of a question's vector belongs to the turn that asks: to its chat, its account and their limits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from actors.tools.look_up import LookUp, NotSearchable
from actors.tools.passages import Found
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from backends.protocol import Usage
from chat.spending import CostLimit, Price
from events.decisions import Ignored, Reply
from events.memory_log import MemoryLog
from events.tool_calls import ToolReturned
from events.usage import Tally, TokenUsage
from tests.actors.house import BOB, house
from tests.actors.tools.test_look_up_by_mode import CHEAP

PRICES = {"by hand": Price(input=Decimal(1)), "vectors": Price(input=Decimal(1))}
CENT = TokenUsage(10_000)


class Counting:
    """Documents whose search by meaning costs a cent; with `fails` they cannot be searched after that."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    async def look_up(self, collections: Sequence[str], query: str, tally: Tally | None = None) -> Sequence[Found]:
        assert tally is not None
        tally.add("vectors", CENT.input_tokens)
        if self.fails:
            raise NotSearchable("the index cannot be read")
        return CHEAP


def tools(documents: Counting) -> Toolbox:
    bus: Any = None
    return Toolbox({}, ServiceTools(bus), look_up=LookUp(["shop"], documents, first=True))


@pytest.mark.parametrize("fails", [False, True])
async def test_a_vector_costs_the_chat_and_the_account(fails: bool) -> None:
    """It is in the log, in the reply's usage and in the sums; the limits of the chat and of the account count it."""
    limit, log = CostLimit(Decimal("0.01"), PRICES, Price()), MemoryLog()
    settings: dict[str, Any] = {"tools": tools(Counting(fails=fails)), "looks_up_first": True}
    async with house(log, account_cost_limit=limit, **settings) as home:
        await home.say("m1", "What is bread?")
        home.model.answer(await home.model.asked(1), "R$ 2.", usage=Usage(input_tokens=5, output_tokens=1))
        returned: ToolReturned = await home.decided(ToolReturned)
        assert (returned.usage, returned.model) == (CENT, "vectors")
        assert (await home.decided(Reply)).usage == CENT + TokenUsage(5, 1)
        await home.say("m2", "And rye?", key=BOB)
        assert (await home.decided(Ignored, key=BOB)).reason == "budget"
    async with house(log, "two", cost_limit=limit, **settings) as home:
        await home.say("m3")
        assert (await home.decided(Ignored)).reason == "budget"
        assert home.model.requests == []
