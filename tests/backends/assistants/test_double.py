"""The double of threads and runs is held to the openai library: its answers parse strictly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run

from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT, ThreadsDouble
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore:The Assistants API is deprecated:DeprecationWarning")

CALLS = [[["clock", "{}"]]]


@pytest.fixture
async def client(double: OpenAIDouble) -> AsyncIterator[openai.AsyncOpenAI]:
    made = openai.AsyncOpenAI(
        api_key=double.api_key, base_url=double.base_url, max_retries=0, _strict_response_validation=True
    )
    yield made
    await made.close()


async def test_a_whole_turn_by_the_librarys_own_methods(client: openai.AsyncOpenAI, threads: ThreadsDouble) -> None:
    """Thread, message, run, polling, tool outputs and reply, each as the library's strict types have it."""
    threads.latency = 0.1
    threads.plan(calls=CALLS)
    api = client.beta.threads
    thread = await api.create(messages=[{"role": "user", "content": "hi"}], metadata={"a": "b"})
    assert (await api.retrieve(thread.id)).metadata == {"a": "b"}
    assert (await api.update(thread.id, metadata={"c": "d"})).metadata == {"a": "b", "c": "d"}
    message = await api.messages.create(thread.id, role="user", content="hello", metadata={"message": "m1"})
    run = await api.runs.create(thread.id, assistant_id=ASSISTANT, metadata={"turn": "t1"})
    assert run.status == "queued"
    run = await api.runs.poll(run.id, thread_id=thread.id, poll_interval_ms=10)
    assert run.status == "requires_action"
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    await api.runs.submit_tool_outputs(
        run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": "noon"}]
    )
    run = await api.runs.poll(run.id, thread_id=thread.id, poll_interval_ms=10)
    assert run.status == "completed"
    listed = [one async for one in api.messages.list(thread.id, limit=2, order="asc")]
    assert [one.run_id for one in listed] == [None, None, run.id]
    assert listed[1] == message
    of_run = [one async for one in api.messages.list(thread.id, run_id=run.id)]
    assert of_run == listed[2:]
    assert [one.id async for one in api.runs.list(thread.id)] == [run.id]
    await api.messages.delete(message.id, thread_id=thread.id)
    assert (await api.delete(thread.id)).deleted
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{thread.id}'"):
        await api.retrieve(thread.id)


async def test_its_answers_fit_the_types(double: OpenAIDouble) -> None:
    """Field by field, without the library's lenience."""
    threads = double.threads
    thread = threads.add_thread("hi")
    ended = [
        threads.add_run(thread.id, ending=ending).shown()
        for ending in ("completed", "failed", "incomplete", "expired", "cancelled", "queued")
    ]
    calling = threads.add_run(thread.id, calls=CALLS)
    thread.advance()
    Thread.model_validate_json(json.dumps(thread.shown()), strict=True)
    for run in [*ended, *(run.shown() for run in thread.runs), calling.shown()]:
        Run.model_validate_json(json.dumps(run), strict=True)
    for message in thread.messages:
        Message.model_validate_json(json.dumps(message), strict=True)
    Assistant.model_validate_json(json.dumps(threads._retrieve_assistant({"assistant": ASSISTANT})), strict=True)


