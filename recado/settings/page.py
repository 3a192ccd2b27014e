"""The settings for access to the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from console.sign_in.addresses import is_private
from events.phrases import Phrase
from events.users import SHORTEST_PASSWORD as SHORTEST
from events.users import is_guessed_at_once
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

    return Reader(Phrase("the name of a header"), read)


def _networks() -> Reader:
    def read(given: str) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            found = tuple(ip_network(one.strip()) for one in given.split(","))
        except ValueError as error:
            raise ValueError(f"which are no addresses ({error}): write them like 127.0.0.1, 10.0.3.0/24") from None
        if any(network.prefixlen == 0 for network in found):
            raise ValueError("which is every address: name those of your proxies alone")
        return found

    return Reader(Phrase("IP addresses or networks, with commas between them"), read, _written)


def _written(networks: Any) -> str:
    return ", ".join(map(str, networks))


def _issuer() -> Reader:
    def read(given: str) -> str:
        if not is_private(given) or "?" in given:
            raise ValueError("which is no address of a provider: write it as the provider does, with https://")
        return given

    return Reader(Phrase("an address that starts with https://, or with http:// on this machine"), read)


def _page_url() -> Reader:
    def read(given: str) -> str:
        parts = urlsplit(given) if is_private(given) else None
        if parts is None or parts.path not in ("", "/") or "?" in given:
            raise ValueError(
                "which is not the page's address: write one like https://chat.example.com, without a path; http:// "
                "only for localhost"
            )
        return given.removesuffix("/")

    return Reader(Phrase("an address that starts with https://, or with http:// on this machine, without a path"), read)


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

    page_url: Annotated[
        str,
        Variable(
            name="RECADO_PAGE_URL",
            reader=_page_url(),
            meaning="The address by which people open the page. A provider (`RECADO_OIDC_ISSUER`) sends them back to "
            "`/login/oidc/back` there.",
            example="https://chat.example.com",
        ),
    ] = ""
    oidc_issuer: Annotated[
        str,
        Variable(
            name="RECADO_OIDC_ISSUER",
            reader=_issuer(),
            meaning="The address of a provider of OpenID Connect, at which users sign in with their e-mail address. It "
            "needs the three settings `RECADO_PAGE_URL`, `RECADO_OIDC_CLIENT_ID` and `RECADO_OIDC_CLIENT_SECRET`. See "
            "[Users](users.md#signed-in-by-a-provider).",
            example="https://id.example.com/realms/shop",
        ),
    ] = ""
    oidc_client_id: Annotated[
        str,
        Variable(
            name="RECADO_OIDC_CLIENT_ID",
            reader=secret(),
            meaning="The id under which the provider of `RECADO_OIDC_ISSUER` knows recado.",
            example="recado",
        ),
    ] = ""
    oidc_client_secret: Annotated[
        str,
        Variable(
            name="RECADO_OIDC_CLIENT_SECRET",
            reader=secret(),
            meaning="The secret that the provider of `RECADO_OIDC_ISSUER` gave to recado.",
            example="GOCSPX-4f5sL0cN1",
            secret=True,
        ),
    ] = ""

    @property
    def is_for_this_machine(self) -> bool:
        """True if only this machine reaches the page, and no proxy in front of it and no sign-in is named."""
        return self.host in ("127.0.0.1", "::1") and not self.proxy_header and not self.oidc_issuer


def page_problems(settings: PageSettings) -> Iterator[str]:
    """Problems of values that are valid alone but not together."""
    if settings.page_password and len(settings.page_password) < SHORTEST:
        yield f"RECADO_PAGE_PASSWORD has {len(settings.page_password)} characters: give it {SHORTEST} at least"
    elif settings.page_password and is_guessed_at_once(settings.page_password):
        yield "RECADO_PAGE_PASSWORD is one sign again and again, which is guessed at once: take another one"
    if settings.proxy_header and not settings.proxy_addresses:
        yield "RECADO_PROXY_HEADER is set: say in RECADO_PROXY_ADDRESSES which proxies may send it"
    if settings.proxy_addresses and not settings.proxy_header:
        yield "RECADO_PROXY_ADDRESSES is set: say in RECADO_PROXY_HEADER which header these proxies set"
    needed = {
        "RECADO_PAGE_URL": settings.page_url,
        "RECADO_OIDC_CLIENT_ID": settings.oidc_client_id,
        "RECADO_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    for name, value in needed.items():
        if settings.oidc_issuer and not value:
            yield f"RECADO_OIDC_ISSUER is set: set {name} too, or unset it"
