"""The settings for access to the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from events.users import SHORTEST_PASSWORD as SHORTEST
from recado.settings.variables import Reader, Variable, host, secret

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)
_OTHERS = frozenset(
    {
        "accept",
        "accept-language",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "forwarded",
    }
    | {"host", "last-event-id", "origin", "range", "referer", "transfer-encoding", "user-agent"}
    | {"sec-fetch-site", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
)
"""Headers that mean something else."""


def _header() -> Reader:
    def read(given: str) -> str:
        if not _HEADER.fullmatch(given) or given.lower() in _OTHERS:
            raise ValueError("which is no header for a name: give the one that your proxy sets, like Remote-User")
        return given

    return Reader("the name of a header", read)


def _networks() -> Reader:
    def read(given: str) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            found = tuple(ip_network(one.strip()) for one in given.split(","))
        except ValueError as error:
            raise ValueError(f"which are no addresses ({error}): write them like 127.0.0.1, 10.0.3.0/24") from None
        if any(network.prefixlen == 0 for network in found):
            raise ValueError("which is every address: name those of your proxies alone")
        return found

    return Reader("IP addresses or networks, with commas between them", read, _written)


def _written(networks: Any) -> str:
    return ", ".join(map(str, networks))


@dataclass(frozen=True, kw_only=True, repr=False)
class PageSettings:
    """The page's address, and what lets people and programs in."""

    host: Annotated[
        str,
        Variable(
            name="RECADO_HOST",
            reader=host(),
            meaning="The page listens on this address. Beyond loopback it needs users (`recado user add`) or "
            "`RECADO_PAGE_PASSWORD`, and TLS in front of it: see [Users](users.md).",
            example="192.168.1.20",
        ),
    ] = "127.0.0.1"
    page_password: Annotated[
        str,
        Variable(
            name="RECADO_PAGE_PASSWORD",
            reader=secret(),
            meaning=f"The password for the page: at least {SHORTEST} characters. It lets people in as the owner until "
            "the first user is made; programs send it as `Authorization: Bearer …`, also after that. A new password "
            "logs out all browsers that logged in with the old one.",
            example="correct-horse-battery",
            secret=True,
        ),
    ] = ""
    proxy_header: Annotated[
        str,
        Variable(
            name="RECADO_PROXY_HEADER",
            reader=_header(),
            meaning="The header in which a proxy that logs people in says who they are: the name of a user. It needs "
            "`RECADO_PROXY_ADDRESSES`, and a proxy that sets it in every request. See "
            "[Users](users.md#signed-in-by-a-proxy).",
            example="Remote-User",
        ),
    ] = ""
    proxy_addresses: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Variable(
            name="RECADO_PROXY_ADDRESSES",
            reader=_networks(),
            meaning="The addresses from which `RECADO_PROXY_HEADER` is taken. From everywhere else a request with that "
            "header is refused.",
            example="127.0.0.1",
        ),
    ] = ()

    @property
    def is_for_this_machine(self) -> bool:
        """Whether only this machine reaches the page, and no proxy in front of it is named."""
        return self.host in ("127.0.0.1", "::1") and not self.proxy_header


def page_problems(settings: PageSettings) -> Iterator[str]:
    """Problems of values that are valid alone but not together."""
    if settings.page_password and len(settings.page_password) < SHORTEST:
        yield f"RECADO_PAGE_PASSWORD has {len(settings.page_password)} characters: give it {SHORTEST} at least"
    if settings.proxy_header and not settings.proxy_addresses:
        yield "RECADO_PROXY_HEADER is set: say in RECADO_PROXY_ADDRESSES which proxies may send it"
    if settings.proxy_addresses and not settings.proxy_header:
        yield "RECADO_PROXY_ADDRESSES is set: say in RECADO_PROXY_HEADER which header these proxies set"
