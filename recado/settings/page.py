"""The settings of who may see the page, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from recado.settings.nats import NatsSettings
from recado.settings.variables import Variable, host, secret

SHORTEST = 12


class PageSettings(NatsSettings, frozen=True, kw_only=True):
    """Where the page listens, and who is let in."""

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
            meaning=f"Whoever wants to see the page has to know it: at least {SHORTEST} characters. Programs send it "
            "as `Authorization: Bearer …`. Another one logs everybody out.",
            example="correct-horse-battery",
            secret=True,
        ),
    ] = ""


def page_problems(settings: PageSettings) -> Iterator[str]:
    """What is wrong although each value alone is right."""
    if settings.page_password and len(settings.page_password) < SHORTEST:
        yield f"RECADO_PAGE_PASSWORD has {len(settings.page_password)} characters: give it {SHORTEST} at least"
    if settings.host not in ("127.0.0.1", "::1") and not settings.page_password:
        yield (
            f"RECADO_HOST is {settings.host}, and the page shows every chat to whoever can reach that address: set "
            "RECADO_PAGE_PASSWORD, or leave RECADO_HOST away"
        )
