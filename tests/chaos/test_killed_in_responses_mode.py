"""SIGKILL at each step of a turn whose conversation the provider keeps: the provider sees the message once.

A real recado, a real nats-server and a double that remembers; the proxy holds recado at exactly the step that is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.chaos.nats_proxy import NatsProxy, Step, appends
from tests.chaos.outsider import ANA
from tests.chaos.stage import Stage, stage

Hold = Callable[[NatsProxy], None]


def second(step: Step) -> Step:
    """The second one like this."""
    seen = count(1)
    return lambda frame: step(frame) and next(seen) == 2


STEPS: dict[str, Hold] = {
    "thread_created is on its way": lambda p: p.hold_before(appends("thread_created")),
    "thread_created is stored, unanswered": lambda p: p.hold_after(appends("thread_created")),
    "the run's place is on its way": lambda p: p.hold_before(appends("run_started")),
    "the run's place is stored, unanswered": lambda p: p.hold_after(appends("run_started")),
    "the response is asked for, its id on its way": lambda p: p.hold_before(second(appends("run_started"))),
    "the response's id is stored, unanswered": lambda p: p.hold_after(second(appends("run_started"))),
    "the reply is on its way": lambda p: p.hold_before(appends("reply")),
    "the reply is stored, unanswered": lambda p: p.hold_after(appends("reply")),
}


def settings(**more: str) -> dict[str, str]:
    return {"OPENAI_API_MODE": "responses", "RECADO_RUN_TIMEOUT": "8", **more}


def seen_once(on: Stage, *texts: str) -> None:
    """In the conversation that the log names last, each message and its reply once, in order; nothing is being made."""
    provider = on.model.responses
    thread = [e.event.thread for e in on.log.events if e.type == "thread_created"][-1]
    expected = [line for text in texts for line in (("user", text), ("assistant", f"reply to: {text}"))]
    assert provider.conversations.all[thread].said() == expected
    assert provider.active == []
    completed = [made for made in provider.made.values() if made.object["status"] == "completed"]
    assert len(completed) == len(texts)


@pytest.mark.parametrize("step", STEPS)
async def test_killed_in_a_turn(tmp_path: Path, step: str) -> None:
    """Killed at the step and started again: both messages are answered, by one response each."""
    async with stage(tmp_path, **settings()) as on:
        on.model.responses.latency = 0.2
        await on.recado.started()
        STEPS[step](on.proxy)
        await on.outsider.write(ANA, "m1", "good morning")
        await on.proxy.holds()
        on.recado.kill()
        on.proxy.pass_all()
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.outsider.write(ANA, "m2", "good night")
        await on.log.ended(ANA, "m2")
        await on.kept_its_promises()
        seen_once(on, "good morning", "good night")


async def test_killed_while_the_response_is_made(tmp_path: Path) -> None:
    """The log has the response's id and the provider works on it: the next process waits for that very response."""
    async with stage(tmp_path, **settings(RECADO_RUN_TIMEOUT="30")) as on:
        await on.recado.started()
        with on.model.holding():
            await on.outsider.write(ANA, "m1", "good morning")
            await on.log.seen("run_started", times=2)
            on.recado.kill()
            await on.recado.started()
            await on.log.seen("turn_adopted")
        reply = await on.log.ended(ANA, "m1")
        assert list(on.model.responses.made) == [reply.event.run]
        seen_once(on, "good morning")
        await on.kept_its_promises()
