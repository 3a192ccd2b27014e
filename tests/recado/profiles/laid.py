"""A profile over the variables of an instance."""

from __future__ import annotations

from collections.abc import Mapping

from events.profile import Profile
from recado.profiles.overlay import Overlay, SecretOf
from recado.settings.settings import Settings, settings_of


def settings_of_profile(given: Mapping[str, str], profile: Profile, secret_of: SecretOf | None = None) -> Settings:
    """The profile's settings on an instance with these variables. Raises ProfileUnusable."""
    own = settings_of(given)
    return Overlay(given, own, secret_of or own.secrets.value).settings(profile)
