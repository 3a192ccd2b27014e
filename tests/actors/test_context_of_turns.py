"""A turn reads its context as soon as the projection has all parts of it."""

from __future__ import annotations

import asyncio

from events.decisions import TurnFailed, TurnStarted
from events.recorded import Recorded
from tests.actors.house import ANA, House, house


def stand_still_after(home: House, type_: str) -> None:
    """Have the projection stop right after the next event of this type, until `tail_open` is set."""
    commit = home.reads.commit

    def commit_and_stop(recorded: Recorded) -> Recorded:
        if recorded.type == type_:
            home.tail_open.clear()
        return commit(recorded)

    home.reads.commit = commit_and_stop  # type: ignore[method-assign]


async def test_a_turn_does_not_wait_for_its_own_beginning() -> None:
    """The model is asked while `turn_started` is in the log, and not in the projection yet."""
    async with house() as home:
        stand_still_after(home, "in")
        await home.say("m1")
        request = await home.model.asked(1)
        assert [line.text for line in request.messages] == ["hello"]
        assert [event.type for event in home.reads.events] == ["in"]


async def test_a_turn_waits_for_the_one_before_it() -> None:
    """A reply that is not in the projection would be missing in the context of the next turn."""
    async with house() as home:
        await home.say("m1")
        request = await home.model.asked(1)
        await home.say("m2")
        await home.reads.reached(4)
        stand_still_after(home, "in")
        await home.say("m3")
        await home.reads.reached(5)
        home.model.answer(request)
        await started(home, 2)
        assert len(home.model.requests) == 1
        home.tail_open.set()
        assert [line.text for line in (await home.model.asked(2)).messages] == ["hello", "hello"]
        assert "reply" in [event.type for event in home.reads.events]


async def test_a_retry_waits_for_its_beginning() -> None:
    """Before its beginning the context includes the failed messages; after it they belong to the turn."""
    async with house() as home:
        await home.say("m1")
        home.model.fail(await home.model.asked(1))
        await home.decided(TurnFailed)
        stand_still_after(home, "control")
        await home.order("c1", "retry")
        await started(home, 2)
        assert len(home.model.requests) == 1
        home.tail_open.set()
        await home.model.asked(2)


async def started(home: House, times: int) -> None:
    """Return once the chat's `times`-th turn has begun in the log, after a pause in which actors could act on it."""
    seen = 0
    async with asyncio.timeout(60):
        async for batch in home.log.tail(0, "evt.*.*.*.o.turn_started"):
            seen += sum(isinstance(recorded.event, TurnStarted) and recorded.key == ANA for recorded in batch)
            if seen >= times:
                break
    for _ in range(100):
        await asyncio.sleep(0)
