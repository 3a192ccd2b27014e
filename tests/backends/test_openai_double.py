"""The double is held to the openai library: its answers parse strictly, its refusals raise the right errors."""

from __future__ import annotations

import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from tests.doubles.openai_server import OpenAIDouble

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello there"}]


@pytest.fixture
async def client(double: OpenAIDouble) -> AsyncIterator[openai.AsyncOpenAI]:
    made = openai.AsyncOpenAI(
        api_key=double.api_key, base_url=double.base_url, max_retries=0, _strict_response_validation=True
    )
    yield made
    await made.close()


async def test_an_answer_is_a_chat_completion(client: openai.AsyncOpenAI) -> None:
    """The success body validates strictly, field by field, and answers the last user message."""
    raw = await client.chat.completions.with_raw_response.create(model="small-1", messages=HELLO)
    completion = ChatCompletion.model_validate_json(raw.content, strict=True)
    assert completion.choices[0].message.content == "reply to: hello there"
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


async def test_models_are_listed(client: openai.AsyncOpenAI, double: OpenAIDouble) -> None:
    """GET /v1/models gives the models that the double takes, and it refuses any other with 404."""
    double.models = ("small-1",)
    assert [model.id async for model in client.models.list()] == ["small-1"]
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        await client.chat.completions.create(model="small-2", messages=HELLO)


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ({"kind": "rate_limit", "headers": {"retry-after": "2"}}, openai.RateLimitError, "rate_limit_exceeded"),
        ({"kind": "quota"}, openai.RateLimitError, "insufficient_quota"),
        ({"kind": "server_error", "status": 500}, openai.InternalServerError, None),
        ({"kind": "server_error", "status": 503}, openai.InternalServerError, "server_is_overloaded"),
        ({"kind": "bad_key"}, openai.AuthenticationError, "invalid_api_key"),
        ({"kind": "unknown_model"}, openai.NotFoundError, "model_not_found"),
        ({"kind": "flagged_prompt"}, openai.BadRequestError, "invalid_prompt"),
        ({"kind": "context"}, openai.BadRequestError, "context_length_exceeded"),
        ({"kind": "context_llama_cpp"}, openai.BadRequestError, "400"),
        ({"kind": "drop"}, openai.APIConnectionError, None),
        ({"kind": "drop_mid_body"}, openai.APIConnectionError, None),
    ],
)
async def test_a_fault_raises_the_librarys_error(
    client: openai.AsyncOpenAI,
    double: OpenAIDouble,
    fault: dict[str, Any],
    error: type[openai.APIError],
    code: str | None,
) -> None:
    """Each fault strikes once, as the error class and code that the real service's clients see."""
    double.fail(**fault)
    with pytest.raises(error) as raised:
        await client.chat.completions.create(model="small-1", messages=HELLO)
    assert raised.value.code == code
    if isinstance(raised.value, openai.RateLimitError) and "headers" in fault:
        assert raised.value.response.headers["retry-after"] == "2"
    await client.chat.completions.create(model="small-1", messages=HELLO)
    assert [request.fault for request in double.requests] == [fault["kind"], None]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"messages": HELLO}, "model"),
        ({"model": "small-1"}, "messages"),
        ({"model": "small-1", "messages": []}, "messages"),
        ({"model": "small-1", "messages": [{"role": "robot", "content": "hi"}]}, "Invalid value"),
        ({"model": "small-1", "messages": [{"role": "user"}]}, "Invalid value"),
        ({"model": "small-1", "messages": [{"role": "user", "content": 7}]}, "Invalid value"),
        ({"model": "small-1", "messages": HELLO, "patience": 3}, "Unknown parameter: 'patience'"),
        ({"model": "small-1", "messages": HELLO, "stream": True}, "stream"),
    ],
)
async def test_it_refuses_as_the_real_service(
    client: openai.AsyncOpenAI, body: dict[str, object], complaint: str
) -> None:
    """A request is held to the library's own types, so that no test passes with a request that OpenAI would refuse."""
    with pytest.raises(openai.BadRequestError, match=complaint):
        await client.post("/chat/completions", body=body, cast_to=ChatCompletion)


@pytest.mark.parametrize("key", ["sk-wrong-0000000000", None])
async def test_only_its_own_key_is_taken(double: OpenAIDouble, key: str | None) -> None:
    """Another key, or none, is 401."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{double.base_url}/chat/completions"
        async with session.post(url, json={"model": "small-1", "messages": HELLO}) as response:
            assert response.status == 401
            assert key is None or key not in await response.text()


async def test_faults_can_be_aimed(client: openai.AsyncOpenAI, double: OpenAIDouble) -> None:
    """A fault with `match` waits for a message that contains it, one with `more_than` for a longer conversation."""
    double.fail("rate_limit", match="unlucky", times=None)
    double.fail("context", more_than=1, times=None)
    await client.chat.completions.create(model="small-1", messages=HELLO)
    with pytest.raises(openai.RateLimitError):
        await client.chat.completions.create(model="small-1", messages=[{"role": "user", "content": "unlucky me"}])
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(model="small-1", messages=HELLO * 2)


async def test_it_runs_as_a_process_and_is_told_over_http() -> None:
    """As a process it prints its base URL, takes faults and gives back the requests."""
    process = await create_subprocess_exec(
        sys.executable, "-m", "tests.doubles.openai_server", "--control", "--api-key", "sk-other", stdout=PIPE
    )
    try:
        assert process.stdout is not None
        base_url = (await process.stdout.readline()).decode().strip()
        control = base_url.removesuffix("/v1") + "/_double"
        async with (
            openai.AsyncOpenAI(api_key="sk-other", base_url=base_url, max_retries=0) as client,
            aiohttp.ClientSession() as session,
        ):
            async with session.post(f"{control}/faults", json=[{"kind": "quota"}, {"kind": "quota"}]) as told:
                assert told.status == 204
            with pytest.raises(openai.RateLimitError):
                await client.chat.completions.create(model="small-1", messages=HELLO)
            async with session.delete(f"{control}/faults") as told:
                assert told.status == 204
            await client.chat.completions.create(model="small-1", messages=HELLO)
            async with session.get(f"{control}/requests") as answer:
                requests = await answer.json()
            assert [(request["outcome"], request["body"]["messages"]) for request in requests] == [
                ("429", HELLO),
                ("200", HELLO),
            ]
            async with session.post(f"{control}/faults", json={"kind": "nonsense"}) as told:
                assert told.status == 400
    finally:
        process.terminate()
        assert await process.wait() == 0
