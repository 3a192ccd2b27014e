"""The tools of services that profiles name: chats of other profiles do not have them."""

from __future__ import annotations

from collections.abc import Iterable

from events.profile import Profile
from recado.settings.settings import VARIABLES
from recado.settings.tool_names import EVERY

_SERVICE_TOOLS = VARIABLES["service_tools"]


def claimed_tools(profiles: Iterable[Profile]) -> frozenset[str]:
    """The tools that one of the profiles names, also one that cannot be used."""
    return frozenset(name for profile in profiles for name in _named(profile))


def _named(profile: Profile) -> frozenset[str]:
    given = profile.settings.get("service_tools")
    if given is None:
        return frozenset()
    try:
        return frozenset(_SERVICE_TOOLS.reader.read(_SERVICE_TOOLS.reader.text_of(given))) - {EVERY}
    except ValueError:  # what it names is not known: the profile itself is refused
        return frozenset()
