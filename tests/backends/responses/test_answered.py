"""From the turn's messages to its reply."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from backends.protocol import Usage
from backends.responses.backend import Responses
from chat.context import Line
from tests.backends.responses.turns import PRICE, Turn, backend_of, place
from tests.doubles.openai_responses import ResponsesDouble
from tests.doubles.openai_server import OpenAIDouble


async def test_the_reply_and_what_is_known_of_it(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """Text, model, the response's id and its tokens; the conversation has the message and the reply."""
    answer = await Turn(thread, "how are you").answered(responses)
    assert answer.text == "reply to: how are you"
    assert (answer.model, answer.usage) == ("small-1", Usage(input_tokens=3, output_tokens=5))
    assert answer.run is not None
    assert provider.made[answer.run].object["status"] == "completed"
    assert provider.conversations.all[thread].said()[2:] == [
        ("user", "how are you"),
        ("assistant", "reply to: how are you"),
    ]


async def test_requests_that_are_sent(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """All messages of the turn, instructions, tools, the turn's id; stored, in the background, cut to fit."""
    await Turn(thread, Line("user", "olá", "Ana"), Line("user", "and me?", "Rui")).answered(responses)
    body = provider.asked("responses.create")[-1].body
    assert [(item["role"], item["content"]) for item in body["input"]] == [
        ("user", "Ana: olá"),
        ("user", "Rui: and me?"),
    ]
    assert (body["conversation"], body["instructions"], body["model"]) == (thread, "Be kind.", "small-1")
    assert (body["store"], body["background"], body["truncation"]) == (True, True, "auto")
    assert (body["metadata"]["turn"], body["metadata"]["attempt"]) == ("turn-1", "1")
    assert body["tools"] == [
        {
            "type": "function",
            "name": "price",
            "description": "What it costs.",
            "parameters": PRICE.parameters,
            "strict": False,
        }
    ]


async def test_the_run_is_known_before_it_is_asked_for(responses: Responses, provider: ResponsesDouble) -> None:
    """First its place in the conversation is logged, then the response's id, then the reply comes."""
    turn = Turn(await responses.create_thread(place()), "hello")
    await turn.step(responses)
    assert turn.runs == ["after:"]
    assert not provider.asked("responses.create")
    answer = await turn.answered(responses)
    assert turn.runs == ["after:", answer.run]


async def test_the_same_words_again_are_another_turn(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """People write `ok` twice: each is put into the conversation and answered."""
    runs = {(await Turn(thread, "ok", turn=f"turn-{n}").answered(responses)).run for n in range(3)}
    assert len(runs) == 3
    assert provider.conversations.all[thread].said()[2:] == [("user", "ok"), ("assistant", "reply to: ok")] * 3


@pytest.mark.parametrize("background", ["taken", "ignored", "refused"])
async def test_a_server_need_not_know_the_background(
    responses: Responses, provider: ResponsesDouble, background: Literal["taken", "ignored", "refused"]
) -> None:
    """A server that ignores the field answers with the whole response; for one that refuses it, it is left out
    afterwards."""
    provider.background = background
    thread = await responses.create_thread(place())
    for number in range(2):
        assert (await Turn(thread, "hi", turn=f"turn-{number}").answered(responses)).text == "reply to: hi"
    sent = ["background" in asked.body for asked in provider.asked("responses.create")]
    assert sent == ([True, False, False] if background == "refused" else [True, True])


async def test_a_server_need_not_know_truncation(responses: Responses, provider: ResponsesDouble) -> None:
    """The same for a model that cannot cut its context by itself."""
    provider.fail("error", status=400, message="truncation is not supported with this model.", param="truncation")
    assert (await Turn(await responses.create_thread(place()), "hi").answered(responses)).text == "reply to: hi"
    assert ["truncation" in asked.body for asked in provider.asked("responses.create")] == [True, False]


async def test_a_response_that_takes_its_time_is_waited_for(double: OpenAIDouble, provider: ResponsesDouble) -> None:
    """Queued, in progress, completed: recado polls until it has ended."""
    provider.latency = 0.3
    backend = backend_of(double)
    assert (await Turn(await backend.create_thread(place()), "hi").answered(backend)).text == "reply to: hi"
    assert len(provider.asked("responses.retrieve")) > 3
    await backend.close()


async def test_many_chats_at_once(responses: Responses, provider: ResponsesDouble) -> None:
    """One backend serves every chat, and no answer strays."""

    async def one(number: int) -> str:
        thread = await responses.create_thread(place())
        return (await Turn(thread, f"I am {number}").answered(responses)).text

    assert await asyncio.gather(*(one(n) for n in range(20))) == [f"reply to: I am {n}" for n in range(20)]
    assert provider.active == []
