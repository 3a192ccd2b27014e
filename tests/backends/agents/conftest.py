"""An agent on loopback and the backend that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backends.agents.backend import Agents
from tests.backends.kept_threads.provider import AgentsProvider
from tests.doubles.openai_agents import AgentsDouble
from tests.doubles.openai_server import OpenAIDouble


@pytest.fixture
async def double() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble() as running:
        yield running


@pytest.fixture
def agents(double: OpenAIDouble) -> AgentsDouble:
    return double.agents


@pytest.fixture
async def backend(double: OpenAIDouble) -> AsyncIterator[Agents]:
    made = AgentsProvider(double).backend()
    yield made
    await made.close()
