"""A chat has reached its budget for today: the model is not asked, and the person is told."""

from __future__ import annotations

from backends.protocol import Usage
from events.decisions import Ignored, Reply
from events.memory_log import MemoryLog
from tests.actors.house import ANA, BOB, house


async def test_the_model_is_not_asked() -> None:
    """From the first message after the limit on; other chats are answered."""
    log = MemoryLog()
    async with house(log, "one", budget=100, words={"budget": "Enough for today."}) as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1), usage=Usage(90, 10))
        await home.decided(Reply)
        await home.say("m2")
        ignored = await home.decided(Ignored)
        assert (ignored.messages, ignored.reason) == (("m2",), "budget")
        told = await home.decided(Reply, 2)
        assert (told.text, told.author, told.about) == ("Enough for today.", "system", "m2")
        await home.say("m3", key=BOB)
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, key=BOB)).in_reply_to == ("m3",)
        assert [request.chat for request in home.model.requests] == [ANA.chat, BOB.chat]
    async with house(log, "two", budget=100, words={"budget": ""}) as home:
        await home.say("m4")
        assert (await home.decided(Ignored, 2)).messages == ("m4",)
        assert home.model.requests == []
