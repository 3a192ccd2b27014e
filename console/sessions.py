"""The sessions of the page, kept in one file, so that a session can be ended and outlives a restart.

A browser's cookie is 256 random bits; the file has their SHA-256. The page's password is in the file only as a salted
scrypt hash: with another password every session that began with it ends. After its session a browser stays known, and
so do the addresses from which a right password came: guesses of strangers do not keep those out (see
console/guesses.py).
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable
from hashlib import scrypt, sha256
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Annotated

import msgspec
import structlog

FILE = "page-sessions.json"

LASTS = 14 * 24 * 3600
"""Seconds for which a browser stays logged in."""

KNOWN = 180 * 24 * 3600
"""Seconds for which a browser stays known after it logged in; its cookie lives as long."""

MOST_BROWSERS = 512
MOST_ADDRESSES = 64
"""Of more, those that logged in first are forgotten."""

_LARGEST = 1024 * 1024

log = structlog.get_logger("recado.console")


class KnownBrowser(msgspec.Struct):
    """Until when it is logged in, and until when it is known, in seconds since 1970.

    - `user`: who logged in; empty: someone with the page's password.
    - `logins`: the mark that the user's sessions bore then.
    """

    session_until: float
    known_until: float
    user: str = ""
    logins: str = ""


class Kept(msgspec.Struct):
    """The file. `cookie` is the cookie's name, so that two instances on one host have two. `browsers` have the SHA-256
    of their cookies as names."""

    cookie: Annotated[str, msgspec.Meta(pattern="^recado-[0-9a-f]{8}$")]
    salt: str
    password: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]+$")]
    browsers: dict[str, KnownBrowser] = {}
    addresses: list[str] = []


class Sessions:
    """The sessions of one instance, whose page has `password`; empty: it has none. `now` is the time in seconds since
    1970."""

    def __init__(self, file: Path, password: str, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._password = password
        self._now = now
        self._kept = self._loaded()

    @property
    def cookie(self) -> str:
        return self._kept.cookie

    @property
    def has_password(self) -> bool:
        return bool(self._password)

    def is_password(self, given: str) -> bool:
        return self.has_password and hmac.compare_digest(given.encode(), self._password.encode())

    def browser_of(self, token: str) -> str | None:
        """The known browser whose cookie this is."""
        browser = _hash(token)
        known = self._kept.browsers.get(browser)
        return browser if known is not None and self._now() < known.known_until else None

    def session(self, browser: str) -> KnownBrowser | None:
        """The browser, if it is logged in. It does not know whether the sessions of its user still hold."""
        known = self._kept.browsers.get(browser)
        return known if known is not None and self._now() < known.session_until else None

    def knows_address(self, address: str) -> bool:
        return address in self._kept.addresses

    def begin(self, browser: str | None, address: str, user: str = "", logins: str = "") -> str:
        """Begin a session of the user, whose sessions bear the mark `logins` now; returns its cookie. `browser` is the
        browser's earlier name."""
        now, token, browsers = self._now(), token_urlsafe(32), self._kept.browsers
        self._kept.browsers = browsers = {
            name: known for name, known in browsers.items() if name != browser and now < known.known_until
        }
        while len(browsers) >= MOST_BROWSERS:
            del browsers[next(iter(browsers))]
            log.warning("browser_forgotten", reason=f"{MOST_BROWSERS} others logged in after it")
        browsers[_hash(token)] = KnownBrowser(now + LASTS, now + KNOWN, user, logins)
        self._add_address(address)
        self._save()
        return token

    def end(self, browser: str) -> None:
        """Log the browser out; it stays known."""
        if browser in self._kept.browsers:
            self._kept.browsers[browser].session_until = 0
            self._save()

    def let_in(self, address: str) -> None:
        """A program gave the right password."""
        if not self.knows_address(address):
            self._add_address(address)
            self._save()

    def _add_address(self, address: str) -> None:
        others = [one for one in self._kept.addresses if one != address]
        self._kept.addresses = [*others, address][-MOST_ADDRESSES:]

    def _loaded(self) -> Kept:
        kept = self._read()
        if kept is None:
            return Kept(f"recado-{token_hex(4)}", *_hidden(self._password, token_hex(16)))
        if hmac.compare_digest(kept.password, _hidden(self._password, kept.salt)[1]):
            return kept
        kept.salt, kept.password = _hidden(self._password, token_hex(16))
        with_password = [known for known in kept.browsers.values() if not known.user]
        for known in with_password:
            known.session_until = 0
        if with_password:
            log.info("sessions_ended", reason="another password of the page")
        self._kept = kept
        self._save()
        return kept

    def _read(self) -> Kept | None:
        try:
            with os.fdopen(os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                return msgspec.json.decode(file.read(_LARGEST), type=Kept)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("sessions_unreadable", file=self._file.name, reason=str(error), help="people log in again")
            return None

    def _save(self) -> None:
        """Replace the file at once or not at all. Where that fails, sessions last as long as this process."""
        fresh = self._file.with_name(self._file.name + ".new")
        try:
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
                output.write(msgspec.json.encode(self._kept))
                output.flush()
                os.fsync(output.fileno())
            fresh.replace(self._file)
        except OSError as error:
            log.warning("sessions_not_stored", file=self._file.name, reason=str(error))


def _hash(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()


def _hidden(password: str, salt: str) -> tuple[str, str]:
    """The salt, and the password's scrypt hash with it. No password is no secret: it needs no hash of 50 ms of CPU."""
    if not password:
        return salt, sha256(salt.encode()).hexdigest()
    return salt, scrypt(password.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()
