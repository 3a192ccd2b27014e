"""The table of modes, and the places that have a row of their own for each."""

from __future__ import annotations

from typing import get_args

import pytest

from chat.fold_constants import THREADLESS
from recado.settings.modes import MODES, ApiMode
from recado.settings.provider import is_openai, serves_as_openai
from recado.settings.settings import VARIABLES, settings_of
from recado.wiring.backends import BACKENDS

GIVEN = {
    "OPENAI_API_KEY": "sk-1234567890",
    "OPENAI_BASE_URL": "http://localhost:8080/v1",
    "OPENAI_ASSISTANT_ID": "asst_1",
    "OPENAI_AGENT_ID": "agent_1",
}


def test_each_mode_has_one_row_and_one_backend() -> None:
    """In the same order as the type and the setting name them."""
    assert tuple(MODES) == tuple(BACKENDS) == get_args(ApiMode)
    assert VARIABLES["openai_api_mode"].reader.takes == "one of " + ", ".join(f"`{mode}`" for mode in MODES)


def test_the_core_folds_with_the_same_backends() -> None:
    """The fold of old events needs a constant; it is the table's."""
    assert {mode for mode, row in MODES.items() if not row.keeps_threads} == THREADLESS


@pytest.mark.parametrize("mode", MODES)
async def test_a_backend_keeps_its_row(mode: ApiMode) -> None:
    """The backend has the mode's name in events; its threads can be deleted if the provider keeps them."""
    settings = settings_of(GIVEN | {"OPENAI_API_MODE": mode})
    model = BACKENDS[mode].open(settings)
    await model.backend.close()
    assert model.backend.name == mode
    assert hasattr(model.backend, "create_thread") == MODES[mode].keeps_threads == (BACKENDS[mode].kept is not None)
    assert (model.server == "localhost:8080") == MODES[mode].has_provider
    saved = settings.saved
    assert (None if saved is None else saved.kind) == MODES[mode].saved
    assert saved is None or (VARIABLES[saved.kind.field].name, saved.id) == (saved.kind.variable, model.name)


@pytest.mark.parametrize(
    ("base_url", "openai", "as_openai"),
    [
        (None, True, True),
        ("https://api.openai.com/v1", True, True),
        ("https://eu.api.openai.com/v1", True, True),
        ("https://shop.openai.azure.com/openai/v1", False, True),
        ("http://localhost:11434/v1", False, False),
        ("https://api.openai.com.example.org/v1", False, False),
        ("https://notopenai.com/v1", False, False),
    ],
)
def test_two_questions_about_the_server(base_url: str | None, openai: bool, as_openai: bool) -> None:
    """Azure never shut down OpenAI's APIs, and serves its models as OpenAI does."""
    assert (is_openai(base_url), serves_as_openai(base_url)) == (openai, as_openai)
