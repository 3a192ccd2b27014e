"""Wrong passwords: few from one place, of one name, and from all strangers together, so that no stranger keeps a user
out."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

import structlog
from starlette.requests import cookie_parser
from starlette.types import Scope

from console.languages import marked
from console.sessions import Sessions
from events.phrases import Phrase

EACH = 10
STRANGERS = 100
OF_A_NAME = 20
WITHIN = 60.0
"""So many wrong passwords of one place, of one name by strangers, or of all strangers together, in so many seconds:
then the place's, those that strangers give with the name, or every stranger's, are not looked at until the oldest is
over."""

log = structlog.get_logger("recado.console")


@dataclass(frozen=True)
class Visitor:
    """Where a request comes from: its network `address` (of IPv6 the /64), and the `browser` if it has been logged in
    before. `known`: its wrong passwords do not count among the strangers'."""

    address: str
    browser: str | None = None
    known: bool = False

    @property
    def place(self) -> str:
        """The name by which its guesses and its live streams are counted."""
        return self.browser or self.address


def visitor_of(scope: Scope, cookies: str, sessions: Sessions | None) -> Visitor:
    """The visitor who sent a request with these cookies."""
    client = scope.get("client")
    address = network(client[0] if client else "")
    if sessions is None:
        return Visitor(address)
    # SimpleCookie stops at the first cookie that it cannot read; other programs on this host set such ones.
    browser = sessions.browser_of(cookie_parser(cookies).get(sessions.cookie, ""))
    return Visitor(address, browser, known=browser is not None or sessions.knows_address(address))


def network(host: str) -> str:
    """The address as it is counted. An IPv6 customer has at least a /64; all texts that are no address count as one."""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


class Guess(NamedTuple):
    """A password, and whose it is to be; `name` is empty where there are no users."""

    at: float
    visitor: Visitor
    name: str


class Guesses:
    """The wrong passwords of the last minute, and those that are being looked at. There are at most STRANGERS, and EACH
    of every known place."""

    def __init__(self) -> None:
        self._wrong: deque[Guess] = deque()
        self._told_at = -WITHIN

    def too_many(self, visitor: Visitor, name: str = "") -> Phrase | None:
        """The reason for which the visitor's password is not looked at now, with the remedy; None if it is."""
        now = time.monotonic()
        while self._wrong and self._wrong[0].at < now - WITHIN:
            self._wrong.popleft()
        if sum(one.visitor.place == visitor.place for one in self._wrong) >= EACH:
            return marked("Too many wrong passwords from here. Wait a minute.")
        if visitor.known:
            return None
        strangers = [one for one in self._wrong if not one.visitor.known]
        if name and sum(one.name == name for one in strangers) >= OF_A_NAME:
            return marked(
                "Too many wrong passwords of this name. Wait a minute, or use a browser, or a network, from which you "
                "logged in before."
            )
        if len(strangers) < STRANGERS:
            return None
        if now - self._told_at >= WITHIN:
            self._told_at = now
            log.warning("strangers_kept_out", wrong_passwords=STRANGERS, seconds=WITHIN)
        return marked(
            "Too many wrong passwords from many places. Wait a minute, or use a browser, or a network, from which you "
            "logged in before."
        )

    def was_wrong(self, visitor: Visitor, *, by: str) -> None:
        """Count a wrong password; `by` names the kind of client."""
        self.tell(visitor, by=by)
        self.count(visitor)

    def count(self, visitor: Visitor, name: str = "") -> Guess:
        guess = Guess(time.monotonic(), visitor, name)
        self._wrong.append(guess)
        return guess

    def take_back(self, guess: Guess) -> None:
        """The password was right."""
        if guess in self._wrong:
            self._wrong.remove(guess)

    def tell(self, visitor: Visitor, *, by: str, user: str = "") -> None:
        """Log that a password was wrong; `by` names the kind of client."""
        log.warning("wrong_password", by=by, address=visitor.address, **({"user": user} if user else {}))
