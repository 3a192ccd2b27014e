"""Promises of every backend, where the provider keeps the thread."""

from __future__ import annotations

import asyncio

import pytest

from backends import one_question
from backends.protocol import ReplyBackend, ReplyFailed, ThreadBackend
from tests.backends.kept_threads.provider import PROVIDERS, Provider
from tests.backends.kept_threads.turns import Logged, asked, place
from tests.waiting import until


def test_it_is_a_thread_backend(provider: Provider, backend: ThreadBackend) -> None:
    """Its name is the one in events."""
    assert isinstance(backend, ThreadBackend)
    assert not isinstance(backend, ReplyBackend)
    assert backend.name == provider.name


async def test_many_chats_are_answered_at_once(provider: Provider, backend: ThreadBackend) -> None:
    """No answer strays to another chat, and each has a thread of its own."""
    provider.serving.latency = 0.05

    async def ask(number: int) -> str:
        return (await Logged(request=asked("", f"I am {number}", turn=f"t{number}")).go_on(backend)).text

    answers = await asyncio.gather(*(ask(number) for number in range(30)))
    assert answers == [f"reply to: I am {number}" for number in range(30)]
    assert len(provider.threads) == 30


async def test_a_question_that_belongs_to_no_chat(provider: Provider, backend: ThreadBackend) -> None:
    """`recado ask`: a new thread, one run, and no tool."""
    request = asked("", "what is a recado?", ids=())
    assert (await one_question.ask(backend, request)).text == "reply to: what is a recado?"
    assert [run.status for run in provider.runs()] == ["completed"]


@pytest.mark.parametrize(
    ("provider", "on"), [(one, on) for one in PROVIDERS for on in one.operations], indirect=["provider"]
)
async def test_cancelled_it_ends_at_once(provider: Provider, backend: ThreadBackend, on: str) -> None:
    """At any await, and the backend still works."""
    provider.serving.fail("hang", on=on)
    playing = asyncio.create_task(Logged().go_on(backend))
    await until(lambda: any(request.fault for request in provider.serving.requests))
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert (await Logged().go_on(backend)).text == "reply to: morning"


async def test_a_text_that_no_request_can_carry_fails_the_turn(provider: Provider, backend: ThreadBackend) -> None:
    """Half a surrogate pair: bad_request, and the run was never started."""
    request = asked(await backend.create_thread(place()), "\ud83d")
    with pytest.raises(ReplyFailed) as failed:
        await backend.start_run(request)
    assert failed.value.error_class == "bad_request"
    assert provider.runs() == []


async def test_a_backend_may_be_closed_twice(backend: ThreadBackend) -> None:
    """`close` may be called on every way out."""
    await backend.close()
    await backend.close()
