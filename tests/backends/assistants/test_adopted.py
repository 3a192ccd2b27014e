"""A run that an earlier try began is the turn's run."""

from __future__ import annotations

from typing import Any

import pytest

from backends.assistants.backend import Assistants
from tests.backends.kept_threads.turns import answered, asked
from tests.doubles.openai_threads import ThreadsDouble


@pytest.mark.parametrize(
    "plan",
    [
        {"ending": "queued"},
        {"ending": "in_progress"},
        {"ending": "completed"},
        {"calls": [[("clock", "{}")]]},
    ],
)
async def test_a_run_of_the_turn_is_adopted(backend: Assistants, threads: ThreadsDouble, plan: dict[str, Any]) -> None:
    """In any state: nothing more is posted for the turn."""
    thread = threads.add_thread()
    run = threads.add_run(thread.id, turn="t1", **plan)
    assert await backend.start_run(asked(thread.id, "hello")) == run.id
    assert [request.operation for request in threads.requests] == ["runs.list"]


async def test_of_several_attempts_the_newest_is_adopted(backend: Assistants, threads: ThreadsDouble) -> None:
    """The first failed, the second was begun before the kill."""
    thread = threads.add_thread()
    threads.add_run(thread.id, turn="t1", ending="failed")
    second = threads.add_run(thread.id, turn="t1")
    assert await backend.start_run(asked(thread.id, "hello", attempt=2)) == second.id


@pytest.mark.parametrize("ending", ["failed", "expired", "cancelled", "incomplete"])
async def test_a_run_that_ended_badly_is_not_adopted(backend: Assistants, threads: ThreadsDouble, ending: str) -> None:
    """Another run is started, and the messages are not added again."""
    thread = threads.add_thread()
    request = asked(thread.id, "hello")
    threads.plan(ending)
    await backend.start_run(request)
    answer = await answered(backend, request)
    assert answer.text == "reply to: hello"
    assert [run.status for run in threads.only.runs] == [ending, "completed"]
    assert [m["metadata"].get("message") for m in thread.messages] == ["m1", None]


@pytest.mark.parametrize("there", [1, 2, 3])
async def test_messages_that_are_there_are_not_put_in_again(
    backend: Assistants, threads: ThreadsDouble, there: int
) -> None:
    """The process was killed after some of them: only the others are added, in order."""
    thread = threads.add_thread("before")
    ids = ("m1", "m2", "m3")
    for id_ in ids[:there]:
        thread.add(f"msg_{id_}", "user", f"text of {id_}", metadata={"message": id_, "turn": "t1"})
    answer = await answered(backend, asked(thread.id, *(f"text of {id_}" for id_ in ids)))
    assert answer.text == "reply to: text of m3"
    assert [m["metadata"].get("message") for m in thread.messages] == [None, *ids, None]


async def test_it_looks_through_pages(backend: Assistants, threads: ThreadsDouble) -> None:
    """Another client has filled the thread in the meantime."""
    thread = threads.add_thread("before")
    thread.add("msg_1", "user", "hello", metadata={"message": "m1", "turn": "t1"})
    for number in range(250):
        thread.add(f"msg_x{number}", "user", "noise")
    await answered(backend, asked(thread.id, "hello"))
    assert [m["metadata"] for m in thread.messages].count({"message": "m1", "turn": "t1"}) == 1


async def test_a_message_of_a_failed_turn_is_tried_again(backend: Assistants, threads: ThreadsDouble) -> None:
    """`retry` at once: the message is in the thread already, and another turn's run answers it."""
    thread = threads.add_thread()
    threads.plan("failed")
    await backend.start_run(asked(thread.id, "hello"))
    answer = await answered(backend, asked(thread.id, "hello", turn="t2"))
    assert answer.text == "reply to: hello"
    assert [m["metadata"].get("message") for m in thread.messages] == ["m1", None]


async def test_a_message_that_was_passed_over_is_put_in_once_more(backend: Assistants, threads: ThreadsDouble) -> None:
    """`retry` after other messages were answered: at the end of the thread the model sees the message as the one to
    answer."""
    thread = threads.add_thread()
    threads.plan("failed")
    await backend.start_run(asked(thread.id, "first"))
    await answered(backend, asked(thread.id, "second", turn="t2", ids=("m2",)))
    answer = await answered(backend, asked(thread.id, "first", turn="t3"))
    assert answer.text == "reply to: first"
    assert [m["metadata"].get("message") for m in thread.messages] == ["m1", "m2", None, "m1", None]
