"""Each key is read again under the name that it came from, and under no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backends.provider.key import Key
from recado.settings.secrets import Secrets
from recado.settings.settings import Settings, settings_of
from recado.wiring.keys import model_key, named_key, second_key, transcription_key

SERVER = "http://localhost:1/v1"
CASES: list[tuple[Callable[[Settings], Key], str, dict[str, str]]] = [
    (model_key, "OPENAI_API_KEY", {}),
    (second_key, "OPENAI_API_KEY", {"OPENAI_FALLBACK_MODEL": "m"}),
    (second_key, "OPENAI_FALLBACK_API_KEY", {"OPENAI_FALLBACK_MODEL": "m", "OPENAI_FALLBACK_BASE_URL": SERVER}),
    (transcription_key, "OPENAI_API_KEY", {}),
    (transcription_key, "OPENAI_TRANSCRIPTION_API_KEY", {"OPENAI_TRANSCRIPTION_BASE_URL": SERVER}),
]
NAMES = ("OPENAI_API_KEY", "OPENAI_FALLBACK_API_KEY", "OPENAI_TRANSCRIPTION_API_KEY")


@pytest.mark.parametrize(("key_of", "name", "given"), CASES)
def test_each_server_gets_its_own_key(
    tmp_path: Path, key_of: Callable[[Settings], Key], name: str, given: dict[str, str]
) -> None:
    """Before and after it is replaced, while all others change too."""
    own = [one for one in NAMES if one in ("OPENAI_API_KEY", name)]
    for one in own:
        (tmp_path / one).write_text(f"{one}-1")
    key = key_of(settings_of({"RECADO_SECRETS": str(tmp_path), **given}))
    assert key.value == f"{name}-1"
    for one in NAMES:
        (tmp_path / one).write_text(f"{one}-2")
    assert key.replaced(f"{name}-1")
    assert key.value == f"{name}-2"


def test_a_key_that_came_later(tmp_path: Path) -> None:
    """A server that wanted none begins to want one."""
    key = model_key(settings_of({"RECADO_SECRETS": str(tmp_path), "OPENAI_BASE_URL": SERVER}))
    assert key.value == "none"
    (tmp_path / "OPENAI_API_KEY").write_text("sk-later")
    assert key.replaced("none")
    assert key.value == "sk-later"


def test_a_key_of_another_name_is_not_replaced(tmp_path: Path) -> None:
    """Its server would get a key that is meant for another one."""
    (tmp_path / "OPENAI_API_KEY").write_text("sk-first")
    key = named_key(Secrets({}, tmp_path), "OPENAI_API_KEY", "sk-of-another-name")
    (tmp_path / "OPENAI_API_KEY").write_text("sk-first-new")
    assert not key.replaced("sk-of-another-name")
