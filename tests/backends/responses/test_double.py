"""The double of the two APIs is held to the openai library: its answers parse, and its refusals raise the right
errors."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from openai.types.conversations import Conversation, ConversationItemList
from openai.types.responses import FunctionToolParam, Response, ResponseInputItemParam

from tests.doubles.openai_responses import ResponsesDouble
from tests.doubles.openai_server import OpenAIDouble

HELLO: list[ResponseInputItemParam] = [{"role": "user", "content": "hello there"}]
PRICE: FunctionToolParam = {"type": "function", "name": "price", "parameters": {}, "strict": False}


@pytest.fixture
async def client(double: OpenAIDouble) -> AsyncIterator[openai.AsyncOpenAI]:
    made = openai.AsyncOpenAI(api_key=double.api_key, base_url=double.base_url, max_retries=0)
    yield made
    await made.close()


async def ended(client: openai.AsyncOpenAI, response: Response) -> Response:
    while response.status in ("queued", "in_progress"):
        await asyncio.sleep(0.01)
        response = await client.responses.retrieve(response.id)
    return response


async def test_a_conversation_and_its_items(client: openai.AsyncOpenAI) -> None:
    """Created with items and metadata, added to, listed both ways and in pages, retrieved, an item deleted."""
    raw = await client.conversations.with_raw_response.create(items=HELLO, metadata={"chat": "c1"})
    conversation = Conversation.model_validate_json(raw.content, strict=True)
    added = await client.conversations.items.with_raw_response.create(
        conversation.id, items=[{"role": "assistant", "content": "hi"}, {"role": "user", "content": "and?"}]
    )
    assert len(ConversationItemList.model_validate_json(added.content, strict=True).data) == 2
    listed = await client.conversations.items.with_raw_response.list(conversation.id, limit=2)
    page = ConversationItemList.model_validate_json(listed.content, strict=True)
    assert page.has_more
    assert [item.id async for item in await client.conversations.items.list(conversation.id, order="asc")] == [
        item.id async for item in await client.conversations.items.list(conversation.id, limit=1)
    ][::-1]
    later = await client.conversations.items.list(conversation.id, order="asc", after=page.last_id)
    assert [item.id for item in later.data] == [page.first_id]
    await client.conversations.items.delete(page.first_id, conversation_id=conversation.id)
    with pytest.raises(openai.NotFoundError):
        await client.conversations.items.delete(page.first_id, conversation_id=conversation.id)
    assert (await client.conversations.retrieve(conversation.id)).metadata == {"chat": "c1"}


@pytest.mark.parametrize("background", [True, False])
async def test_a_response_in_a_conversation(
    client: openai.AsyncOpenAI, provider: ResponsesDouble, background: bool
) -> None:
    """It validates strictly at every stage; its items join the conversation when it has completed, not before."""
    provider.latency = 0.1
    conversation = await client.conversations.create()
    raw = await client.responses.with_raw_response.create(
        model="small-1",
        input=HELLO,
        conversation=conversation.id,
        background=background,
        metadata={"turn": "t1"},
        tools=[PRICE],
    )
    response = Response.model_validate_json(raw.content, strict=True)
    assert response.status == ("queued" if background else "completed")
    if background:
        assert provider.conversations.all[conversation.id].items == []
    response = await ended(client, response)
    assert response.output_text == "reply to: hello there"
    assert (response.metadata, response.usage and response.usage.total_tokens) == ({"turn": "t1"}, 6)
    assert provider.conversations.all[conversation.id].said() == [
        ("user", "hello there"),
        ("assistant", "reply to: hello there"),
    ]
    inputs = await client.responses.input_items.list(response.id)
    assert len(inputs.data) == 1
    await client.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(response.id)


async def test_function_calls(client: openai.AsyncOpenAI) -> None:
    """An open call blocks the conversation with the real API's message; with its output the conversation goes on."""
    conversation = (await client.conversations.create()).id

    async def create(*items: Any) -> Response:
        return await client.responses.create(model="small-1", input=list(items), conversation=conversation)

    asked = await create({"role": "user", "content": '!call price {"n": 1}'})
    call = asked.output[0]
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("price", '{"n": 1}')
    with pytest.raises(openai.BadRequestError, match=f"No tool output found for function call {call.call_id}"):
        await create({"role": "user", "content": "well?"})
    said = await create({"type": "function_call_output", "call_id": call.call_id, "output": "4.20"})
    assert said.output_text == "tools said: 4.20"
    with pytest.raises(openai.BadRequestError, match="No tool call found"):
        await create({"type": "function_call_output", "call_id": "call_other", "output": "4.20"})


