"""The settings that a trial tries: those of one profile, or for each chat those of the profile in force for it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from events.profile import NONE_IN_FORCE, InForce, Profile
from events.subjects import ChatKey
from recado.profiles.claims import claimed_tools
from recado.settings.settings import Settings

SettingsOf = Callable[[Profile], Settings]
"""Gives the settings of a profile on this machine. Raises ProfileUnusable."""


class Way(msgspec.Struct, frozen=True):
    """A way of answering chats.

    - `profile`: its profile, for people; empty: the instance's own settings.
    """

    settings: Settings
    profile: str = ""


class Ways:
    """The way in which each chat is answered in a trial.

    - `own`: that of the chats for which no profile of `in_force` is meant.
    - `settings_of`: gives the settings of the others.
    """

    def __init__(self, own: Way, in_force: InForce = NONE_IN_FORCE, settings_of: SettingsOf | None = None) -> None:
        self.own = own
        self._in_force = in_force
        self._settings_of = settings_of
        self._known: dict[str, Way] = {}

    @property
    def claimed(self) -> frozenset[str]:
        """The tools of services that a profile names."""
        return claimed_tools(self._in_force.profiles.values())

    def of(self, key: ChatKey) -> Way:
        """Raises ProfileUnusable."""
        profile = self._in_force.selected(key)
        if profile is None or self._settings_of is None:
            return self.own
        if profile.name not in self._known:
            self._known[profile.name] = Way(self._settings_of(profile), profile.ref)
        return self._known[profile.name]


def meant_by(profile: Profile, in_force: InForce) -> Callable[[ChatKey], bool]:
    """Tells the chats for which the profile would be meant if it were in force instead of its stored versions."""
    others = [one for one in in_force.profiles.values() if one.name != profile.name]
    with_it = InForce([*others, profile])
    return lambda key: with_it.selected(key) is profile
