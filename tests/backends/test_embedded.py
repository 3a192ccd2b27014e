"""The model of a package, in a process of its own: in their order, questions first, again after its end."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from backends.embedded import SIZE, Embedded, EmbeddedFailed
from tests.waiting import until

DOUBLE = (sys.executable, "-m", "tests.backends.embedding_double")


@pytest.fixture
async def model() -> AsyncIterator[Embedded]:
    found = Embedded(DOUBLE)
    yield found
    await found.close()


def number(vector: bytes) -> float:
    """What the double was asked as."""
    return array("f", vector)[0]


async def test_vectors_are_in_the_order_of_their_texts(model: Embedded) -> None:
    assert [number(one) for one in await model.vectors(["a", "bb", "ccc"])] == [1, 2, 3]
    assert [number(one) for one in await model.vectors(["dddd", "a"], is_question=True)] == [4, 1]
    assert {len(one) for one in await model.vectors(["a"])} == {SIZE}


async def test_a_question_goes_before_pieces(model: Embedded) -> None:
    order = list[str]()

    async def ask(text: str, *, is_question: bool) -> None:
        await model.vectors([text], is_question=is_question)
        order.append(text)

    await model.warm()
    first = asyncio.create_task(ask("slow", is_question=False))
    await until(lambda: model._is_busy)
    pieces = [asyncio.create_task(ask(f"piece {one}", is_question=False)) for one in range(3)]
    question = asyncio.create_task(ask("question", is_question=True))
    await asyncio.gather(first, question, *pieces)
    assert order[:2] == ["slow", "question"]


async def test_who_is_cancelled_leaves_no_answer_to_the_next(model: Embedded) -> None:
    await model.warm()
    asking = asyncio.create_task(model.vectors(["slow"]))
    await until(lambda: model._is_busy)
    asking.cancel()
    assert [number(one) for one in await model.vectors(["bb"])] == [2]
    waiting = [asyncio.create_task(model.vectors(["a"], is_question=True)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    assert [number(one) for one in await model.vectors(["bb"])] == [2]


@pytest.mark.parametrize("end", ["killed", "exit", "nonsense"])
async def test_it_is_started_again_after_its_end(model: Embedded, end: str) -> None:
    await model.warm()
    former = model.pid
    with capture_logs() as logs:
        if end == "killed":
            assert former is not None
            os.kill(former, signal.SIGKILL)
        with pytest.raises(EmbeddedFailed):
            await model.vectors([end])
    assert [number(one) for one in await model.vectors(["a"])] == [1]
    assert model.pid != former
    assert "embedded_model_ended" in [entry["event"] for entry in logs]


async def test_it_ends_with_who_started_it(model: Embedded) -> None:
    await model.warm()
    pid = model.pid
    await model.close()
    assert not Path(f"/proc/{pid}").exists()


async def test_what_cannot_be_started_fails() -> None:
    for command in ((sys.executable, "-c", "pass"), ("/no/such/program",)):
        with capture_logs(), pytest.raises(EmbeddedFailed):
            await Embedded(command).vectors(["a"])


@pytest.mark.slow("reads the model's 30 MB")
async def test_the_package_itself() -> None:
    """Its vectors have length 1, words of other languages are near, and the process gives way to others."""
    model = Embedded()
    try:
        price, same, other = (
            array("f", one) for one in await model.vectors(["Quanto custa?", "How much is it?", "We open at nine."])
        )
        assert math.isclose(math.hypot(*price), 1, rel_tol=1e-5)
        assert math.dist(price, same) < math.dist(price, other)
        assert model.pid is not None
        assert os.getpriority(os.PRIO_PROCESS, model.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    finally:
        await model.close()
