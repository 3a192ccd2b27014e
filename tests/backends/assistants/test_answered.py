"""Requests and answers of a turn that is answered."""

from __future__ import annotations

import pytest

from backends.assistants.backend import Assistants
from backends.protocol import ReplyFailed, ReplyRequest, Usage
from tests.backends.kept_threads.provider import AssistantsProvider
from tests.backends.kept_threads.turns import answered, asked, place
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT, ThreadsDouble


async def test_the_messages_are_put_in_and_a_run_answers_them(backend: Assistants, threads: ThreadsDouble) -> None:
    """In the messages' order, each with its id; the run names its turn and its attempt."""
    request = asked(await backend.create_thread(place()), "good", "morning", attempt=2)
    await answered(backend, request)
    thread = threads.only
    assert [(m["role"], m["metadata"]) for m in thread.messages[:-1]] == [
        ("user", {"message": "m1", "turn": "t1"}),
        ("user", {"message": "m2", "turn": "t1"}),
    ]
    assert [run.body for run in thread.runs] == [
        {"assistant_id": ASSISTANT, "metadata": {"turn": "t1", "attempt": "2"}, "tools": []}
    ]


async def test_the_answer_names_model_run_and_usage(backend: Assistants, threads: ThreadsDouble) -> None:
    """The reply event gets the run's id and the provider's own counts."""
    answer = await answered(backend, asked(await backend.create_thread(place()), "good morning"))
    assert answer.text == "reply to: good morning"
    assert (answer.model, answer.run) == ("small-1", threads.only.runs[0].id)
    assert answer.usage == Usage(input_tokens=2, output_tokens=4)


async def test_one_turn_after_the_other(backend: Assistants, threads: ThreadsDouble) -> None:
    """Each turn gets the reply of its own run, and the thread is read no further back than the reply before."""
    thread = await backend.create_thread(place())
    for number in range(30):
        answer = await answered(backend, asked(thread, f"number {number}", turn=f"t{number}", ids=(f"m{number}",)))
        assert answer.text == f"reply to: number {number}"
    last = [request.operation for request in threads.requests[-6:]]
    assert last == ["runs.list", "messages.list", "messages.create", "runs.create", "runs.retrieve", "messages.list"]


async def test_instructions_are_sent_only_if_there_are_any(double: OpenAIDouble) -> None:
    """The assistant's own instructions are never replaced."""
    backend = AssistantsProvider(double).backend(additional_instructions="Be brief.")
    await answered(backend, asked(await backend.create_thread(place()), "hello"))
    await backend.close()
    body = double.threads.only.runs[0].body
    assert body["additional_instructions"] == "Be brief."
    assert "instructions" not in body


async def test_a_turn_whose_messages_have_no_ids_is_answered(backend: Assistants, threads: ThreadsDouble) -> None:
    """`recado ask` asks outside of any chat."""
    await answered(backend, asked(await backend.create_thread(place()), "one", "two", ids=()))
    assert [m["metadata"].get("message") for m in threads.only.messages] == ["t1:0", "t1:1", None]


async def test_several_messages_of_a_run_are_one_reply(backend: Assistants, threads: ThreadsDouble) -> None:
    """In the order in which they were written, with the provider's marks in them."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    threads.only.add("msg_more", "assistant", "And more【4:0†menu.pdf】.", run_id=run)
    answer = await backend.await_run(request, run)
    assert answer.text == "reply to: hello\n\nAnd more【4:0†menu.pdf】."


async def started(backend: Assistants, threads: ThreadsDouble, **plan: str) -> tuple[ReplyRequest, str]:
    threads.plan(**plan)
    request = asked(await backend.create_thread(place()), "hello")
    return request, await backend.start_run(request)


async def test_a_refusal_is_no_reply(backend: Assistants, threads: ThreadsDouble) -> None:
    """The turn fails as refused, with the model's words."""
    request, run = await started(backend, threads, refusal="I cannot help with that.")
    with pytest.raises(ReplyFailed, match="I cannot help with that") as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == "refused"


async def test_a_reply_that_is_listed_late_is_waited_for(backend: Assistants, threads: ThreadsDouble) -> None:
    """The run is shown as completed a moment before its message is listed."""
    request, run = await started(backend, threads)
    thread = threads.only
    written = thread.messages.pop()
    lists = [request.operation for request in threads.requests].count("messages.list")

    async def list_it_then(seconds: float) -> None:
        if [request.operation for request in threads.requests].count("messages.list") > lists + 1 and written:
            thread.messages[1:] = [written]

    backend._sleep = list_it_then
    answer = await backend.await_run(request, run)
    assert answer.text == "reply to: hello"
