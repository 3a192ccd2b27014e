"""An assistant on loopback and the backend that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backends.assistants.backend import Assistants
from tests.backends.kept_threads.provider import AssistantsProvider
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble


@pytest.fixture
async def double() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble() as running:
        yield running


@pytest.fixture
def threads(double: OpenAIDouble) -> ThreadsDouble:
    return double.threads


@pytest.fixture
async def backend(double: OpenAIDouble) -> AsyncIterator[Assistants]:
    made = AssistantsProvider(double).backend()
    yield made
    await made.close()
