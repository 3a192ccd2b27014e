"""A bot with one `.env` and the data of the release before profiles notices nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doubles.openai_server import OpenAIDouble
from tests.instances.former_release import REQUESTS, gone_on, unpacked


@pytest.mark.slow("a whole recado, started twice, and a process for each message")
async def test_the_former_data_and_env_give_the_same_requests_and_answers(tmp_path: Path) -> None:
    """The chats go on in their threads, a new chat begins one, and another mode is shown the same history, each with
    the requests of that release but for ids and times."""
    async with OpenAIDouble() as double:
        found = await gone_on(unpacked(tmp_path), double)
    assert found == json.loads(REQUESTS.read_text())
