"""A provider that keeps conversations, a backend that speaks to it, and a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backends.responses.backend import Responses
from tests.backends.responses.turns import Turn, backend_of, place
from tests.doubles.openai_responses import ResponsesDouble
from tests.doubles.openai_server import OpenAIDouble


@pytest.fixture
def provider(double: OpenAIDouble) -> ResponsesDouble:
    return double.responses


@pytest.fixture
async def responses(double: OpenAIDouble) -> AsyncIterator[Responses]:
    made = backend_of(double)
    yield made
    await made.close()


@pytest.fixture
async def thread(responses: Responses) -> str:
    """A conversation that has been used: one turn of it is over."""
    made = await responses.create_thread(place())
    await Turn(made, "good morning", turn="turn-0").answered(responses)
    return made
