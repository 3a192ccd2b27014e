"""Decides who is let in to the page: by the ways to log in, and by the cookies and headers of a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Literal, NamedTuple

from console.known_users import KnownUsers
from console.sessions import Sessions
from console.sign_in.sign_in import SignIn
from events.users import PAGE, Stored, StoredUser, User, name_of

Mode = Literal["users", "password", "open", "shut", "unread"]
"""- `users`: with the name and the password of a user.
- `password`: with the page's password, as there is no user.
- `open`: there is neither, and only this machine reaches the page.
- `shut`: there is neither, and other machines reach it.
- `unread`: whether there are users is not known yet."""


class ProxyHeader(NamedTuple):
    """The header in which a proxy says who logged in, and the networks of the proxies that are trusted to send it."""

    name: str
    networks: tuple[IPv4Network | IPv6Network, ...]

    def trusts(self, peer: str) -> bool:
        """True if the other end of the connection is such a proxy."""
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.networks)


@dataclass(frozen=True)
class Entrance:
    """The way in.

    - `sessions`: those of browsers; None: browsers cannot log in.
    - `users`: the users; None: there are none.
    - `loopback`: only this machine reaches the page.
    - `proxy`: how a proxy tells who logged in there.
    - `sign_in`: the sign-in at a provider.
    """

    sessions: Sessions | None = None
    users: KnownUsers | None = None
    loopback: bool = True
    proxy: ProxyHeader | None = None
    sign_in: SignIn | None = None

    @property
    def mode(self) -> Mode:
        if self.users is not None and not self.users.are_read:
            return "unread"
        if self.users is not None and self.users.are_some:
            return "users"
        if self.takes_password:
            return "password"
        return "open" if self.loopback else "shut"

    @property
    def stored(self) -> Stored:
        """The users, as far as they are known."""
        return self.users.stored if self.users is not None else Stored()

    @property
    def takes_password(self) -> bool:
        """True if the page has a password, which programs send as long as it does."""
        return self.sessions is not None and self.sessions.has_password

    def entry(self, given: str) -> StoredUser | None:
        """The user with this name, as someone typed it or a sign-in told it."""
        name = name_of(given)
        return self.users.find(name) if name is not None and self.users is not None else None

    def named(self, given: str) -> User | None:
        """As `entry`, the user themselves."""
        entry = self.entry(given)
        return entry.user if entry is not None else None

    def in_session(self, browser: str) -> User | None:
        """The user who is logged in with the browser, as they are now."""
        session = self.sessions.session(browser) if self.sessions is not None else None
        if session is None:
            return None
        if self.mode == "password":
            return PAGE if not session.user else None
        entry = self.users.find(session.user) if self.users is not None else None
        return entry.user if entry is not None and entry.logins == session.logins else None


class LetIn(NamedTuple):
    """A request that was let in.

    - `session`: the browser whose session let it in.
    - `again`: returns who would be let in now.
    """

    user: User
    again: Callable[[], User | None]
    session: str | None = None

    def is_still(self) -> bool:
        """True if the same user would still be let in, with the same rights."""
        return self.again() == self.user
