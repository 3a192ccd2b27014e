"""A person's other names: a changed number, and what other programs write."""

from __future__ import annotations

import pytest

from chat.gates import Gates
from events.decisions import Erased, Ignored, Reply
from events.inbound import Message
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.actors.house import ANA, house
from tests.actors.joining import USER, answered, endings, joined
from tests.actors.people import Book

NEXT = ChatKey("local", "5511999999999~1790000000@s.whatsapp.net")
NEW = ChatKey("local", "5521777777777@s.whatsapp.net")


@pytest.mark.parametrize("begun", [False, True])
async def test_a_changed_number(begun: bool) -> None:
    """The old chat closes into the new one, older or not, with what holds and what was said. Who has the old number
    next is a stranger: not stopped, and with no history. Erasing the new chat erases the old one, and not theirs."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book, gates=Gates(stop_words=frozenset({"stop"}))) as home:
        await answered(home, ANA, "a1", 1)
        if begun:
            await answered(home, NEW, "n1", 1)
        await home.say("a2", "stop", ANA)
        await home.reads.seen(lambda one: isinstance(one.event, Ignored) and one.event.reason == "stop_word")
        await book.moves("local", ANA.chat, NEW.chat, 1_790_000_000)
        await joined(home, ANA, done=True)
        await home.say("late", key=ANA)
        await home.reads.seen(lambda one: getattr(one.event, "messages", ()) == ("late",) and one.key == NEW)
        assert endings(home, "late") == [(NEW.chat, "stopped")]
        assert home.reads.chat(NEW).stopped
        await home.say("b1", key=NEXT)
        request = await home.model.asked(2 + begun)
        assert request.history == ()
        home.model.answer(request)
        await home.decided(Reply, 1, NEXT)
        await home.order("e1", "erase", NEW)
        await home.reads.seen(lambda one: isinstance(one.event, Erased) and one.event.done and one.key == NEW)
        assert [recorded.type async for recorded in log.of_chat(ANA, 1000)] in ([], ["erased"] * 2)
        assert not home.reads.chat(ANA).stopped
        await answered(home, NEXT, "b2", 2)


async def test_another_program_tells_the_names() -> None:
    """It publishes to any name with `aliases`; the chats' owner settles them before it answers."""
    log = MemoryLog()
    book = Book(log)
    async with house(log, people=book) as home:
        await answered(home, ANA, "a1", 1)
        await log.publish(USER, Message(id="u1", text="hi", aliases=(ANA.chat,)), msg_id="")
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, 2, ANA)
        assert endings(home, "u1") == [(ANA.chat, "reply")]
        assert book.known.canonical(USER.chat) == ANA.chat


@pytest.mark.parametrize(
    "name",
    ["5511999999999@c.us", "5511999999999:12@s.whatsapp.net", "5511999999999.1:3@s.whatsapp.net", "5511999999999"],
)
async def test_other_forms_of_a_name(name: str) -> None:
    """Such a subject names the person for certain: the answer comes in their chat."""
    async with house() as home:
        await answered(home, ANA, "a1", 1)
        await home.say("b1", key=ChatKey("local", name.format("5511999999999")))
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, 2, ANA)
        assert endings(home, "b1") == [(ANA.chat, "reply")]
