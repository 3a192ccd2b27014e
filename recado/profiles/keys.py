"""The key that goes to each model server of a profile, and the servers that a profile may name.

A profile names servers, keys and modules; the instance's environment says which of them there are, and which key may go
to which server. An address is compared as text with those of the environment, so that no other way of writing one
passes for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from recado.settings.provider import OPENAI
from recado.settings.settings import VARIABLES, Settings


class Role(NamedTuple):
    """A model server that is asked with a key.

    - `url`, `key`: fields of Settings.
    """

    url: str
    key: str

    @property
    def key_name(self) -> str:
        """The field of a profile with the name of the variable that holds the key."""
        return f"{self.key}_name"


FIRST = Role("openai_base_url", "openai_api_key")
SECOND = Role("fallback_base_url", "fallback_api_key")
SPEECH = Role("transcription_base_url", "transcription_api_key")
MEANING = Role("embedding_base_url", "embedding_api_key")
ROLES = (FIRST, SECOND, SPEECH, MEANING)

KEY_NAMES: Mapping[str, Role] = {role.key_name: role for role in ROLES}
"""By the field of a profile that names a key."""


def server_of(settings: Settings, role: Role) -> str:
    """The base URL of the role's server; that of the first one where it has none of its own."""
    return getattr(settings, role.url) or settings.openai_base_url or OPENAI


class Allowed:
    """The names that the instance's environment allows a profile; `own` are the instance's settings."""

    def __init__(self, own: Settings) -> None:
        self._own = {role.key: server_of(own, role) for role in ROLES}
        self._of_own = {VARIABLES[role.key].name: self._own[role.key] for role in ROLES}
        self._servers = own.profile_servers
        self.modules = frozenset({*own.profile_tools, own.tools} - {""})
        self.service_tools = frozenset(own.service_tools)

    @property
    def servers(self) -> list[str]:
        """The addresses that a profile may write."""
        return list(dict.fromkeys([*self._own.values(), *(server.url for server in self._servers)]))

    @property
    def remote(self) -> frozenset[str]:
        """The addresses of remote MCP servers that a profile may write."""
        return frozenset(server.url for server in self._servers)

    def is_own(self, role: Role, server: str) -> bool:
        """True if the instance itself asks this server in this role, so that its own key goes there."""
        return self._own[role.key] == server

    def may_go(self, key_name: str, server: str) -> bool:
        """True if the key in the variable `key_name` may be sent to the server."""
        if key_name in self._of_own:
            return self._of_own[key_name] == server
        return any(one.url == server and one.takes(key_name) for one in self._servers)
