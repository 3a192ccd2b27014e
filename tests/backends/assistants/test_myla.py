"""A server that speaks the API in its own way, as the third party's myla 0.2.40 does; and myla itself, where it is.

RECADO_TEST_MYLA is the base URL of a running one (http://127.0.0.1:2000/api/v1), RECADO_TEST_MYLA_KEY a key of it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import aiohttp
import pytest

from backends.assistants.backend import Assistants
from backends.protocol import Answer
from chat.context import Line
from tests.backends.kept_threads.turns import answered, asked, place
from tests.doubles.openai_threads import ThreadsDouble

MYLA = os.environ.get("RECADO_TEST_MYLA")
HISTORY = (Line("user", "my name is Ana"), Line("assistant", "Hello, Ana"))


async def test_three_turns_and_a_restart(backend: Assistants, threads: ThreadsDouble) -> None:
    """History, messages and replies come as they should, each once."""
    threads.like_myla = True
    thread = await backend.create_thread(place(*HISTORY))
    for number in range(3):
        request = asked(thread, f"number {number}", turn=f"t{number}", ids=(f"m{number}",))
        run = await backend.start_run(request)
        assert await backend.start_run(request) == run
        answer = await backend.await_run(request, run)
        assert isinstance(answer, Answer)
        assert answer.text == f"reply to: number {number}"
    said = [m["content"][0]["text"]["value"] for m in threads.only.messages]
    assert said[:2] == ["my name is Ana", "Hello, Ana"]
    assert len(said) == 8


async def test_a_run_that_cannot_be_cancelled_is_waited_for(backend: Assistants, threads: ThreadsDouble) -> None:
    """500 to every cancel: the former turn's run ends by itself."""
    threads.like_myla = True
    threads.latency = 0.3
    thread = threads.add_thread()
    threads.add_run(thread.id, turn="t0", ending="completed")
    await answered(backend, asked(thread.id, "hello"))
    assert [run.status for run in threads.only.runs] == ["completed", "completed"]


if MYLA:

    @pytest.fixture
    async def myla() -> AsyncIterator[Assistants]:
        key = os.environ["RECADO_TEST_MYLA_KEY"]
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session,
            session.post(f"{MYLA}/assistants", json={"model": "mock@mock", "name": "recado"}) as made,
        ):
            assistant = (await made.json())["id"]
        backend = Assistants(api_key=key, base_url=MYLA, assistant=assistant)
        yield backend
        await backend.close()

    async def test_myla_itself(myla: Assistants) -> None:
        """Its mock model repeats the last message."""
        thread = await myla.create_thread(place(*HISTORY))
        for number in range(3):
            request = asked(thread, f"number {number}", turn=f"t{number}", ids=(f"m{number}",))
            run = await myla.start_run(request)
            assert await myla.start_run(request) == run
            answer = await myla.await_run(request, run)
            assert isinstance(answer, Answer)
            assert answer.text == f"number {number}"
