"""SIGKILL at every request of a turn, for each provider that keeps the conversation: a first turn, with a tool call.

recado is killed while the provider has the request and has not acted on it, and again while its answer is on the way
back; each time in a fresh chat, until there is no request left to be killed at. After the next start the provider has
seen the person's message once, one run has come to the reply that was sent, and nothing is at work there any more.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest

from events.subjects import ChatKey
from tests.chaos.stage import Stage, stage
from tests.doubles.moment import without_moment
from tests.doubles.openai_agents import AGENT
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT
from tests.waiting import until

TEXT = "!call clock {}"
TOOLS = """
def clock() -> str:
    "The time."
    return "noon"

clock.safe_to_repeat = True
"""
ACTS = ("create", "update", "submit")
"""Operations that leave a trace at the provider: only there the side on which recado dies matters."""


class Provider(Protocol):
    """One of the double's APIs."""

    def hold(self, skip: int, *, after: bool) -> None:
        """Give no answer to the request that comes after `skip` others, having acted on it or not."""

    def holds(self) -> str | None:
        """The operation that is held; None if none is yet."""

    def plan(self) -> None:
        """Have the next turn ask for the tool."""

    def answered_once(self, thread: str, reply: Any) -> None:
        """The message stands in the thread once, one run came to the reply, and nothing is at work anywhere."""


class Threads:
    settings: ClassVar = {"OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": ASSISTANT}

    def __init__(self, model: OpenAIDouble) -> None:
        self._double = model.threads

    def hold(self, skip: int, *, after: bool) -> None:
        self._double.requests.clear()
        self._double.fail("hang", skip=skip, after=after)

    def holds(self) -> str | None:
        return next((asked.operation for asked in self._double.requests if asked.fault), None)

    def plan(self) -> None:
        self._double.plan(calls=[[("clock", "{}")]])

    def answered_once(self, thread: str, reply: Any) -> None:
        for one in self._double.threads.values():
            one.advance()
            assert one.active is None
        there = self._double.threads[thread]
        said = [(m["role"], without_moment(m["content"][0]["text"]["value"])) for m in there.messages]
        assert said == [("user", TEXT), ("assistant", reply.text)]
        assert [(run.id, run.status, run.submitted) for run in there.runs] == [(reply.run, "completed", 1)]


class Sessions:
    settings: ClassVar = {"OPENAI_API_MODE": "agents", "OPENAI_AGENT_ID": AGENT}

    def __init__(self, model: OpenAIDouble) -> None:
        self._double = model.agents

    def hold(self, skip: int, *, after: bool) -> None:
        self._double.requests.clear()
        self._double.fail("hang", skip=skip, after=after)

    def holds(self) -> str | None:
        return next((asked.operation for asked in self._double.requests if asked.fault), None)

    def plan(self) -> None:
        self._double.plan(calls=[[("clock", "{}")]])

    def answered_once(self, thread: str, reply: Any) -> None:
        for one in self._double.sessions.values():
            one.advance()
            assert one.active is None
        there = self._double.sessions[thread]
        assert there.steered == []
        assert (there.says("user")[1:], there.says("assistant")[1:]) == ([TEXT], [reply.text])
        (turn,) = there.turns[1:]
        assert (turn.id, turn.status, len(turn.outputs)) == (reply.run, "completed", 1)


class Conversations:
    settings: ClassVar = {"OPENAI_API_MODE": "responses"}

    def __init__(self, model: OpenAIDouble) -> None:
        self._double = model.responses
        self._asked = 0

    def hold(self, skip: int, *, after: bool) -> None:
        self._asked = len(self._double.requests)
        self._double.fail("silent" if after else "hang", at=None, skip=skip)

    def holds(self) -> str | None:
        if self._double.faults:
            return None
        return self._double.requests[-1].operation

    def plan(self) -> None:
        """The text asks for it."""

    def answered_once(self, thread: str, reply: Any) -> None:
        assert self._double.active == []
        there = self._double.conversations.all[thread]
        kinds = [item["type"] for item in there.items]
        assert kinds == ["message", "function_call", "function_call_output", "message"]
        assert there.said() == [("user", TEXT), ("assistant", reply.text)]
        assert reply.text == "tools said: noon"
        made = {id_: made.object["status"] for id_, made in self._double.made.items() if made.conversation is there}
        assert list(made.values()).count("completed") == 2
        # The reply of a response whose id was lost bears the run that the log knows.
        assert made.get(reply.run, "completed") == "completed"


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.chaos)])
@pytest.mark.parametrize("kind", [Conversations, Threads, Sessions])
@pytest.mark.slow("every death is followed by a start")
async def test_killed_at_every_request(tmp_path: Path, kind: type[Any], every: int) -> None:
    """One start after the other, on one log. `make chaos` leaves no request out, `make test` takes one in
    `every` (RECADO_TEST_SEED takes others)."""
    settings: ClassVar = {**kind.settings, "RECADO_TOOLS": "clock_tools", "RECADO_RUN_TIMEOUT": "6"}
    async with stage(tmp_path, **settings) as on:
        (tmp_path / "recado" / "clock_tools.py").write_text(TOOLS)
        provider: Provider = kind(on.model)
        await on.recado.started()
        held: list[tuple[str, bool]] = []
        request, after = random.Random(os.environ["RECADO_TEST_SEED"]).randrange(every), False
        while (operation := await killed_at(on, provider, len(held), request, after=after)) is not None:
            held.append((operation, after))
            after = not after and operation.endswith(ACTS)
            request += 0 if after else every
        assert len(held) >= (9 if every == 1 else 1), held
        await on.kept_its_promises()


async def killed_at(on: Stage, provider: Provider, number: int, request: int, *, after: bool) -> str | None:
    """The operation at which it was killed; None if the turn has fewer requests. Then nothing was held."""
    key = ChatKey("local", f"55119999990{number:02d}@s.whatsapp.net")
    provider.hold(request, after=after)
    provider.plan()
    await on.outsider.write(key, "m1", TEXT)
    await until(lambda: provider.holds() or ended(on, key))
    operation = provider.holds()
    if operation is not None:
        await on.recado.restarted()
    reply = (await on.log.ended(key, "m1")).event
    assert reply.text, f"killed at {operation}, after: {after}"
    thread = [e.event for e in on.log.events if e.type == "thread_created" and e.key == key][-1]
    provider.answered_once(thread.thread, reply)
    return operation


def ended(on: Stage, key: ChatKey) -> bool:
    return any(e.type == "reply" and e.key == key for e in on.log.events)
