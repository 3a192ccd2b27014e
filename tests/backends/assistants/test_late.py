"""What was posted is carried out when nobody waits for it any more."""

from __future__ import annotations

from backends.assistants import Assistants
from tests.backends.assistants.turns import answered, asked, place
from tests.doubles.openai_threads import ThreadsDouble
from tests.waiting import until


async def test_a_message_that_comes_twice_is_taken_out(backend: Assistants, threads: ThreadsDouble) -> None:
    """The first post was given up and carried out after the second: one copy stays, and one run answers it."""
    request = asked(await backend.create_thread(place()), "hello", "there", patience=2.0)
    threads.fail("late", on="messages.create", seconds=0.55)
    threads.fail("busy", on="runs.create", times=2)

    async def wait_for_the_late_one(_: float) -> None:
        posted = [asked for asked in threads.requests if asked.operation == "messages.create"]
        if len(posted) == 3:
            await until(lambda: all(asked.done for asked in posted))

    backend._sleep = wait_for_the_late_one
    await answered(backend, request)
    theirs = [m["metadata"].get("message") for m in threads.only.messages]
    assert sorted(theirs[:-1]) == ["m1", "m2"]
    assert [run.status for run in threads.only.runs] == ["completed"]
    assert "messages.delete" in [asked.operation for asked in threads.requests]


async def test_a_run_that_comes_late_is_the_turns_run(backend: Assistants, threads: ThreadsDouble) -> None:
    """The post of the run was given up; it is there before the next one, which the thread refuses: it is adopted."""
    threads.latency = 0.3
    request = asked(await backend.create_thread(place()), "hello", patience=2.0)
    threads.fail("late", on="runs.create", seconds=0.55)
    answer = await answered(backend, request)
    assert [run.status for run in threads.only.runs].count("completed") == 1
    assert answer.run == next(run.id for run in threads.only.runs if run.status == "completed")
    assert threads.only.active is None