async def test_one_run_at_a_time(client: openai.AsyncOpenAI, threads: ThreadsDouble) -> None:
    """A thread with an active run takes neither messages nor another run, in the API's own words."""
    thread = threads.add_thread("hi").id
    run = threads.add_run(thread)
    with pytest.raises(openai.BadRequestError, match=f"Can't add messages to {thread} while a run {run.id} is active"):
        await client.beta.threads.messages.create(thread, role="user", content="more")
    with pytest.raises(openai.BadRequestError, match=f"Thread {thread} already has an active run {run.id}"):
        await client.beta.threads.runs.create(thread, assistant_id=ASSISTANT)
    assert (await client.beta.threads.runs.cancel(run.id, thread_id=thread)).status == "cancelling"
    with pytest.raises(openai.BadRequestError, match="Cannot cancel run with status 'cancelled'"):
        await client.beta.threads.runs.cancel(run.id, thread_id=thread)
    with pytest.raises(openai.BadRequestError, match="do not accept tool outputs"):
        await client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread, tool_outputs=[])
    await client.beta.threads.messages.create(thread, role="user", content="more")


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("", {"messages": [{"role": "robot", "content": "hi"}]}, "Invalid value"),
        ("", {"messages": [{"role": "user", "content": "hi"}] * 33}, "maximum 32"),
        ("", {"metadata": {"a": "x" * 513}}, "too long"),
        ("", {"metadata": {"a" * 65: "x"}}, "too long"),
        ("", {"metadata": {str(number): "x" for number in range(17)}}, "at most 16"),
        ("", {"metadata": {"a": 1}}, "Invalid value"),
        ("", {"mesages": []}, "Unknown parameter: 'mesages'"),
        ("/{thread}/messages", {"role": "user", "content": ""}, "must be non-empty"),
        ("/{thread}/messages", {"content": "hi"}, "Invalid value for 'role'"),
        ("/{thread}/messages", {"role": "user", "content": [{"type": "text"}]}, "Invalid value"),
        ("/{thread}/runs", {}, "assistant_id"),
        ("/{thread}/runs", {"assistant_id": ASSISTANT, "tools": [{"type": "function"}]}, "Invalid value"),
        ("/{thread}/runs", {"assistant_id": ASSISTANT, "turn": "t1"}, "Unknown parameter: 'turn'"),
        ("/{thread}/runs", {"assistant_id": ASSISTANT, "stream": True}, "stream"),
    ],
)
async def test_it_refuses_as_the_real_api(
    double: OpenAIDouble, path: str, body: dict[str, Any], complaint: str
) -> None:
    """A request is held to the library's own types, so that no test passes with a request that real servers refuse."""
    thread = double.threads.add_thread("hi").id
    status, text = await post(double, "/threads" + path.format(thread=thread), body)
    assert status == 400
    assert complaint in text


async def test_without_the_beta_header_nothing_is_taken(double: OpenAIDouble) -> None:
    """The API of threads was never anything else than a beta."""
    status, text = await post(double, "/threads", {}, header={})
    assert status == 400
    assert "OpenAI-Beta: assistants=v2" in text


async def test_only_its_own_key_is_taken(double: OpenAIDouble) -> None:
    """As everywhere else."""
    status, _ = await post(double, "/threads", {}, key="sk-wrong-0000000000")
    assert status == 401


async def test_another_process_tells_it_and_sees_what_stands_in_it() -> None:
    """Over the control endpoint: faults, plans, and the threads with their messages and runs."""
    async with OpenAIDouble(control=True) as double, aiohttp.ClientSession() as session:
        control = double.base_url.removesuffix("/v1") + "/_double/threads"
        await session.post(f"{control}/plans", json=[{"ending": "in_progress"}])
        await session.post(f"{control}/faults", json=[{"kind": "server_error", "on": "runs.create", "after": True}])
        thread = double.threads.add_thread("hi").id
        assert (await post(double, f"/threads/{thread}/runs", {"assistant_id": ASSISTANT}))[0] == 500
        async with session.get(control) as answer:
            (shown,) = await answer.json()
    assert shown["id"] == thread
    assert [message["role"] for message in shown["messages"]] == ["user"]
    assert [run["status"] for run in shown["runs"]] == ["in_progress"]


async def test_a_late_request_is_carried_out_after_the_client_has_gone(double: OpenAIDouble) -> None:
    """As after a time-out."""
    double.threads.fail("late")
    asking = asyncio.create_task(post(double, "/threads", {}))
    await until(lambda: len(double.threads.requests) == 1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert double.threads.threads == {}
    double.threads.come_late()
    assert len(double.threads.threads) == 1


async def post(
    double: OpenAIDouble,
    path: str,
    body: dict[str, Any],
    *,
    key: str | None = None,
    header: dict[str, str] | None = None,
) -> tuple[int, str]:
    beta = {"OpenAI-Beta": "assistants=v2"} if header is None else header
    headers = {"Authorization": f"Bearer {key or double.api_key}", **beta}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(double.base_url + path, json=body) as answer,
    ):
        return answer.status, await answer.text()
