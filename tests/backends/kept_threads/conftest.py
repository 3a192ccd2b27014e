"""Each provider that keeps threads, on loopback, and the backend that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backends.protocol import ThreadBackend
from tests.backends.kept_threads.provider import PROVIDERS, Provider
from tests.doubles.openai_server import OpenAIDouble


@pytest.fixture(params=PROVIDERS, ids=lambda one: one.name)
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    """One test for each provider; a test that needs other cases for each names the provider itself (`indirect`)."""
    async with OpenAIDouble() as running:
        yield request.param(running)


@pytest.fixture
async def backend(provider: Provider) -> AsyncIterator[ThreadBackend]:
    made = provider.backend()
    yield made
    await made.close()
