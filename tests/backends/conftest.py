"""A provider on loopback and the backend that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backends.chat_completions import ChatCompletions
from tests.backends.asking import Naps
from tests.doubles.openai_server import OpenAIDouble


@pytest.fixture
async def double() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble() as running:
        yield running


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def backend(double: OpenAIDouble, naps: Naps) -> AsyncIterator[ChatCompletions]:
    made = ChatCompletions(
        api_key=double.api_key, base_url=double.base_url, model="small-1", system_prompt="Be kind.", sleep=naps
    )
    yield made
    await made.close()
