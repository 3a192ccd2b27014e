"""The settings of each version of a profile on this instance, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import structlog

from events.profile import Profile
from recado.profiles.overlay import Overlay, ProfileUnusable
from recado.settings.secrets import Secrets, SecretUnusable
from recado.settings.settings import Settings

log = structlog.get_logger("recado.profiles")

_STAND_IN = "unset"
"""Stands for a key that is unset, so that the rest of a profile is known: who is answered, when, and in which words."""


class ProfileSecrets(Secrets):
    """The keys that a profile may have, under the names of the settings for them. There are no others.

    - `names`: by the variable of a setting, the variable that holds the key.
    """

    def __init__(self, own: Secrets, names: Mapping[str, str]) -> None:
        super().__init__({}, None)
        self._own = own
        self._names = names

    def value(self, name: str) -> str | None:
        return self._own.value(self._names[name]) if name in self._names else None

    def again(self, name: str) -> str | None:
        return self._own.again(self._names[name]) if name in self._names else None


class Usable:
    """The settings of a version.

    - `lacks`: the reason for which it cannot be used, for a log; empty: it can.
    - `settings`: None if they are not known for that reason.
    - `may_come`: secrets are missing, which may be there later.
    """

    __slots__ = ("lacks", "may_come", "settings")

    def __init__(self, settings: Settings | None, lacks: str = "", *, may_come: bool = False) -> None:
        self.settings = settings
        self.lacks = lacks
        self.may_come = may_come


class ProfileSettings:
    """Gives the settings of profiles. `own` are the instance's settings."""

    def __init__(self, own: Settings) -> None:
        self._secrets = own.secrets
        given = own.secrets.given
        self._overlay = Overlay(given, own, self._secret)
        self._without_keys = Overlay(given, own, lambda name: self._secret(name) or _STAND_IN)

    def settings(self, profile: Profile) -> Settings:
        """The settings of a version; they may take 2 ms. Raises ProfileUnusable."""
        return self._named(profile, self._overlay.settings(profile))

    def of(self, profile: Profile) -> Usable:
        """As `settings`. Raises nothing."""
        try:
            return Usable(self.settings(profile))
        except ProfileUnusable as fault:
            if not fault.lacks:
                return Usable(None, "; ".join(fault.problems))
            return Usable(self._other(profile), f"{', '.join(fault.lacks)} unset", may_come=True)

    def _other(self, profile: Profile) -> Settings | None:
        try:
            return self._without_keys.settings(profile)
        except ProfileUnusable:
            return None

    def _named(self, profile: Profile, settings: Settings) -> Settings:
        names = self._overlay.key_names(profile, settings)
        return replace(settings, secrets=ProfileSecrets(self._secrets, names))

    def _secret(self, name: str) -> str | None:
        try:
            return self._secrets.value(name)
        except SecretUnusable as error:
            log.warning("secret_unusable", name=name, reason=str(error))
            return None
