"""The settings for access to the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from recado.settings.variables import Variable, host, secret

SHORTEST = 12


@dataclass(frozen=True, kw_only=True, repr=False)
class PageSettings:
    """The page's address and password."""

    host: Annotated[
        str,
        Variable(
            name="RECADO_HOST",
            reader=host(),
            meaning="The page listens on this address. Beyond loopback it needs `RECADO_PAGE_PASSWORD`, and TLS in "
            "front of it: see [The page](console.md).",
            example="192.168.1.20",
        ),
    ] = "127.0.0.1"
    page_password: Annotated[
        str,
        Variable(
            name="RECADO_PAGE_PASSWORD",
            reader=secret(),
            meaning=f"The password for the page: at least {SHORTEST} characters. Programs send it as "
            "`Authorization: Bearer …`. A new password logs all browsers out.",
            example="correct-horse-battery",
            secret=True,
        ),
    ] = ""


def page_problems(settings: PageSettings) -> Iterator[str]:
    """Problems of values that are valid alone but not together."""
    if settings.page_password and len(settings.page_password) < SHORTEST:
        yield f"RECADO_PAGE_PASSWORD has {len(settings.page_password)} characters: give it {SHORTEST} at least"
    if settings.host not in ("127.0.0.1", "::1") and not settings.page_password:
        yield (
            f"RECADO_HOST is {settings.host}, and the page shows every chat to everyone who can reach that address: "
            "set RECADO_PAGE_PASSWORD, or unset RECADO_HOST"
        )
