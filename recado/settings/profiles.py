"""The settings of the servers, keys and modules of tools that a profile may name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from events.phrases import Phrase
from recado.settings.variables import Reader, Variable

KEY_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
"""A variable with a key. Its name may also be that of a file in a folder of secrets, so it has no other signs."""

_KEYS = re.compile(r"[A-Z][A-Z0-9_]{0,127}|[A-Z][A-Z0-9_]{0,125}[A-Z0-9]_\*")
_OWN = re.compile(r"(RECADO|WHATSAPP|NATS|OPENAI)_")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


class ProfileServer(NamedTuple):
    """A model server that a profile may name.

    - `url`: its base URL, as a profile has to write it.
    - `keys`: the names of the keys that may be sent there; one that ends with `*` is the beginning of several.
    """

    url: str
    keys: tuple[str, ...] = ()

    def takes(self, key: str) -> bool:
        """True if the key of this name may be sent there. recado's own keys may not."""
        return not _OWN.match(key) and any(
            key.startswith(one[:-1]) if one.endswith("*") else key == one for one in self.keys
        )


def servers() -> Reader:
    """Reads a tuple of ProfileServer."""

    def read(given: str) -> tuple[ProfileServer, ...]:
        return tuple(_server(part.split()) for part in given.split(";") if part.strip())

    return Reader(Phrase("an address and names of keys with spaces between them; `;` between several servers"), read)


def _server(words: list[str]) -> ProfileServer:
    url, *keys = words
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"which is no address ({error}): write one like https://api.example.com/v1") from error
    if not plain or "@" in parts.netloc or parts.query or parts.fragment or not url.isprintable():
        raise ValueError(
            "in which a server is no plain address: write one like https://api.example.com/v1, without a user, a "
            "question mark or a number sign"
        )
    for key in keys:
        if not _KEYS.fullmatch(key):
            raise ValueError(
                "in which a word after an address is no name of a variable: write names like SHOP_KEY, or SHOP_* for "
                "all that begin so"
            )
        if _OWN.match(key):
            raise ValueError(
                f"in which {key} is a name of recado's own: put the key into a variable of another name, like SHOP_KEY"
            )
    return ProfileServer(url, tuple(keys))


def modules() -> Reader:
    """Reads a tuple of names of Python modules."""

    def read(given: str) -> tuple[str, ...]:
        names = [one.strip() for one in given.split(",") if one.strip()]
        if wrong := next((one for one in names if not _MODULE.fullmatch(one)), None):
            raise ValueError(f"in which {wrong[:40]!r} is no name of a Python module: write names like bakery_tools")
        return tuple(names)

    return Reader(Phrase("names of Python modules with commas between them"), read)


@dataclass(frozen=True, kw_only=True, repr=False)
class AllowedSettings:
    """The settings of the names that a profile may hold."""

    profile_servers: Annotated[
        tuple[ProfileServer, ...],
        Variable(
            name="RECADO_PROFILE_SERVERS",
            reader=servers(),
            meaning="The servers that a profile may name beside those of `OPENAI_BASE_URL`, "
            "`OPENAI_FALLBACK_BASE_URL` and `OPENAI_TRANSCRIPTION_BASE_URL`, as model servers and as remote MCP "
            "servers, each with the names of the variables whose keys may be sent to it. A key goes to no other "
            "server. `SHOP_*` stands for every name that begins with `SHOP_`. Names of recado's own cannot be given.",
            example="https://api.openai.com/v1 SHOP_*; http://localhost:11434/v1",
        ),
    ] = ()
    profile_tools: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_PROFILE_TOOLS",
            reader=modules(),
            meaning="The Python modules of tools that a profile may name beside the one of `RECADO_TOOLS`.",
            example="bakery_tools, workshop_tools",
        ),
    ] = ()
