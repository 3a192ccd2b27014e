"""More chats with pending work than may be in memory."""

from __future__ import annotations

from events.decisions import Reply
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.actors.house import house

CHATS = [ChatKey("local", f"55119{number:08}@s.whatsapp.net") for number in range(12)]


async def test_all_are_answered_though_few_fit_into_memory() -> None:
    """The others wait in the projection, and are woken as those before them leave."""
    async with house(MemoryLog(), most_awake=4) as home:
        for key in CHATS:
            await home.say("m1", key=key)
        answered = 0
        while answered < len(CHATS):
            request = await home.model.asked(answered + 1)
            assert len(home.router) <= 4
            home.model.answer(request)
            answered += 1
        await home.reads.seen(lambda e: isinstance(e.event, Reply), len(CHATS))


async def test_idle_chats_make_room() -> None:
    """A chat without pending work leaves memory early when another one needs the room."""
    async with house(MemoryLog(), most_awake=1) as home:
        for number, key in enumerate(CHATS[:3], 1):
            await home.say("m1", key=key)
            home.model.answer(await home.model.asked(number))
            await home.decided(Reply, key=key)
