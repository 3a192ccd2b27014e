"""The settings of the second model, and whom a key is sent to."""

from __future__ import annotations

from itertools import product

import pytest

from recado.settings.environment import SettingsInvalid
from recado.settings.model import FallbackModel
from recado.settings.settings import doubts, settings_of

FIRST = {"OPENAI_API_KEY": "sk-first"}
SERVERS = (None, "https://api.openai.com/v1", "http://localhost:11434/v1", "https://api.openai.com.evil.example/v1")


@pytest.mark.parametrize(("first", "second", "key"), list(product(SERVERS, SERVERS, ("", "sk-second"))))
def test_the_key_of_the_first_goes_to_its_own_server_alone(first: str | None, second: str | None, key: str) -> None:
    """Whatever the addresses look like: it goes along only where the second model has no address of its own."""
    given = {**FIRST, "OPENAI_FALLBACK_MODEL": "other"}
    given |= {"OPENAI_BASE_URL": first} if first else {}
    given |= {"OPENAI_FALLBACK_BASE_URL": second} if second else {}
    given |= {"OPENAI_FALLBACK_API_KEY": key} if key else {}
    found = settings_of(given).fallback
    assert found == FallbackModel(key or ("" if second else "sk-first"), second or first, "other")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"OPENAI_FALLBACK_MODEL": "m"}, "there is no first model that could fail"),
        ({"OPENAI_API_MODE": "scripted", "OPENAI_FALLBACK_MODEL": "m"}, "there is no first model that could fail"),
        ({**FIRST, "OPENAI_MODEL": "m", "OPENAI_FALLBACK_MODEL": "m"}, "at the same server: give another model"),
        ({**FIRST, "OPENAI_FALLBACK_MODEL": "m", "RECADO_FALLBACK_AFTER": "-1"}, "RECADO_FALLBACK_AFTER is"),
        ({**FIRST, "OPENAI_FALLBACK_MODEL": "m", "OPENAI_FALLBACK_BASE_URL": "ftp://x"}, "OPENAI_FALLBACK_BASE_URL is"),
        (
            {**FIRST, "OPENAI_FALLBACK_MODEL": "m", "RECADO_MAX_COST_PER_CHAT_PER_DAY": "1"},
            "needs the price of m (OPENAI_FALLBACK_MODEL)",
        ),
    ],
)
def test_senseless_settings_are_refused(given: dict[str, str], says: str) -> None:
    """With what to do."""
    with pytest.raises(SettingsInvalid) as refused:
        settings_of(given)
    (problem,) = refused.value.problems
    assert says in problem


@pytest.mark.parametrize("name", ["OPENAI_FALLBACK_BASE_URL", "OPENAI_FALLBACK_API_KEY"])
def test_without_a_model_the_others_have_no_effect(name: str) -> None:
    """A warning."""
    settings = settings_of({**FIRST, name: "https://x.example/v1"})
    assert settings.fallback is None
    assert any("no effect without OPENAI_FALLBACK_MODEL" in doubt for doubt in doubts(settings))


def test_the_key_is_a_secret() -> None:
    """It is masked in logs, and not shown."""
    given = {**FIRST, "OPENAI_FALLBACK_MODEL": "m", "OPENAI_FALLBACK_API_KEY": "sk-the-other"}
    settings = settings_of(given)
    masked: list[str] = []
    settings.mask(masked.append)
    assert "sk-the-other" in masked
    assert "sk-the-other" not in repr(settings)
