"""Two servers: the first is down, refuses, is slow, comes back. The second answers meanwhile, in every mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from backends.chat_completions import ChatCompletions
from events.decisions import Reply, ThreadCreated, TurnFailed, TurnStarted
from events.inbound import Edit
from events.memory_log import MemoryLog
from events.tool_calls import ToolCalled
from tests.actors.house import ANA, House, Model, house
from tests.actors.test_mode_changed import MODES, backend_of, shown
from tests.actors.tools.test_in_turns import PRICE, Shop
from tests.doubles.openai_server import OpenAIDouble

SHORT, LONG = 0.5, 30.0
"""Seconds for a request to a first model that does not answer, and to one that does."""
DOWN = ("unreachable", "timeout")
"""A server that refuses connections; under load the time may run out during a try."""

KEY, OTHER_KEY = "sk-the-first-one", "sk-the-second-one"


class Two:
    """The two servers, and a house that asks them."""

    def __init__(self, first: OpenAIDouble, second: OpenAIDouble, home: House) -> None:
        self.first, self.second, self.home = first, second, home
        self._messages = 0

    async def says(self, text: str = "hello") -> Reply:
        """The reply to one more message."""
        self._messages += 1
        await self.home.say(f"m{self._messages}", text)
        async with asyncio.timeout(60):
            return await self.home.decided(Reply, self._messages)  # type: ignore[no-any-return]

    def decided(self, kind: type) -> list[Any]:
        return [recorded.event for recorded in self.home.reads.events if isinstance(recorded.event, kind)]

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """The first has little time for each request."""
        self.home.answering.patience = SHORT
        try:
            yield
        finally:
            self.home.answering.patience = LONG

    @property
    def asked_second(self) -> int:
        return len(self.second.requests)


@asynccontextmanager
async def two(mode: str, log: MemoryLog | None = None, **settings: Any) -> AsyncIterator[Two]:
    async with OpenAIDouble(api_key=KEY) as first, OpenAIDouble(api_key=OTHER_KEY) as second:
        backend = backend_of(mode, first)
        fallback = ChatCompletions(api_key=OTHER_KEY, base_url=second.base_url, model="second-1")
        given = {"fallback_after": LONG, "run_timeout": LONG, **settings}
        try:
            async with house(log, "one", backend=backend, fallback=fallback, **given) as home:
                yield Two(first, second, home)
        finally:
            await backend.close()
            await fallback.close()


@asynccontextmanager
async def down(double: OpenAIDouble) -> AsyncIterator[None]:
    """The server refuses connections, and comes back with all that it had."""
    port = int(double.base_url.rsplit(":", 1)[1].removesuffix("/v1"))
    await double.stop()
    try:
        yield
    finally:
        await double.start(port)


@pytest.mark.parametrize("mode", MODES)
async def test_the_first_is_down_and_comes_back(mode: str) -> None:
    """The second answers from the history; then the first goes on in its thread, with what it missed."""
    async with two(mode) as both:
        one = await both.says("one")
        async with down(both.first):
            with both.impatient():
                other = await both.says("two")
        assert other.fallback in DOWN
        assert (other.backend, other.model, other.thread) == ("chat", "second-1", None)
        asked = both.second.requests[-1].body["messages"]
        assert [message["content"] for message in asked] == ["one", one.text, "two"]
        third = await both.says("three")
        assert not third.fallback
        (thread,) = both.decided(ThreadCreated)
        context = shown(mode, both.first, thread.thread)
        assert ("user", "one") in context
        told = "\n".join(text for _, text in context)
        assert [told.count(text) for text in (other.text, "three")] == [1, 1]
        assert told.index("two") < told.index(other.text) < told.index("three")
        if mode != "chat":
            assert third.thread == one.thread == thread.thread
        assert [event.fallback for event in both.decided(TurnStarted)] == [None, None, other.fallback, None]


@pytest.mark.parametrize("mode", MODES)
async def test_the_first_was_never_there(mode: str) -> None:
    """No thread could be made: the second answers all the same."""
    async with two(mode) as both, down(both.first):
        with both.impatient():
            reply = await both.says()
        assert reply.fallback in DOWN
        assert both.decided(TurnFailed) == []


async def test_a_quota_that_is_used_up() -> None:
    """One refusal is enough: the next turns begin with the second model, at once."""
    async with two("chat") as both:
        both.first.fail("quota", times=None)
        assert (await both.says()).fallback == "quota_exhausted"
        assert (await both.says()).fallback == "quota_exhausted"
        assert len(both.first.requests) == 1
        assert both.home.answering.breaker is not None
        assert both.home.answering.breaker.reason == "quota_exhausted"


@pytest.mark.parametrize("kind", ["bad_key", "unknown_model", "server_error", "rate_limit", "hang", "drop", "not_json"])
async def test_failures_that_fall_over(kind: str) -> None:
    """Each kind of failure that another model can help with."""
    async with two("chat") as both:
        both.first.fail(kind, times=None)
        with both.impatient():
            reply = await both.says()
        assert reply.fallback
        assert reply.text == "reply to: hello"


@pytest.mark.parametrize("kind", ["flagged_prompt", "refusal", "content_filter"])
async def test_failures_that_do_not(kind: str) -> None:
    """A refusal is an answer: nobody else is asked for a better one."""
    async with two("chat") as both:
        both.first.fail(kind, times=None)
        await both.home.say("m1")
        failed = await both.home.decided(TurnFailed)
        assert failed.error.class_ == "refused"
        assert both.asked_second == 0


async def test_the_key_of_the_first_reaches_no_other_server() -> None:
    """Not in a header, and not in a body."""
    async with two("chat") as both:
        both.first.fail("quota", times=None)
        await both.says()
        assert KEY not in repr(both.second.requests)


async def test_the_second_fails_too() -> None:
    """The person is told once; the failure is the second's."""
    async with two("chat") as both:
        both.first.fail("quota", times=None)
        both.second.fail("bad_key", times=None)
        await both.home.say("m1")
        assert (await both.home.decided(TurnFailed)).error.class_ == "bad_key"
        apology = await both.home.decided(Reply)
        assert apology.author == "system"
        assert len(both.decided(TurnFailed)) == 1


