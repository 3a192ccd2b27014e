"""The items of an agent's turn: many pages of them, and some of unknown shapes."""

from __future__ import annotations

from backends.agents.backend import Agents
from backends.protocol import Answer
from tests.backends.kept_threads.turns import asked, place
from tests.doubles.openai_agents import AgentsDouble


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


async def test_items_of_unknown_shapes_are_passed_over(backend: Agents, agents: AgentsDouble) -> None:
    """A beta may return items that its types do not describe."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    for number, content in enumerate((None, "words", [None], [{"type": "output_audio"}], [{"text": 7}])):
        more = {"role": "assistant", "phase": None, "content": content}
        agents.only.add(f"odd_{number}", run, "message", **more)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.text == "reply to: hello\n\nwords"
