"""The keys of profiles: each goes to its own server alone, also where the keys are files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.profile import Profile
from recado.settings.settings import settings_of
from recado.wiring.keys import embedding_key, model_key, second_key, transcription_key
from recado.wiring.profile_settings import ProfileSettings, Usable

OWN, SHOP, OTHER = "sk-of-the-instance", "sk-of-the-shop", "https://other.example/v1"


def usable(folder: Path, given: dict[str, str] | None = None, **settings: Any) -> Usable:
    """The settings of a profile on an instance whose keys are files in the folder."""
    variables = {"RECADO_SECRETS": str(folder), "RECADO_PROFILE_SERVERS": f"{OTHER} SHOP_*", **(given or {})}
    profile = Profile(name="shop", n=1, at=datetime.now(UTC), accounts=("shop",), settings=settings)
    return ProfileSettings(settings_of(variables)).of(profile)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "OPENAI_API_KEY").write_text(OWN)
    (tmp_path / "SHOP_KEY").write_text(SHOP)
    return tmp_path


@pytest.mark.parametrize(
    "settings",
    [
        {"openai_base_url": OTHER},
        {"openai_base_url": OTHER, "openai_api_key_name": ""},
        {"fallback_model": "m", "fallback_base_url": OTHER},
        {"transcription_base_url": OTHER},
        {"embedding_base_url": OTHER},
    ],
)
def test_another_server_gets_no_key_of_the_instance(folder: Path, settings: dict[str, Any]) -> None:
    """Given a folder with the instance's key, when a profile names another server and no key, then that server gets
    none, not even when it refuses the request."""
    made = usable(folder, **settings)
    assert made.settings is not None, made.lacks
    asked = {
        made.settings.openai_base_url: model_key(made.settings),
        made.settings.fallback_base_url or made.settings.openai_base_url: second_key(made.settings),
        made.settings.transcription_base_url or made.settings.openai_base_url: transcription_key(made.settings),
    }
    asked.setdefault(made.settings.embedding_base_url or "", embedding_key(made.settings))
    key = asked[OTHER]
    assert key.value != OWN
    assert not key.replaced(key.value)
    assert key.value != OWN


def test_a_key_in_a_file_is_read_again_under_its_own_name(folder: Path) -> None:
    """Given a profile with a key, when the server refuses it and the file has another one by then, then that is sent;
    the instance's key is not."""
    made = usable(folder, openai_base_url=OTHER, openai_api_key_name="SHOP_KEY")
    assert made.settings is not None
    key = model_key(made.settings)
    assert key.value == SHOP
    assert not key.replaced(SHOP)
    (folder / "SHOP_KEY").write_text("sk-newer")
    assert key.replaced(SHOP)
    assert key.value == "sk-newer"


def test_the_rest_of_a_profile_is_known_without_its_key(folder: Path) -> None:
    """Given a key that is missing, then the reason names the variable, and gates and words are the profile's."""
    given = {"openai_base_url": OTHER, "openai_api_key_name": "SHOP_NEW", "block": ["+5511999999999"]}
    made = usable(folder, **given)
    assert made.lacks == "SHOP_NEW unset"
    assert made.may_come
    assert made.settings is not None
    assert made.settings.gates.block == ("5511999999999",)


@pytest.mark.parametrize(
    "settings",
    [
        {"openai_base_url": "https://evil.example/v1"},
        {"openai_api_key_name": "OPENAI_API_KEY", "openai_base_url": OTHER},
        {"tools": "os"},
        {"max_conversation_history": -1},
        {"openai_api_mode": "nonsense"},
    ],
)
def test_a_profile_that_is_not_allowed_cannot_be_used(folder: Path, settings: dict[str, Any]) -> None:
    """Whoever writes the stream past the commands makes the profile's chats wait, and nothing else."""
    made = usable(folder, **settings)
    assert made.lacks
    assert not made.may_come
