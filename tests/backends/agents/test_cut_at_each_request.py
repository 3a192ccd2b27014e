"""A turn is cut at each of its requests, in every way; started again it is answered as if nothing had happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.protocol import Answer
from chat.context import Line
from tests.backends.kept_threads.provider import AgentsProvider
from tests.backends.kept_threads.turns import CLOCK, Logged, asked
from tests.doubles.openai_agents import AgentsDouble
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until

WAYS: dict[str, dict[str, Any]] = {
    "killed before it is sent": {"kind": "hang"},
    "killed, carried out, the answer on its way": {"kind": "hang", "after": True},
    "killed, carried out afterwards": {"kind": "late", "seconds": 0.02},
    "dropped before it is carried out": {"kind": "drop"},
    "carried out, the answer dropped": {"kind": "drop", "after": True},
    "500 and not carried out": {"kind": "server_error"},
    "500 and carried out": {"kind": "server_error", "after": True},
    "carried out, the answer is garbage": {"kind": "not_json", "after": True},
    "carried out, the answer is empty": {"kind": "empty_object", "after": True},
    "too many requests": {"kind": "rate_limit", "headers": {"retry-after": "0.1"}},
}
ALIKE = ("500 and carried out", "carried out, the answer is empty")
"""Doubts like the others, which are only met at random."""
KILLS = ("hang", "late")
HISTORY = (Line("user", "before"), Line("assistant", "yes?"))


def plainly(_: AgentsDouble) -> Logged:
    """Two messages in the chat's first session."""
    return Logged(*HISTORY)


def said_before(agents: AgentsDouble) -> Logged:
    """The person repeats the messages of the turn before, which was answered."""
    logged = Logged(request=asked("", "good", "morning", turn="t2"))
    session = agents.add_session("good", "morning")
    session.metadata |= {"recado_turn": "t1", "recado_after": ""}
    logged.thread = session.id
    return logged


def with_tools(agents: AgentsDouble) -> Logged:
    """Two rounds of calls, two calls in the first."""
    agents.plan(calls=[[("clock", "{}"), ("clock", '{"zone": "UTC"}')], [("clock", "{}")]])
    return Logged(request=asked("", "what time is it?", tools=(CLOCK,)))


def behind_another(agents: AgentsDouble) -> Logged:
    """A turn hangs in the session, waiting for an output that will never come."""
    logged = Logged(request=asked("", "and now?", turn="t2"))
    logged.thread = agents.add_session("before", calls=[[("clock", "{}")]]).id
    return logged


def after_a_failure(agents: AgentsDouble) -> Logged:
    """The agent's first turn fails, so there is a second attempt."""
    agents.plan("failed")
    return Logged()


def seen_late(agents: AgentsDouble) -> Logged:
    """Messages are listed three looks after they were accepted."""
    agents.lag = 3
    return Logged()


Scene = Callable[[AgentsDouble], Logged]
SCENES: list[Scene] = [plainly, said_before, with_tools, behind_another, after_a_failure, seen_late]


async def play(double: OpenAIDouble, logged: Logged, *, killed: bool) -> Answer | None:
    """The answer; None if the process was killed at a request that hangs, as if it had heard nothing of it."""
    backend = AgentsProvider(double).backend()
    playing = asyncio.create_task(logged.go_on(backend))
    try:
        if killed:
            await until(lambda: playing.done() or any(r.fault in KILLS for r in double.agents.requests))
            if not playing.done():
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
                return None
        return await playing
    finally:
        await backend.close()


def is_answered_once(double: OpenAIDouble, logged: Logged, answer: Answer | None) -> None:
    """Each message is in the session once, none steered a turn, one turn wrote the reply; no turn is active."""
    agents = double.agents
    assert answer is not None
    assert logged.thread is not None
    session = agents.sessions[logged.thread]
    session.advance()
    assert session.steered == []
    begin = next(place for place, item in enumerate(session.items) if item["id"] == session.metadata["recado_after"])
    since = session.items[begin + 1 :]
    heard = [item["content"][0]["text"] for item in since if item.get("role") == "user"]
    assert [text for text in heard if "not answered" not in text] == [line.text for line in logged.request.messages]
    turns = [turn for turn in session.turns if turn.id in {item["turn_id"] for item in since}]
    assert [turn.id for turn in turns if turn.status == "completed"] == [answer.run]
    assert len(turns) == 1 + sum("not answered" in text for text in heard)
    assert [len(turn.outputs) for turn in turns if turn.id == answer.run] == [len(logged.calls)]
    written = [item["content"][0]["text"] for item in since if item.get("role") == "assistant"]
    assert written == [answer.text]
    for one in agents.sessions.values():
        one.advance()
        assert one.active is None


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("way", [way for way in WAYS if way not in ALIKE])
async def test_cut_once(scene: Scene, way: str) -> None:
    """At each request of the turn, one after the other, until there is none left to cut."""
    for number in range(60):
        async with OpenAIDouble() as double:
            logged = scene(double.agents)
            double.agents.fail(**WAYS[way], skip=number)
            answer = await play(double, logged, killed=WAYS[way]["kind"] in KILLS)
            if answer is None:
                answer = await play(double, logged, killed=False)
            is_answered_once(double, logged, answer)
            if not any(request.fault for request in double.agents.requests):
                assert number > 5
                return
    raise AssertionError("there is always one more request")


@settings(max_examples=30, deadline=None)
@given(
    scene=st.sampled_from(SCENES),
    cuts=st.lists(st.tuples(st.integers(0, 14), st.sampled_from(sorted(WAYS))), min_size=2, max_size=5),
)
async def test_cut_again_and_again(scene: Scene, cuts: list[tuple[int, str]]) -> None:
    """One cut after the other, at any distance, some of them kills."""
    async with OpenAIDouble() as double:
        logged = scene(double.agents)
        answer = None
        for skip, way in cuts:
            if answer is None:
                double.agents.heal()
                double.agents.requests.clear()
                double.agents.fail(**WAYS[way], skip=skip)
                answer = await play(double, logged, killed=WAYS[way]["kind"] in KILLS)
        double.agents.heal()
        is_answered_once(double, logged, answer or await play(double, logged, killed=False))
