"""Requests and answers of a turn that is answered."""

from __future__ import annotations

from backends.agents.backend import Agents
from backends.protocol import ReplyRequest, Usage
from tests.backends.kept_threads.turns import answered, asked, place
from tests.doubles.openai_agents import AgentsDouble


async def test_the_messages_are_sent_together(backend: Agents, agents: AgentsDouble) -> None:
    """One event, in the messages' order, with a key of this attempt alone; the session names its turn."""
    request = asked(await backend.create_thread(place()), "good", "morning", attempt=2)
    note = agents.only.items[-1]["id"]
    await answered(backend, request)
    (sent,) = [request.body for request in agents.requests if request.operation == "events.create"]
    assert sent["idempotency_key"] == f"{request.thread}:t1:2"
    assert agents.only.says("user")[1:] == ["good", "morning"]
    kept = {"recado_chat": "5511999990001", "recado_turn": "t1", "recado_after": note}
    assert agents.only.metadata == kept


async def test_words_of_others_in_the_session_are_kept(backend: Agents, agents: AgentsDouble) -> None:
    """An update of metadata replaces all of it."""
    session = agents.add_session("hi")
    session.metadata["shop"] = "Porto Alegre"
    await answered(backend, asked(session.id, "hello"))
    assert session.metadata["shop"] == "Porto Alegre"


async def test_the_answer_names_model_turn_and_usage(backend: Agents, agents: AgentsDouble) -> None:
    """The reply event gets the turn's id and the provider's own counts; the model is the saved agent's."""
    answer = await answered(backend, asked(agents.add_session("hi").id, "good morning"))
    assert answer.text == "reply to: good morning"
    assert (answer.model, answer.run) == ("small-1", agents.only.turns[-1].id)
    assert answer.usage == Usage(input_tokens=3, output_tokens=4)


async def test_one_turn_after_the_other(backend: Agents, agents: AgentsDouble) -> None:
    """Each turn gets its own reply, however often the same is said, and each takes the same few requests."""
    thread = await backend.create_thread(place())
    for number in range(30):
        answer = await answered(backend, asked(thread, "again", turn=f"t{number}"))
        assert answer.run == agents.only.turns[-1].id
        assert len(agents.only.turns) == number + 2
    last = [request.operation for request in agents.requests[-8:]]
    began = ["sessions.retrieve", "items.list", "sessions.update", "events.create", "items.list"]
    assert last == [*began, "turns.retrieve", "sessions.retrieve", "turns.items"]


async def test_accepted_input_may_be_seen_later(backend: Agents, agents: AgentsDouble) -> None:
    """The message is sent once all the same."""
    agents.lag = 5
    await answered(backend, asked(agents.add_session("hi").id, "hello"))
    assert agents.only.says("user") == ["hi", "hello"]
    assert [request.operation for request in agents.requests].count("events.create") == 1


async def started(backend: Agents, agents: AgentsDouble, **plan: str) -> tuple[ReplyRequest, str]:
    agents.plan(**plan)
    request = asked(await backend.create_thread(place()), "hello")
    return request, await backend.start_run(request)


async def test_comments_on_the_way_are_no_part_of_the_reply(backend: Agents, agents: AgentsDouble) -> None:
    """The person gets the final answer."""
    request, run = await started(backend, agents, comment="I am looking at the menu.", says="Yes.")
    assert (await backend.await_run(request, run)).text == "Yes."  # type: ignore[union-attr]


async def test_a_comment_is_better_than_nothing(backend: Agents, agents: AgentsDouble) -> None:
    """If the turn has no other text."""
    request, run = await started(backend, agents, comment="Done.", says="")
    assert (await backend.await_run(request, run)).text == "Done."  # type: ignore[union-attr]


async def test_a_reply_that_is_listed_late_is_waited_for(backend: Agents, agents: AgentsDouble) -> None:
    """The turn is shown as completed a moment before its last item is listed."""
    request, run = await started(backend, agents)
    session = agents.only
    written = session.items.pop()

    async def list_it_then(_: float) -> None:
        if agents.requests[-1].operation == "turns.items" and session.items[-1] is not written:
            session.items.append(written)

    backend._sleep = list_it_then
    assert (await backend.await_run(request, run)).text == "reply to: hello"  # type: ignore[union-attr]
