"""What belongs to one profile is never seen by another's chats: keys, tools, texts, limits, slots."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.profile import Profile
from recado.profiles.overlay import Overlay, ProfileUnusable, settings_of_profile
from recado.settings.settings import settings_of

OTHER = "https://other.example/v1"
OWN_KEYS = ("OPENAI_API_KEY", "OPENAI_FALLBACK_API_KEY", "OPENAI_TRANSCRIPTION_API_KEY")
FOREIGN: list[dict[str, Any]] = [
    {"openai_base_url": OTHER, "openai_model": "m"},
    {"fallback_model": "m", "fallback_base_url": OTHER},
    {"transcription_model": "m", "transcription_base_url": OTHER},
    {"openai_base_url": OTHER, "openai_model": "m", "fallback_model": "n"},
    {"openai_base_url": OTHER, "openai_model": "m", "openai_api_mode": "responses"},
]


def instance(folder: Path) -> dict[str, str]:
    """An instance whose own keys are files."""
    for name in OWN_KEYS:
        (folder / name).write_text(f"{name}-of-the-instance\n")
    return {"RECADO_SECRETS": str(folder), "RECADO_PROFILE_SERVERS": f"{OTHER} SHOP_KEY"}


def profile(settings: dict[str, Any]) -> Profile:
    return Profile(name="shop", n=1, at=datetime(2026, 11, 29, tzinfo=UTC), accounts=("a",), settings=settings)


@pytest.mark.parametrize("settings", FOREIGN)
def test_a_key_in_the_folder_goes_to_no_server_of_a_profile(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Where the profile leaves the key out, that of the instance is not taken in its place."""
    laid = settings_of_profile(instance(tmp_path), profile(settings))
    for url, key in (
        (laid.openai_base_url, laid.openai_api_key),
        (laid.fallback_base_url or laid.openai_base_url, laid.fallback.api_key if laid.fallback else ""),
        (laid.transcription_base_url, laid.transcription_api_key),
    ):
        assert url != OTHER or not key


def test_a_key_of_a_profile_may_be_a_file(tmp_path: Path) -> None:
    """Under a name that the environment allows for that server; under another name it is refused."""
    given = instance(tmp_path)
    (tmp_path / "SHOP_KEY").write_text("sk-of-the-shop\n")
    asked = {"openai_base_url": OTHER, "openai_model": "m", "openai_api_key_name": "SHOP_KEY"}
    assert settings_of_profile(given, profile(asked)).openai_api_key == "sk-of-the-shop"
    (tmp_path / "BANK_KEY").write_text("sk-of-the-bank\n")
    for name in ("BANK_KEY", *OWN_KEYS):
        with pytest.raises(ProfileUnusable, match="may not be sent"):
            settings_of_profile(given, profile({**asked, "openai_api_key_name": name}))


def test_a_key_that_was_replaced_is_laid_as_it_is_now(tmp_path: Path) -> None:
    """A profile that is applied later gets the key that is in force by then."""
    given = instance(tmp_path)
    own = settings_of(given)
    overlay = Overlay(given, own, own.secrets.value)
    (tmp_path / "OPENAI_API_KEY").write_text("sk-new")
    own.secrets.again("OPENAI_API_KEY")
    assert overlay.settings(profile({"openai_model": "m"})).openai_api_key == "sk-new"
