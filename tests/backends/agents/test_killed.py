"""The whole of recado, killed with SIGKILL in the middle of an agent's turn, and started again."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.outsider import ANA
from tests.chaos.stage import Stage, stage
from tests.doubles.openai_agents import AGENT
from tests.waiting import until

MODE = {"OPENAI_API_MODE": "agents", "OPENAI_AGENT_ID": AGENT}


def is_answered_once(on: Stage, *texts: str) -> None:
    """In the session that the log names, each message is there once, each turn has completed, and none is active."""
    (created,) = [recorded.event.thread for recorded in on.log.events if recorded.type == "thread_created"]
    session = on.model.agents.sessions[created]
    session.advance()
    assert session.says("user")[1:] == list(texts)
    assert session.steered == []
    assert [turn.status for turn in session.turns] == ["completed"] * (1 + len(texts))
    replies = [recorded.event for recorded in on.log.events if recorded.type == "reply"]
    assert [(reply.run, reply.thread) for reply in replies] == [(turn.id, session.id) for turn in session.turns[1:]]
    assert [reply.text for reply in replies] == session.says("assistant")[1:]
    assert all(one.active is None for one in on.model.agents.sessions.values())


async def test_killed_while_the_run_is_at_work(tmp_path: Path) -> None:
    """The log has its id. One message, one turn, one reply; and the next message is answered in the same session."""
    async with stage(tmp_path, **MODE) as on:
        await on.recado.started()
        on.model.agents.fail("hang", on="turns.retrieve")
        await on.outsider.write(ANA, "m1", "good morning")
        await until(lambda: any(request.fault for request in on.model.agents.requests))
        await on.log.seen("run_started")
        on.recado.kill()
        await on.recado.started()
        await on.log.ended(ANA, "m1")
        await on.outsider.write(ANA, "m2", "good morning")
        assert (await on.log.ended(ANA, "m2")).event.text == "reply to: good morning"
        await on.kept_its_promises()
        is_answered_once(on, "good morning", "good morning")


async def test_the_session_is_lost_while_nobody_is_there(tmp_path: Path) -> None:
    """Killed in a turn, and the session deleted at the provider: the conversation goes on in another one."""
    async with stage(tmp_path, **MODE) as on:
        await on.recado.started()
        await on.outsider.write(ANA, "m1", "good morning")
        await on.log.ended(ANA, "m1")
        on.model.agents.fail("hang", on="events.create")
        await on.outsider.write(ANA, "m2", "good night")
        await until(lambda: any(request.fault for request in on.model.agents.requests))
        on.recado.kill()
        on.model.agents.sessions.clear()
        await on.recado.started()
        assert (await on.log.ended(ANA, "m2")).event.text == "reply to: good night"
        await on.kept_its_promises()
        note, *said = on.model.agents.only.says("user")
        assert note.splitlines()[1:] == [
            '{"role":"user","text":"good morning"}',
            '{"role":"assistant","text":"reply to: good morning"}',
        ]
        assert said == ["good night"]
        reasons = [recorded.event.reason for recorded in on.log.events if recorded.type == "thread_created"]
        assert reasons == ["first", "replaced"]
