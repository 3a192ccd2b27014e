"""The whole of recado, killed with SIGKILL in the middle of a run, and started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends.kept_threads.provider import PROVIDERS, Provider
from tests.chaos.outsider import ANA
from tests.chaos.stage import Stage, stage
from tests.waiting import until

both = pytest.mark.parametrize("kind", PROVIDERS, ids=lambda one: one.name)


def is_answered_once(on: Stage, provider: Provider, *texts: str) -> None:
    """In the thread that the log names, each message is there once, each run has completed, and none is active."""
    (thread,) = [recorded.event.thread for recorded in on.log.events if recorded.type == "thread_created"]
    runs = provider.runs(thread)
    assert provider.heard(thread) == list(texts)
    assert [run.status for run in runs] == ["completed"] * len(texts)
    replies = [recorded.event for recorded in on.log.events if recorded.type == "reply"]
    assert [(reply.run, reply.thread) for reply in replies] == [(run.id, thread) for run in runs]
    assert [reply.text for reply in replies] == provider.wrote(thread)
    assert all(one.active is None for one in provider.threads.values())


@both
async def test_killed_while_the_run_is_at_work(tmp_path: Path, kind: type[Provider]) -> None:
    """The log has its id. One message, one run, one reply; and the next message is answered in the same thread."""
    async with stage(tmp_path, **kind.environment) as on:
        provider = kind(on.model)
        await on.recado.started()
        provider.serving.fail("hang", on=provider.retrieve)
        await on.outsider.write(ANA, "m1", "good morning")
        await until(lambda: any(request.fault for request in provider.serving.requests))
        await on.log.seen("run_started")
        on.recado.kill()
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.outsider.write(ANA, "m2", "good morning")
        assert (await on.log.ended(ANA, "m2")).event.text == "reply to: good morning"
        await on.kept_its_promises()
        is_answered_once(on, provider, "good morning", "good morning")


@both
async def test_the_thread_is_lost_while_recado_is_down(tmp_path: Path, kind: type[Provider]) -> None:
    """Killed in a turn, and the thread deleted at the provider: the conversation goes on in another one."""
    async with stage(tmp_path, **kind.environment) as on:
        provider = kind(on.model)
        await on.recado.started()
        await on.outsider.write(ANA, "m1", "good morning")
        await on.log.ended(ANA, "m1")
        provider.serving.fail("hang", on=provider.begin)
        await on.outsider.write(ANA, "m2", "good night")
        await until(lambda: any(request.fault for request in provider.serving.requests))
        on.recado.kill()
        provider.threads.clear()
        await on.recado.started()
        assert (await on.log.ended(ANA, "m2")).event.text == "reply to: good night"
        await on.kept_its_promises()
        assert provider.history() == ["good morning", "reply to: good morning"]
        (thread,) = provider.threads
        assert (provider.heard(thread), provider.wrote(thread)) == (["good night"], ["reply to: good night"])
        reasons = [recorded.event.reason for recorded in on.log.events if recorded.type == "thread_created"]
        assert reasons == ["first", "replaced"]
