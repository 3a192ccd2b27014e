"""The policy by the settings."""

from __future__ import annotations

from recado.settings.settings import settings_of
from recado.wiring.policy import policy_of


def test_the_small_local_model_is_not_told_the_moment() -> None:
    """It is too small for it; every other model is told."""
    assert policy_of(settings_of({})).zone is None
    told = policy_of(settings_of({"OPENAI_API_KEY": "sk-1234567890", "RECADO_TIMEZONE": "America/Sao_Paulo"})).zone
    assert str(told) == "America/Sao_Paulo"
