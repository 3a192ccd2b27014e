"""A request fails while recado polls an agent's turn: it polls again."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from backends.agents.backend import Agents
from backends.protocol import Answer, ReplyFailed
from backends.provider.polling import looks
from tests.backends.agents.turns import agent_at, asked, place
from tests.doubles.openai_agents import AgentsDouble
from tests.doubles.openai_server import OpenAIDouble


@pytest.mark.parametrize("on", ["turns.retrieve", "turns.items"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rate_limit", "headers": {"retry-after": "1"}},
        {"kind": "server_error"},
        {"kind": "server_error", "status": 503},
        {"kind": "drop"},
        {"kind": "hang"},
        {"kind": "not_json", "after": True},
        {"kind": "truncated", "after": True},
        {"kind": "empty_object"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
async def test_it_looks_again(backend: Agents, agents: AgentsDouble, on: str, fault: dict[str, Any]) -> None:
    """The turn at work gives the answer; nothing is posted."""
    request = asked(await backend.create_thread(place()), "hello", patience=2.0)
    run = await backend.start_run(request)
    posted = len(agents.requests)
    agents.fail(**fault, on=on, times=2)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.text == "reply to: hello"
    assert {r.operation for r in agents.requests[posted:]} <= {"turns.retrieve", "turns.items", "sessions.retrieve"}


async def test_it_looks_soon_and_then_less_often(double: OpenAIDouble) -> None:
    """The first look after 0.2 s, in the end one every 2 s."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 20:
            double.agents.only.turns[-1]._ahead = [(0.0, "completed")]

    backend = agent_at(double, sleep=sleep)
    session = double.agents.add_session("hi")
    double.agents.plan("in_progress")
    request = asked(session.id, "hello")
    run = await backend.start_run(request)
    slept.clear()
    await backend.await_run(request, run)
    await backend.close()
    assert slept[:20] == list(islice(looks(), 20))


async def test_a_long_turn_is_read_to_its_end(backend: Agents, agents: AgentsDouble) -> None:
    """Its items come in pages; the reply is on the last one."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    written = agents.only.items.pop()
    for number in range(250):
        agents.only.add(f"rs_{number}", run, "reasoning", summary=[], status="completed")
    agents.only.items.append(written)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.text == "reply to: hello"
    assert [request.operation for request in agents.requests].count("turns.items") == 3


@pytest.mark.parametrize(("fault", "error_class"), [("bad_key", "bad_key"), ("refused", "bad_request")])
async def test_what_cannot_be_mended_ends_the_turn(
    backend: Agents, double: OpenAIDouble, fault: str, error_class: str
) -> None:
    """At once, without waiting for the patience to end."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    if fault == "bad_key":
        double.api_key = "sk-changed-0123456789"
    else:
        double.agents.fail(fault, on="turns.retrieve")
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == error_class


async def test_items_of_a_shape_that_nobody_foresaw_are_passed_over(backend: Agents, agents: AgentsDouble) -> None:
    """A beta may return items that its types do not describe."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    for number, content in enumerate((None, "words", [None], [{"type": "output_audio"}], [{"text": 7}])):
        more = {"role": "assistant", "phase": None, "content": content}
        agents.only.add(f"odd_{number}", run, "message", **more)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.text == "reply to: hello"
