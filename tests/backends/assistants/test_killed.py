"""The whole of recado, killed with SIGKILL in the middle of an assistant's turn, and started again."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.outsider import ANA
from tests.chaos.stage import Stage, stage
from tests.doubles.openai_threads import ASSISTANT
from tests.waiting import until

MODE = {"OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": ASSISTANT}


def is_answered_once(on: Stage, *ids: str) -> None:
    """In the thread that the log names, each message is there once, each run has completed, and none is active."""
    (created,) = [recorded.event.thread for recorded in on.log.events if recorded.type == "thread_created"]
    thread = on.model.threads.threads[created]
    thread.advance()
    assert [m["metadata"]["message"] for m in thread.messages if m["role"] == "user"] == list(ids)
    assert [run.status for run in thread.runs] == ["completed"] * len(ids)
    replies = [recorded.event for recorded in on.log.events if recorded.type == "reply"]
    assert [(reply.run, reply.thread) for reply in replies] == [(run.id, thread.id) for run in thread.runs]
    written = [m["content"][0]["text"]["value"] for m in thread.messages if m["role"] == "assistant"]
    assert [reply.text for reply in replies] == written


async def test_killed_while_the_run_is_at_work(tmp_path: Path) -> None:
    """The log has its id. One message, one run, one reply; and the next message is answered in the same thread."""
    async with stage(tmp_path, **MODE) as on:
        await on.recado.started()
        on.model.threads.fail("hang", on="runs.retrieve")
        await on.outsider.write(ANA, "m1", "good morning")
        await until(lambda: any(request.fault for request in on.model.threads.requests))
        await on.log.seen("run_started")
        on.recado.kill()
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.outsider.write(ANA, "m2", "good night")
        assert (await on.log.ended(ANA, "m2")).event.text == "reply to: good night"
        await on.kept_its_promises()
        is_answered_once(on, "m1", "m2")


async def test_the_thread_is_lost_while_nobody_is_there(tmp_path: Path) -> None:
    """Killed in a turn, and the thread deleted at the provider: the conversation goes on in another one."""
    async with stage(tmp_path, **MODE) as on:
        await on.recado.started()
        await on.outsider.write(ANA, "m1", "good morning")
        await on.log.ended(ANA, "m1")
        on.model.threads.fail("hang", on="runs.create")
        await on.outsider.write(ANA, "m2", "good night")
        await until(lambda: any(request.fault for request in on.model.threads.requests))
        on.recado.kill()
        on.model.threads.threads.clear()
        await on.recado.started()
        assert (await on.log.ended(ANA, "m2")).event.text == "reply to: good night"
        await on.kept_its_promises()
        said = [m["content"][0]["text"]["value"] for m in on.model.threads.only.messages]
        assert said == ["good morning", "reply to: good morning", "good night", "reply to: good night"]
        reasons = [recorded.event.reason for recorded in on.log.events if recorded.type == "thread_created"]
        assert reasons == ["first", "replaced"]