async def test_one_response_at_a_time(client: openai.AsyncOpenAI, provider: ResponsesDouble) -> None:
    """Locked until the first one is cancelled, which can be done again."""
    conversation = (await client.conversations.create()).id
    provider.fail("stuck")
    stuck = await client.responses.create(model="small-1", input=HELLO, conversation=conversation, background=True)
    with pytest.raises(openai.BadRequestError) as locked:
        await client.responses.create(model="small-1", input=HELLO, conversation=conversation)
    assert locked.value.code == "conversation_locked"
    for _ in range(2):
        assert (await client.responses.cancel(stuck.id)).status == "cancelled"
    await client.responses.create(model="small-1", input=HELLO, conversation=conversation)


async def test_a_chain_of_responses(client: openai.AsyncOpenAI) -> None:
    """Without a conversation, a response goes on from the one before it."""
    first = await client.responses.create(model="small-1", input="!call price 1")
    call = first.output[0]
    assert call.type == "function_call"
    output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "4.20"}]
    second = await client.responses.create(model="small-1", input=output, previous_response_id=first.id)
    assert second.output_text == "tools said: 4.20"


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("/responses", {"input": "hi", "model": 7}, "model"),
        ("/responses", {"input": [{"role": "robot", "content": "hi"}], "model": "m"}, "Invalid value"),
        ("/responses", {"input": "hi", "model": "m", "patience": 3}, "Unknown parameter: 'patience'"),
        ("/responses", {"input": "hi", "model": "m", "tools": [{"type": "function", "name": 1}]}, "Invalid value"),
        ("/conversations", {"items": [{"role": "user", "content": "hi"}] * 21}, "maximum length 20"),
        ("/conversations", {"items": [{"role": "user"}]}, "Invalid value"),
        ("/conversations", {"history": []}, "Unknown parameter"),
    ],
)
async def test_it_refuses_as_the_real_service(
    client: openai.AsyncOpenAI, path: str, body: dict[str, object], complaint: str
) -> None:
    """A request is held to the library's own types."""
    with pytest.raises(openai.BadRequestError, match=complaint):
        await client.post(path, body=body, cast_to=Response)


async def test_another_process_sees_what_it_holds() -> None:
    """Over HTTP it takes faults, and gives its conversations."""
    process = await create_subprocess_exec(
        sys.executable, "-m", "tests.doubles.openai_server", "--control", "--api-key", "sk-other", stdout=PIPE
    )
    try:
        assert process.stdout is not None
        base_url = (await process.stdout.readline()).decode().strip()
        control = base_url.removesuffix("/v1") + "/_double/responses"
        async with (
            openai.AsyncOpenAI(api_key="sk-other", base_url=base_url, max_retries=0) as client,
            aiohttp.ClientSession() as session,
        ):
            for fault, status in (({"kind": "stuck"}, 204), ({"kind": "nonsense"}, 400)):
                async with session.post(f"{control}/faults", json=fault) as told:
                    assert told.status == status
            conversation = (await client.conversations.create(items=HELLO)).id
            stuck = await client.responses.create(
                model="small-1", input=HELLO, conversation=conversation, background=True
            )
            async with session.get(control) as answer:
                state = await answer.json()
        assert state["active"] == [stuck.id]
        assert len(state["conversations"][conversation]["items"]) == 1
        assert state["responses"][stuck.id]["status"] in ("queued", "in_progress")
    finally:
        process.terminate()
        assert await process.wait() == 0
