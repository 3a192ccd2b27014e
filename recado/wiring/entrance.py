"""Puts together the way in to the page: sessions, users, and a proxy's header."""

from __future__ import annotations

import asyncio

import structlog

from console.entrance import Entrance, ProxyHeader
from console.known_users import KnownUsers
from console.sessions import FILE, Sessions
from console.sign_in.provider import Provider
from console.sign_in.sign_in import SignIn
from events.jetstream.connection import Bus
from events.jetstream.users import JetStreamUsers
from recado.embedded.data_folder import DataFolder
from recado.settings.settings import Settings
from recado.wiring.lifecycle import Lifetime

USERS_WITHIN = 30.0
"""Seconds to wait for the users at the start."""

log = structlog.get_logger("recado.users")


def sign_in_of(settings: Settings) -> SignIn | None:
    """The sign-in at the provider of the settings; None if there is none."""
    if not settings.oidc_issuer:
        return None
    from console.sign_in import id_token  # noqa: PLC0415 - few have a provider, and the extra that it needs

    provider = Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
    return SignIn(provider, id_token, settings.page_url)


class PageUnguarded(Exception):
    """Other machines reach the page, and anyone there could read every chat."""

    def __init__(self, settings: Settings) -> None:
        setting = f"RECADO_HOST={settings.host}"
        if settings.proxy_header or settings.oidc_issuer:
            setting = "RECADO_PROXY_HEADER" if settings.proxy_header else "RECADO_OIDC_ISSUER"
        super().__init__(
            f"with {setting} the page would show every chat to everyone who can reach it: set RECADO_PAGE_PASSWORD, or "
            "start without that setting, make a user with recado user add, and start again"
        )


async def watched_entrance(
    life: Lifetime, bus: Bus, settings: Settings, folder: DataFolder, *, replicas: int
) -> Entrance:
    """The way in of an instance, which makes the bucket of users and follows it. Raises PageUnguarded, LogMismatch,
    LogUnavailable."""
    book = await JetStreamUsers.open(bus, replicas=replicas)
    life.stack.push_async_callback(book.close)
    users = KnownUsers(book)
    life.keep(users.follow())
    try:
        async with asyncio.timeout(USERS_WITHIN):
            await users.read.wait()
    except TimeoutError:
        log.warning("users_unread", then="the page waits", help="may this instance read the bucket USERS?")
    entrance = Entrance(
        sessions=Sessions(folder.path / FILE, settings.page_password),
        users=users,
        loopback=settings.is_for_this_machine,
        proxy=ProxyHeader(settings.proxy_header, settings.proxy_addresses) if settings.proxy_header else None,
        sign_in=sign_in_of(settings),
    )
    if entrance.mode == "shut":
        raise PageUnguarded(settings)
    if entrance.mode == "users" and entrance.takes_password:
        log.info("page_password", then="it lets in programs alone, as there are users")
    return entrance
