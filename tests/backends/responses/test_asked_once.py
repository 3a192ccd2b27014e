"""After any loss on the way, the message is in the conversation once, one response answered it, and no other is
left."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Literal

import pytest

from backends.responses.backend import Responses
from tests.backends.responses.turns import Turn, backend_of, place
from tests.doubles.openai_responses import ResponsesDouble
from tests.doubles.openai_server import OpenAIDouble

Background = Literal["taken", "ignored"]


def stands_once(provider: ResponsesDouble, thread: str, text: str, reply: str) -> None:
    """The message and the reply, once, at the end; every response has ended and none was made for nothing."""
    said = provider.conversations.all[thread].said()
    assert said.count(("user", text)) == 1, said
    assert said[-1] == ("assistant", reply), said
    assert [who for who, _ in said].count("assistant") == [who for who, _ in said].count("user"), said
    assert provider.active == []


@pytest.mark.parametrize("background", ["taken", "ignored"])
@pytest.mark.parametrize("locks", [True, False])
@pytest.mark.parametrize("kind", ["lost", "error_after", "not_json", "empty_object", "silent"])
async def test_a_lost_answer_is_looked_for(
    double: OpenAIDouble, provider: ResponsesDouble, kind: str, locks: bool, background: Background
) -> None:
    """The server acted on the request and its answer was lost: the response is found, at any kind of server."""
    provider.locks, provider.background, provider.latency = locks, background, 0.1
    backend = backend_of(double, known=True)
    thread = await backend.create_thread(place())
    provider.fail(kind)
    answer = await Turn(thread, "hello", patience=2.0).answered(backend)
    assert answer.text == "reply to: hello"
    stands_once(provider, thread, "hello", answer.text)
    assert [made.object["status"] for made in provider.made.values()].count("completed") == 1
    await backend.close()


@pytest.mark.parametrize("locks", [True, False])
@pytest.mark.parametrize("fault", [{"kind": "error"}, {"kind": "drop"}, {"kind": "error", "status": 503}])
async def test_a_lost_request_is_sent_again(
    responses: Responses, provider: ResponsesDouble, fault: dict[str, Any], locks: bool
) -> None:
    """To recado it looks the same: it searches the conversation, finds no message in time, and sends it."""
    provider.locks = locks
    thread = await responses.create_thread(place())
    provider.fail(**fault)
    answer = await Turn(thread, "hello", patience=1.0).answered(responses)
    stands_once(provider, thread, "hello", answer.text)
    assert len(provider.asked("responses.create")) == 2


async def test_a_refusal_leaves_no_doubt(responses: Responses, provider: ResponsesDouble) -> None:
    """A server that asks to come back later has not acted: the conversation is not searched."""
    thread = await responses.create_thread(place())
    provider.locks = False
    provider.fail("rate_limit", headers={"retry-after": "1"}, times=2)
    answer = await Turn(thread, "hello").answered(responses)
    stands_once(provider, thread, "hello", answer.text)
    assert len(provider.asked("items.list")) == 1


class Died(Exception):
    """The process is gone."""


def dies(backend: Responses, at: int) -> None:
    """The process dies at its request number `at` // 2: before sending it if `at` is even, after its answer if odd."""
    send, requests = backend._calls._send, 0

    async def dying(*args: Any, **how: Any) -> Any:
        nonlocal requests
        requests += 1
        if requests - 1 == at // 2 and at % 2 == 0:
            raise Died
        answer = await send(*args, **how)
        if requests - 1 == at // 2:
            raise Died
        return answer

    backend._calls._send = dying  # type: ignore[method-assign]


SCRIPT = "!call price 1\n!call price 2\n!then\n!call price 3"


async def dies_and_lives(
    text: str, deaths: tuple[int, ...], *, locks: bool = False, background: Background = "taken", ogx: bool = False
) -> bool:
    """Play a turn through processes that die at these points; returns whether the last process was still needed."""
    async with AsyncExitStack() as stack:
        double = await stack.enter_async_context(OpenAIDouble())
        provider = double.responses
        provider.locks, provider.background, provider.latency = locks, background, 0.02
        if ogx:
            provider.like_ogx()

        def process() -> Responses:
            backend = backend_of(double, known=True)
            stack.push_async_callback(backend.close)
            return backend

        last = process()
        # At a server that locks nothing, a process waits half of its patience before it asks again.
        turn = Turn(await last.create_thread(place(patience=30.0)), text, patience=30.0 if locks else 8.0)
        died = 0
        for at in deaths:
            mortal = process()
            dies(mortal, at)
            try:
                answer = await turn.answered(mortal)
            except Died:
                died += 1
            else:
                break
        else:
            answer = await turn.answered(last)
        stands_once(provider, turn.thread, text, answer.text)
        assert answer.text == (
            "tools said: price of 1 | price of 2 | price of 3" if text == SCRIPT else "reply to: hello"
        )
        assert [call.arguments for call in turn.calls] == (["1", "2", "3"] if text == SCRIPT else [])
        # A second response may have been requested just as the first completed: it is cancelled at once or, if it was
        # quicker than that, taken out of the conversation, as `stands_once` has checked.
        ended = [made.object["status"] for made in provider.made.values()]
        needed = 3 if text == SCRIPT else 1
        assert ended.count("completed") in (needed, needed + 1), ended
        assert {"queued", "in_progress"}.isdisjoint(ended), ended
        return died == len(deaths)


@pytest.mark.parametrize("background", ["taken", "ignored"])
@pytest.mark.parametrize("locks", [True, False])
@pytest.mark.parametrize("text", ["hello", SCRIPT], ids=["plain", "tools"])
async def test_killed_at_any_moment(text: str, locks: bool, background: Background) -> None:
    """Before and after every request of a turn, with tools and without: the next process brings it on."""
    moments = range(2 * (4 if text == "hello" else 12))
    died = await some_at_once([(moment,) for moment in moments], text, locks=locks, background=background)
    assert sum(died) >= len(moments) / 2


async def test_killed_at_any_moment_at_a_third_partys_server() -> None:
    """The same with the manners of ogx."""
    died = await some_at_once([(moment,) for moment in range(2, 24, 3)], SCRIPT, ogx=True)
    assert sum(died) >= 6  # the number of looks depends on the machine


@pytest.mark.parametrize("locks", [True, False])
async def test_killed_twice(locks: bool) -> None:
    """The process that goes on with the turn dies in it, too."""
    pairs = [(first, second) for first in range(4, 12, 2) for second in range(2, 6)]
    await some_at_once(pairs, SCRIPT, locks=locks, background="taken")


async def some_at_once(deaths: list[tuple[int, ...]], text: str, **server: Any) -> list[bool]:
    few = asyncio.Semaphore(8)

    async def play(moments: tuple[int, ...]) -> bool:
        async with few:
            return await dies_and_lives(text, moments, **server)

    return await asyncio.gather(*map(play, deaths))