async def test_a_run_that_is_stuck_is_stopped_first() -> None:
    """Responses: the run of the first is cancelled before the second is asked."""
    async with two("responses") as both:
        await both.says("one")
        both.first.responses.fail("stuck")
        runs: list[str] = []

        def answer(_: Any) -> str:
            runs[:] = [made.object["status"] for made in both.first.responses.made.values()]
            return "the second"

        both.second.reply = answer
        with both.impatient():
            reply = await both.says("two")
        assert (reply.fallback, reply.text) == ("timeout", "the second")
        assert runs == ["completed", "cancelled"]


@pytest.mark.parametrize("mode", ["assistants", "agents"])
async def test_a_run_that_never_ends(mode: str) -> None:
    """The second answers, and the next turn goes on in the same thread, where no run is left at work."""
    async with two(mode) as both:
        one = await both.says("one")
        if mode == "assistants":
            both.first.threads.plan("in_progress")
        else:
            both.first.agents.plan("in_progress")
        with both.impatient():
            assert (await both.says("two")).fallback == "timeout"
        third = await both.says("three")
        assert (third.fallback or "", third.thread) == ("", one.thread)


async def test_tools_of_both_models() -> None:
    """What the first had called goes along and is not called again; the second calls tools of its own."""
    shop, second = Shop(), Model()
    shop.answer.set()
    async with house(tools=shop, fallback=second) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), PRICE)
        home.model.fail(await home.model.asked(2), "provider_error")
        asked = await second.asked(1)
        assert [(call.id, call.output) for call in asked.calls] == [("c1", "price is 4.20")]
        assert [tool.name for tool in asked.tools] == ["price"]
        second.wants(asked, replace(PRICE, id="d1", arguments='{"bread": 3}'))
        asked = await second.asked(2)
        assert [call.id for call in asked.calls] == ["c1", "d1"]
        second.answer(asked, "It is 4.20.")
        reply = await home.decided(Reply)
        assert (reply.text, reply.fallback) == ("It is 4.20.", "provider_error")
        assert [arguments for _, _, arguments in shop.calls] == ['{"bread": 2}', '{"bread": 3}']
        assert len(home.model.requests) == 2


async def test_an_edit_while_the_second_writes() -> None:
    """The turn begins again, with the new words, at the first model."""
    second = Model()
    async with house(fallback=second) as home:
        await home.say("m1", "one")
        home.model.fail(await home.model.asked(1), "provider_error")
        await second.asked(1)
        await home.log.publish(ANA, Edit(id="e1", of="m1", text="two"), msg_id="")
        again = await home.model.asked(2)
        assert [line.text for line in again.messages] == ["two"]
        home.model.answer(again)
        assert not (await home.decided(Reply)).fallback


async def test_the_first_is_slow() -> None:
    """Its late answer is not waited for, and nothing of it is sent."""
    async with two("chat") as both:
        both.first.latency = 3600.0
        with both.impatient():
            reply = await both.says()
        assert (reply.fallback, reply.model) == ("timeout", "second-1")
        assert len(both.decided(Reply)) == 1


async def test_without_a_second_model_nothing_changes() -> None:
    """No breaker, the whole patience, and events without the field."""
    async with OpenAIDouble() as first:
        backend = backend_of("chat", first)
        async with house(None, "one", backend=backend) as home:
            await home.say("m1")
            await home.decided(Reply)
            assert home.answering.breaker is None
            assert home.answering.patience == home.answering.run_timeout
        await backend.close()


async def test_another_incarnation_asks_the_second_again() -> None:
    """The process dies while the second writes: the next one asks the second, not the first, and replies once."""
    log = MemoryLog()
    async with two("responses", log) as both:
        both.first.responses.fail("stuck")
        both.second.latency = 3600.0
        both.home.answering.patience = SHORT
        await both.home.say("m1")
        await both.second.until(lambda requests: len(requests) == 1, timeout=60)
        fallback = ChatCompletions(api_key=OTHER_KEY, base_url=both.second.base_url, model="second-1")
        backend = backend_of("responses", both.first)
        both.second.latency = 0.0
        made = len(both.first.responses.made)
        async with house(log, "two", backend=backend, fallback=fallback, fallback_after=SHORT) as after:
            reply = await after.decided(Reply)
            assert reply.fallback == "timeout"
            assert len(both.first.responses.made) == made
        await backend.close()
        await fallback.close()
    assert ANA.chat == reply.chat
    assert both.decided(ToolCalled) == []
