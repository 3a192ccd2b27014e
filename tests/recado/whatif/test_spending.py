"""The cap holds before a call is made."""

from __future__ import annotations

import asyncio

from backends.protocol import Answer, ReplyRequest, ToolsWanted
from events.memory_log import MemoryLog
from tests.recado.whatif.real_chat import lived
from tests.recado.whatif.replaying import Asked, replay
from tests.recado.whatif.test_grouping import text
from tests.waiting import until


def five_turns() -> MemoryLog:
    return lived([(30, text(id_)) for id_ in "abcde"])


def test_the_call_that_might_go_beyond_the_cap_is_not_made() -> None:
    """Turns beyond the cap are left out; the cost of all requests stays within it."""
    model = Asked(cost=400)
    _, (results,) = replay(five_turns(), model, limit=1000)
    left_out = [result.turn.messages for result in results if result.is_left_out]
    assert len(model.requests) == 2
    assert left_out == [("c",), ("d",), ("e",)]
    assert all(result.ending is None for result in results if result.is_left_out)


def test_unused_tokens_are_there_for_the_next() -> None:
    """A call counts for more than it mostly costs: the next one waits until that is known."""
    model = Asked(cost=10)
    _, (results,) = replay(five_turns(), model, limit=460)
    assert len(model.requests) == 5
    assert not any(result.is_left_out for result in results)


def test_a_cap_too_small_for_any_call_makes_none() -> None:
    model = Asked()
    _, (results,) = replay(five_turns(), model, limit=50)
    assert model.requests == []
    assert all(result.is_left_out for result in results)


def test_a_turn_that_goes_on_with_tools_is_stopped_within() -> None:
    """Its first request was made, the second one might go beyond the cap."""
    model = Asked(cost=10)
    log = lived([(5, text("a", text="call order {}"))])
    _, ((result,),) = replay(log, model, limit=500)
    assert len(model.requests) == 1
    assert result.is_left_out
    assert result.usage.input_tokens == 10, "what it has cost is told"


def test_a_server_that_does_not_count_is_not_free() -> None:
    """A reserved sum counts."""
    model = Asked(cost=0)
    _, (results,) = replay(five_turns(), model, limit=1000)
    assert len(model.requests) == 3
    assert sum(result.is_left_out for result in results) == 2


def test_turns_beyond_the_limit_are_left_out() -> None:
    """And counted."""
    model = Asked()
    choice, _ = replay(five_turns(), model, most=2)
    assert [messages for _, messages in model.shown] == [["text a"], ["text b"]]
    assert (choice.turns_left_out, choice.chats_left_out) == (3, 0)


def test_no_more_turns_at_once_than_are_allowed() -> None:
    """Three of five, in this replay; each chat's turns are shown in their order all the same."""

    class Crowded(Asked):
        now = most = 0

        async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
            self.now += 1
            self.most = max(self.most, self.now)
            await until(lambda: self.most >= 3)
            await asyncio.sleep(0.05 if request.messages[0].text == "text a" else 0.01)
            self.now -= 1
            return await super().reply(request)

    model = Crowded()
    _, (results,) = replay(five_turns(), model)
    assert model.most == 3
    assert [result.turn.messages for result in results] == [("a",), ("b",), ("c",), ("d",), ("e",)]
