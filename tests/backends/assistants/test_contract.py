"""Promises of every backend, where the provider keeps the thread."""

from __future__ import annotations

import asyncio

import pytest

from backends import one_question
from backends.assistants.backend import Assistants
from backends.protocol import ReplyBackend, ReplyFailed, ReplyRequest, ThreadBackend
from tests.backends.assistants.turns import Logged, asked
from tests.doubles.openai_threads import ThreadsDouble
from tests.waiting import until


def test_it_is_a_thread_backend(backend: Assistants) -> None:
    """Its name is the one in events."""
    assert isinstance(backend, ThreadBackend)
    assert not isinstance(backend, ReplyBackend)
    assert backend.name == "assistants"


async def test_many_chats_are_answered_at_once(backend: Assistants, threads: ThreadsDouble) -> None:
    """No answer strays to another chat, and each has a thread of its own."""
    threads.latency = 0.05

    async def ask(number: int) -> str:
        return (await Logged(request=asked("", f"I am {number}", turn=f"t{number}")).go_on(backend)).text

    answers = await asyncio.gather(*(ask(number) for number in range(30)))
    assert answers == [f"reply to: I am {number}" for number in range(30)]
    assert len(threads.threads) == 30


async def test_a_question_that_belongs_to_no_chat(backend: Assistants, threads: ThreadsDouble) -> None:
    """`recado ask`: a new thread, one run, and no tool."""
    request: ReplyRequest = asked("", "what is a recado?", ids=())
    assert (await one_question.ask(backend, request)).text == "reply to: what is a recado?"
    assert [run.status for run in threads.only.runs] == ["completed"]


@pytest.mark.parametrize("on", ["threads.create", "runs.list", "messages.create", "runs.create", "runs.retrieve"])
async def test_cancelled_it_ends_at_once(backend: Assistants, threads: ThreadsDouble, on: str) -> None:
    """At any await, and the backend still works."""
    threads.fail("hang", on=on)
    playing = asyncio.create_task(Logged().go_on(backend))
    await until(lambda: any(request.fault for request in threads.requests))
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert (await Logged().go_on(backend)).text == "reply to: morning"


async def test_a_text_that_no_request_can_carry_fails_the_turn(backend: Assistants, threads: ThreadsDouble) -> None:
    """Half a surrogate pair: bad_request, and the run was never started."""
    thread = threads.add_thread("hi")
    with pytest.raises(ReplyFailed) as failed:
        await backend.start_run(asked(thread.id, "\ud83d"))
    assert failed.value.error_class == "bad_request"
    assert thread.runs == []


async def test_closing_twice_is_closing(backend: Assistants) -> None:
    """`close` may be called on every way out."""
    await backend.close()
    await backend.close()
