"""An instance and orders to send that take no chat over."""

from __future__ import annotations

from datetime import timedelta

from chat.gates import Gates
from events.decisions import Ignored, Reply
from events.inbound import Control
from tests.actors.house import ANA, BOB, House, house


async def inform(home: House, id_: str, key=ANA) -> None:
    await home.log.publish(key, Control(id=id_, command="send", text="Shipped.", takeover=False), msg_id=id_)


async def test_a_turn_goes_on_beside_it() -> None:
    """The model is not asked again, the answer comes, and the next question has the words in its context."""
    async with house(takeover=timedelta(minutes=30)) as home:
        await home.say("m1")
        first = await home.model.asked(1)
        await inform(home, "c1")
        await home.reads.seen(lambda one: isinstance(one.event, Reply) and one.event.cause == "c1")
        home.model.answer(first, "hello")
        await home.reads.seen(lambda one: isinstance(one.event, Reply) and one.event.turn is not None)
        assert (len(home.model.requests), home.model.cancelled) == (1, [])
        await home.say("m2")
        second = await home.model.asked(2)
        assert any("Shipped." in str(line) for line in second.history), second.history


async def test_who_is_on_the_list_of_the_blocked_is_not_told() -> None:
    async with house(gates=Gates(block=("5511888888888",))) as home:
        await inform(home, "c1", BOB)
        await inform(home, "c2")
        found = await home.reads.seen(lambda one: isinstance(one.event, Ignored))
        assert isinstance(found.event, Ignored)
        assert (found.event.cause, found.event.reason) == ("c1", "blocked")
        await home.reads.seen(lambda one: isinstance(one.event, Reply) and one.event.cause == "c2")


async def test_an_older_instance_may_have_the_chat_next() -> None:
    async with house(all_read=lambda _: False) as home:
        await inform(home, "c1")
        found = await home.reads.seen(lambda one: isinstance(one.event, Ignored))
        assert isinstance(found.event, Ignored)
        assert found.event.reason == "older_instance"
