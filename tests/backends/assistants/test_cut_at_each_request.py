"""A turn is cut at each of its requests, in every way; started again it is answered as if nothing had happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.assistants.backend import Assistants
from backends.protocol import Answer
from chat.context import Line
from tests.backends.kept_threads.provider import AssistantsProvider
from tests.backends.kept_threads.turns import CLOCK, Logged, asked
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble
from tests.waiting import until

WAYS: dict[str, dict[str, Any]] = {
    "killed before it is sent": {"kind": "hang"},
    "killed, carried out, the answer on its way": {"kind": "hang", "after": True},
    "dropped before it is carried out": {"kind": "drop"},
    "carried out, the answer dropped": {"kind": "drop", "after": True},
    "500 and not carried out": {"kind": "server_error"},
    "500 and carried out": {"kind": "server_error", "after": True},
    "carried out, the answer is garbage": {"kind": "not_json", "after": True},
    "carried out, the answer is empty": {"kind": "empty_object", "after": True},
    "too many requests": {"kind": "rate_limit", "headers": {"retry-after": "0.1"}},
}
HISTORY = tuple(Line("user" if number % 2 else "assistant", f"h{number}") for number in range(34))


def plainly(_: ThreadsDouble) -> Logged:
    """Two messages in the chat's first thread."""
    return Logged()


def seeded(_: ThreadsDouble) -> Logged:
    """A thread that begins with more history than fits into its creation."""
    return Logged(*HISTORY)


def with_tools(threads: ThreadsDouble) -> Logged:
    """Two rounds of calls, two calls in the first."""
    threads.plan(calls=[[("clock", "{}"), ("clock", '{"zone": "UTC"}')], [("clock", "{}")]])
    return Logged(request=asked("", "what time is it?", tools=(CLOCK,)))


def behind_another(threads: ThreadsDouble) -> Logged:
    """A run of a former turn hangs in the thread, waiting for an output that will never come."""
    logged = Logged(request=asked("", "and now?", turn="t2", ids=("m9",)))
    logged.thread = threads.add_thread("before").id
    threads.add_run(logged.thread, turn="t1", calls=[[("clock", "{}")]])
    return logged


def after_a_failure(threads: ThreadsDouble) -> Logged:
    """The first run fails, so there is a second attempt."""
    threads.plan("failed")
    return Logged()


Scene = Callable[[ThreadsDouble], Logged]
SCENES: list[Scene] = [plainly, seeded, with_tools, behind_another, after_a_failure]


async def play(backend: Assistants, threads: ThreadsDouble, logged: Logged, *, killed: bool) -> Answer | None:
    """The answer; None if the process was killed at a request that hangs, as if it had heard nothing of it."""
    playing = asyncio.create_task(logged.go_on(backend))
    if killed:
        await until(lambda: playing.done() or any(request.fault for request in threads.requests))
        if not playing.done():
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
            return None
    return await playing


def is_answered_once(threads: ThreadsDouble, logged: Logged, answer: Answer | None) -> None:
    """Each message is in the thread once, one run completed, and its reply is the answer; no run is active."""
    assert answer is not None
    assert logged.thread is not None
    thread = threads.threads[logged.thread]
    thread.advance()
    theirs = [m["metadata"]["message"] for m in thread.messages if "message" in m["metadata"]]
    assert theirs == list(logged.request.ids)
    seeds = [m["metadata"]["history"] for m in thread.messages if "history" in m["metadata"]]
    assert seeds == [str(number) for number in range(len(logged.history))]
    completed = [run for run in thread.runs if run.status == "completed"]
    assert [run.id for run in completed] == [answer.run]
    assert all(run.submitted == len(run.rounds) for run in completed)
    written = [m["content"][0]["text"]["value"] for m in thread.messages if m["run_id"] == answer.run]
    assert written == [answer.text]
    assert all(one.active is None for one in threads.threads.values())


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("way", WAYS)
async def test_cut_once(backend: Assistants, threads: ThreadsDouble, scene: Scene, way: str) -> None:
    """At each request of the turn, one after the other, until there is none left to cut."""
    for number in range(60):
        threads.forget()
        logged = scene(threads)
        threads.fail(**WAYS[way], skip=number)
        answer = await play(backend, threads, logged, killed=WAYS[way]["kind"] == "hang")
        if answer is None:
            answer = await play(backend, threads, logged, killed=False)
        is_answered_once(threads, logged, answer)
        if not any(request.fault for request in threads.requests):
            assert number > 5
            return
    raise AssertionError("there is always one more request")


@settings(max_examples=30, deadline=None)
@given(
    scene=st.sampled_from(SCENES),
    cuts=st.lists(st.tuples(st.integers(0, 14), st.sampled_from(sorted(WAYS))), min_size=2, max_size=5),
)
async def test_cut_again_and_again(scene: Scene, cuts: list[tuple[int, str]]) -> None:
    """One cut after the other, at any distance, some of them kills."""
    async with OpenAIDouble() as double:
        threads, backend = double.threads, AssistantsProvider(double).backend()
        logged = scene(threads)
        answer = None
        for skip, way in cuts:
            if answer is None:
                threads.heal()
                threads.requests.clear()
                threads.fail(**WAYS[way], skip=skip)
                answer = await play(backend, threads, logged, killed=WAYS[way]["kind"] == "hang")
        threads.heal()
        is_answered_once(threads, logged, answer or await play(backend, threads, logged, killed=False))
        await backend.close()
