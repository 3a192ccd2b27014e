"""A message is reacted to once, however many instances work on the answer; previews and quotes by the policy."""

from __future__ import annotations

from events.decisions import Reply, TurnAdopted
from events.memory_log import MemoryLog
from events.parts import Part
from tests.actors.house import house


async def test_the_message_is_reacted_to_and_then_answered() -> None:
    """The model is asked once, and the next turn's context has nothing of it."""
    async with house(acknowledge="👀", quote="always", previews=True) as home:
        await home.say("m1")
        request = await home.model.asked(1)
        reaction = await home.decided(Reply)
        assert reaction.parts == (Part(kind="reaction", to="m1", emoji="👀"),)
        home.model.answer(request, "at last")
        answer = await home.decided(Reply, 2)
        assert (answer.text, answer.quote, answer.previews) == ("at last", "m1", True)
        assert home.model.cancelled == []
        await home.say("m2")
        again = await home.model.asked(2)
        assert [line.text for line in again.history] == ["hello", "at last"]
        home.model.answer(again)
        await home.decided(Reply, 4)


async def test_the_one_who_goes_on_does_not_repeat_it() -> None:
    """The first instance dies after it reacted; the second adopts the turn and answers."""
    log = MemoryLog()
    async with house(log, "one", acknowledge="👀") as home:
        await home.say("m1")
        await home.model.asked(1)
        await home.decided(Reply)
    async with house(log, "two", acknowledge="👀") as home:
        request = await home.model.asked(1)
        await home.decided(TurnAdopted)
        home.model.answer(request)
        await home.decided(Reply, 2)
        said = [one.event for one in home.reads.events if isinstance(one.event, Reply)]
        assert [reply.author for reply in said] == ["system", "assistant"]
