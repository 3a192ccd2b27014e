"""Texts become vectors at a server, and what comes back is checked."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from backends.embeddings import MOST_NUMBERS, TOKENS, Embeddings
from backends.protocol import ReplyFailed
from events.usage import MOST_TOKENS, Tally, TokenUsage
from tests.backends.asking import Naps
from tests.doubles.openai_embeddings import vector_of
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until

Json = dict[str, Any]


@pytest.fixture
async def embeddings(double: OpenAIDouble) -> AsyncIterator[Embeddings]:
    made = Embeddings(api_key=double.api_key, base_url=double.base_url, model="small", sleep=Naps())
    yield made
    await made.close()


def numbers(vector: bytes) -> list[float]:
    return array("f", vector).tolist()


async def test_each_text_gets_its_vector(embeddings: Embeddings, double: OpenAIDouble) -> None:
    """In the order of the texts, whatever the order of the answer."""
    double.embeddings.spoils = lambda answer: answer | {"data": answer["data"][::-1]}
    found = await embeddings.vectors(["bread", "milk and honey"], 60.0)
    assert numbers(found[0]) == pytest.approx(vector_of("bread", 256))
    assert numbers(found[1]) == pytest.approx(vector_of("milk and honey", 256))
    assert double.embeddings.asked == [["bread", "milk and honey"]]


@pytest.mark.parametrize("factor", [1e-300, 0.5, 7.0, 1e300])
async def test_every_vector_has_the_length_1(embeddings: Embeddings, double: OpenAIDouble, factor: float) -> None:
    def scaled(answer: Json) -> Json:
        for one in answer["data"]:
            one["embedding"] = [number * factor for number in one["embedding"]]
        return answer

    double.embeddings.spoils = scaled
    (found,) = await embeddings.vectors(["bread and milk"], 60.0)
    assert math.hypot(*numbers(found)) == pytest.approx(1.0)


async def test_a_server_that_does_not_number_its_vectors(embeddings: Embeddings, double: OpenAIDouble) -> None:
    def unnumbered(answer: Json) -> Json:
        return answer | {"data": [{"embedding": one["embedding"]} for one in answer["data"]]}

    double.embeddings.spoils = unnumbered
    found = await embeddings.vectors(["bread", "milk"], 60.0)
    assert numbers(found[1]) == pytest.approx(vector_of("milk", 256))


def _first(answer: Json, **changed: Any) -> Json:
    answer["data"][0] |= changed
    return answer


SPOILT: list[tuple[str, Callable[[Json], Json]]] = [
    ("1 vectors for 2 texts", lambda answer: answer | {"data": answer["data"][:1]}),
    ("0 vectors for 2 texts", lambda answer: answer | {"data": []}),
    ("3 vectors for 2 texts", lambda answer: answer | {"data": [*answer["data"], answer["data"][0]]}),
    ("which text", lambda answer: _first(answer, index=1)),
    ("which text", lambda answer: _first(answer, index=7)),
    ("which text", lambda answer: _first(answer, index=None)),
    ("different lengths", lambda answer: _first(answer, embedding=[1.0])),
    ("without a direction", lambda answer: _first(answer, embedding=[0.0] * 256)),
    ("vectors of 0", lambda answer: answer | {"data": [one | {"embedding": []} for one in answer["data"]]}),
    (
        "can be searched",
        lambda answer: answer | {"data": [one | {"embedding": [1.0] * (MOST_NUMBERS + 1)} for one in answer["data"]]},
    ),
    ("Expected `float`", lambda answer: _first(answer, embedding=["NaN"] * 256)),
    ("Expected `float`", lambda answer: _first(answer, embedding=[None] * 256)),
    ("Expected `array`", lambda answer: _first(answer, embedding="AAAA")),
    ("data", lambda answer: {"object": "list"}),
    ("overloaded", lambda answer: {"error": {"message": "overloaded", "code": 503}}),
]


@pytest.mark.parametrize(("told", "spoils"), SPOILT)
async def test_an_answer_that_is_no_vectors(
    embeddings: Embeddings, double: OpenAIDouble, told: str, spoils: Callable[[Json], Json]
) -> None:
    double.embeddings.spoils = spoils
    with pytest.raises(ReplyFailed, match=told):
        await embeddings.vectors(["bread", "milk"], 2.0)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
async def test_numbers_that_are_none(embeddings: Embeddings, double: OpenAIDouble, number: str) -> None:
    """JSON has no such numbers, and some servers write them."""
    double.embeddings.raw = f'{{"data": [{{"index": 0, "embedding": [1.0, {number}]}}]}}'
    with pytest.raises(ReplyFailed, match="malformed_answer"):
        await embeddings.vectors(["bread"], 2.0)


@pytest.mark.parametrize("kind", ["rate_limit", "server_error", "drop", "drop_mid_body"])
async def test_a_failure_that_passes(embeddings: Embeddings, double: OpenAIDouble, kind: str) -> None:
    double.fail(kind)
    assert len(await embeddings.vectors(["bread"], 60.0)) == 1
    assert len(double.embeddings.asked) == 2


@pytest.mark.parametrize(
    ("kind", "error_class"),
    [("bad_key", "bad_key"), ("unknown_model", "unknown_model"), ("quota", "quota_exhausted"), ("hang", "timeout")],
)
async def test_a_failure_that_stays(embeddings: Embeddings, double: OpenAIDouble, kind: str, error_class: str) -> None:
    double.fail(kind, times=None)
    with pytest.raises(ReplyFailed) as failure:
        await embeddings.vectors(["bread"], 0.5)
    assert failure.value.error_class == error_class
    assert double.api_key not in str(failure.value)


async def test_a_refused_text(embeddings: Embeddings, double: OpenAIDouble) -> None:
    double.embeddings.refuses = "poison"
    with pytest.raises(ReplyFailed) as failure:
        await embeddings.vectors(["poison"], 60.0)
    assert failure.value.error_class == "bad_request"
    assert len(double.embeddings.asked) == 1


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 7}, 7), (None, 0), ({}, 0), ({"prompt_tokens": None}, 0), ({"prompt_tokens": -1}, 0),
        ("7", 0), ({"prompt_tokens": 10**18}, MOST_TOKENS), ({"prompt_tokens": 10**400}, MOST_TOKENS),
    ],
)  # fmt: skip
async def test_the_tokens_are_counted(
    embeddings: Embeddings, double: OpenAIDouble, usage: object, counted: int
) -> None:
    """By what they are of; a server that counts badly makes vectors all the same."""
    double.embeddings.spoils = lambda answer: answer | {"usage": usage}

    def total(of: str) -> float:
        return TOKENS.labels("small", of)._value.get()

    before = total("questions"), total("documents")
    tally = Tally()
    await embeddings.vectors(["bread"], 60.0, of="questions", tally=tally)
    assert tally.usage == TokenUsage(counted)
    assert tally.model == ("small" if counted else "")
    assert (total("questions"), total("documents")) == (before[0] + counted, before[1])


async def test_tokens_of_an_answer_that_is_no_vectors(embeddings: Embeddings, double: OpenAIDouble) -> None:
    """They were paid for, and each try again is, too."""
    double.embeddings.spoils = lambda answer: answer | {"data": [], "usage": {"prompt_tokens": 7}}
    tally = Tally()
    with pytest.raises(ReplyFailed):
        await embeddings.vectors(["bread"], 2.0, tally=tally)
    assert tally.tokens == 7 * len(double.embeddings.asked)


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_an_answer_that_nobody_waits_for_is_counted(double: OpenAIDouble, is_cancelled: bool) -> None:
    """Given a question whose vector is late, or whose turn ends, then the server goes on and has its tokens; they are
    told once, and not to the turn."""
    told: list[tuple[str, int]] = []
    made = Embeddings(
        api_key=double.api_key, base_url=double.base_url, model="small", late=lambda *one: told.append(one)
    )
    tally, goes_on = Tally(), asyncio.Event()
    double.embeddings.waits = goes_on
    asking = asyncio.create_task(made.vectors(["bread"], 60.0 if is_cancelled else 0.1, of="questions", tally=tally))
    await until(lambda: bool(double.embeddings.asked))
    if is_cancelled:
        asking.cancel()
    with pytest.raises(asyncio.CancelledError if is_cancelled else ReplyFailed):
        await asking
    goes_on.set()
    await until(lambda: bool(told))
    assert (told, tally.tokens) == ([("small", 1)], 0)
    assert len(double.embeddings.asked) == 1
    await made.close()


async def test_a_process_that_ends_waits_for_no_late_answer(double: OpenAIDouble) -> None:
    """It says that there are tokens which it will never know."""
    made = Embeddings(api_key=double.api_key, base_url=double.base_url, model="small")
    double.embeddings.waits = asyncio.Event()
    with pytest.raises(ReplyFailed):
        await made.vectors(["bread"], 0.1)
    with capture_logs() as logged:
        await made.close()
    double.embeddings.waits.set()
    assert [(line["event"], line["requests"]) for line in logged] == [("tokens_not_known", 1)]
