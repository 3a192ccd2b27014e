"""The tokens that vectors cost outside of turns are shared at once, each of them once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from events.log import LogUnavailable
from events.memory_vectors import MemoryVectors
from projections.knowledge import counting as module
from projections.knowledge.counting import Counting
from tests.waiting import until


class Uncounted(MemoryVectors):
    """Takes no tokens while `is_away`; `asked` is how often it was asked to."""

    is_away, asked = True, 0

    async def count(self, model: str, tokens: int) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise LogUnavailable("no answer")
        await super().count(model, tokens)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.booleans()), max_size=20))
def test_each_token_is_counted_once(requests: list[tuple[str, int, bool]]) -> None:
    """Also those that come while others are shared."""

    async def run() -> dict[str, int]:
        shared = Uncounted()
        shared.is_away = False
        async with Counting(shared) as counting:
            for model, tokens, pauses in requests:
                counting.add(model, tokens)
                await asyncio.sleep(0) if pauses else None
        return shared.tokens

    expected = {model: sum(tokens for name, tokens, _ in requests if name == model) for model in "ab"}
    assert asyncio.run(run()) == {model: tokens for model, tokens in expected.items() if tokens}


async def test_tokens_are_shared_while_the_process_runs() -> None:
    """A kill -9 loses those alone that are on their way."""
    shared = MemoryVectors()
    async with Counting(shared) as counting:
        counting.add("m", 7)
        await until(lambda: shared.tokens == {"m": 7})


async def test_tokens_that_the_bus_does_not_take_are_counted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the bus takes them; this is said once."""
    monkeypatch.setattr(module, "AGAIN_AFTER", 0.01)
    shared = Uncounted()
    with capture_logs() as logged:
        async with Counting(shared) as counting:
            counting.add("m", 7)
            await until(lambda: shared.asked > 2)
            counting.add("m", 1)
            shared.is_away = False
            await until(lambda: shared.tokens == {"m": 8})
    assert [line["event"] for line in logged] == ["tokens_not_counted"]


async def test_tokens_that_are_lost_are_said() -> None:
    shared = Uncounted()
    with capture_logs() as logged:
        async with Counting(shared) as counting:
            counting.add("m", 7)
    assert [(line["event"], line.get("tokens")) for line in logged] == [
        ("tokens_not_counted", None),
        ("tokens_lost", 7),
    ]


async def test_without_a_bus_nothing_waits() -> None:
    async with Counting() as counting:
        counting.add("m", 7)
