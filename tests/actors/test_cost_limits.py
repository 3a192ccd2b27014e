"""Limits in money: a chat, or a whole account, that has cost its day's money is not answered."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from backends.protocol import Usage
from chat.spending import CostLimit, Price
from events.decisions import Ignored, Reply
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.actors.house import ANA, BOB, House, house

ELSEWHERE = ChatKey("bakery", ANA.chat)
CENT = Usage(input_tokens=10_000)
PRICES = {"by hand": Price(input=Decimal(1))}
WORDS = {"budget": "Enough for today."}


def dollars(sum_: str) -> CostLimit:
    return CostLimit(Decimal(sum_), PRICES, Price())


async def test_a_chat_that_has_cost_its_money_is_not_answered() -> None:
    """The person is told; other chats are answered."""
    async with house(cost_limit=dollars("0.01"), words=WORDS) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1), usage=CENT)
        await home.say("m2")
        assert (await home.decided(Ignored)).reason == "budget"
        assert (await home.decided(Reply, 2)).text == "Enough for today."
        await home.say("m3", key=BOB)
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, key=BOB)


async def test_an_account_that_has_cost_its_money_is_not_answered() -> None:
    """Each of its chats is told once; other accounts are answered; it holds after a restart, on any instance."""
    log = MemoryLog()
    async with house(log, "one", account_cost_limit=dollars("0.01"), words=WORDS) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1), usage=CENT)
        await home.decided(Reply)
        await home.say("m2", key=BOB)
        assert (await home.decided(Ignored, key=BOB)).reason == "budget"
        assert (await home.decided(Reply, key=BOB)).author == "system"
        await home.say("m3", key=ELSEWHERE)
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, key=ELSEWHERE)
    async with house(log, "two", account_cost_limit=dollars("0.01"), words=WORDS) as home:
        await home.say("m4")
        assert (await home.decided(Ignored)).messages == ("m4",)
        assert home.model.requests == []


async def test_it_is_exceeded_by_the_turns_in_flight_at_most() -> None:
    """Sixty chats write at once; each reply costs a cent, and the account may cost ten."""
    people = [ChatKey("local", f"55119999900{number:02}@s.whatsapp.net") for number in range(60)]
    async with house(account_cost_limit=dollars("0.10"), max_runs=8, words=WORDS) as home:
        answering = asyncio.create_task(_answer_all(home))
        try:
            for number, person in enumerate(people):
                await home.say(f"m{number}", key=person)
            for person in people:
                await home.reads.seen(lambda e, key=person: isinstance(e.event, Reply) and e.key == key)  # type: ignore[misc]
        finally:
            answering.cancel()
        answered = len(home.model.requests)
        assert 10 <= answered < 10 + 8


async def _answer_all(home: House) -> None:
    for number in range(1, 61):
        home.model.answer(await home.model.asked(number), usage=CENT)
