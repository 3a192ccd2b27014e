"""The system prompt that a model gets before every conversation, in every mode."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from backends.one_question import ask
from backends.protocol import ReplyRequest
from chat.context import Line
from chat.moment import Moment
from gateways.delivery.texts import LONGEST
from recado.settings.settings import load
from recado.wiring.backends import LENGTH_RULE
from recado.wiring.model import open_model
from tests.doubles.openai_agents import AGENT
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT

MODES = {
    "chat": {"OPENAI_API_MODE": "chat"},
    "responses": {"OPENAI_API_MODE": "responses"},
    "assistants": {"OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": ASSISTANT},
    "agents": {"OPENAI_API_MODE": "agents", "OPENAI_MODEL": "small-1"},
    "agents, saved": {"OPENAI_API_MODE": "agents", "OPENAI_AGENT_ID": AGENT},
}
QUESTION = ReplyRequest(
    account="local", chat="1", turn="t1", thread="", history=(), messages=(Line("user", "hello"),), patience=30.0
)


@pytest.mark.parametrize("prompt", ["Be kind.", ""])
@pytest.mark.parametrize("mode", MODES)
async def test_the_longest_reply_is_told(mode: str, prompt: str, tmp_path: Path) -> None:
    """It says the very number at which a gateway cuts, after the prompt, which a provider caches with it."""
    assert f"{LONGEST:,}" in LENGTH_RULE
    async with OpenAIDouble() as double:
        given = {"OPENAI_API_KEY": double.api_key, "OPENAI_BASE_URL": double.base_url, "AI_SYSTEM_PROMPT": prompt}
        settings = load(given | MODES[mode], tmp_path / "no.env")
        async with open_model(settings) as model:
            assert (await ask(model.backend, QUESTION)).text
        parts = (double, double.responses, double.threads, double.agents)
        bodies = [request.body for part in parts for request in part.requests]
    sent = [text for body in bodies for text in strings(body) if LENGTH_RULE in text]
    assert len(sent) == 1
    assert mode == "agents, saved" or sent[0] == f"{prompt}\n\n{LENGTH_RULE}".lstrip()


@pytest.mark.parametrize("mode", sorted(MODES.keys() - {"agents, saved"}))
async def test_its_blanks_are_filled(mode: str, tmp_path: Path) -> None:
    """In each mode, where a turn's moment is known; a saved agent has instructions of its own."""
    at = datetime(2026, 11, 29, 14, 5, tzinfo=ZoneInfo("America/Sao_Paulo"))
    question = replace(QUESTION, moment=Moment(at=at, zone="America/Sao_Paulo", name="Ana", account="5511333"))
    prompt = '{weekday} {date} {time} {name} {account} {open} {"a": {}} {other}'
    async with OpenAIDouble() as double:
        given = {"OPENAI_API_KEY": double.api_key, "OPENAI_BASE_URL": double.base_url, "AI_SYSTEM_PROMPT": prompt}
        async with open_model(load(given | MODES[mode], tmp_path / "no.env")) as model:
            assert (await ask(model.backend, question)).text
        parts = (double, double.responses, double.threads, double.agents)
        bodies = [request.body for part in parts for request in part.requests]
    (sent,) = [text for body in bodies for text in strings(body) if LENGTH_RULE in text]
    assert sent == f'Sunday 2026-11-29 14:05 Ana 5511333 open {{"a": {{}}}} {{other}}\n\n{LENGTH_RULE}'


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in strings(each)]
