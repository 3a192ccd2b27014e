"""Sign-ins that browsers began, each kept in a cookie of its browser alone, which this process signs.

So a callback counts only in the browser that began the sign-in, within LASTS, and once.
"""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from hashlib import sha256
from secrets import token_bytes, token_urlsafe

import msgspec

LASTS = 600
"""Seconds within which one signs in at the provider."""

LONGEST_TO = 1_024
"""Characters of the address to go to afterwards; a longer one is left out."""

_LONGEST_COOKIE = 4_096
_MOST_USED = 10_000


class Attempt(msgspec.Struct, frozen=True):
    """A sign-in that a browser began.

    - `state`: comes back from the provider, in the address.
    - `nonce`: comes back in the ID token.
    - `verifier`: the secret of PKCE, which exchanges the code (RFC 7636).
    - `to`: the address to go to afterwards.
    - `until`: when it ends, in seconds of the process's clock.
    """

    state: str
    nonce: str
    verifier: str
    to: str
    until: float


class Attempts:
    """The sign-ins of one process. A restart ends them."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._key = token_bytes(32)
        self._used: dict[str, float] = {}

    def begin(self, to: str) -> Attempt:
        to = to if len(to) <= LONGEST_TO else "/desk"
        return Attempt(token_urlsafe(32), token_urlsafe(32), token_urlsafe(48), to, self._now() + LASTS)

    def cookie(self, attempt: Attempt) -> str:
        body = msgspec.json.encode(attempt)
        return f"{urlsafe_b64encode(body).decode()}.{self._signature(body)}"

    def take(self, cookie: str, state: str) -> Attempt | None:
        """The sign-in of this cookie, if it has this state, goes on, and was not taken before."""
        now, attempt = self._now(), self._read(cookie)
        if attempt is None or attempt.until < now or not hmac.compare_digest(attempt.state.encode(), _bytes(state)):
            return None
        self._used = {one: until for one, until in self._used.items() if until >= now}
        if attempt.state in self._used:
            return None
        if len(self._used) >= _MOST_USED:  # the provider refuses a code that was used, too
            del self._used[next(iter(self._used))]
        self._used[attempt.state] = attempt.until
        return attempt

    def _read(self, cookie: str) -> Attempt | None:
        body, dot, signature = cookie.partition(".")
        if not dot or len(cookie) > _LONGEST_COOKIE:
            return None
        try:
            content = urlsafe_b64decode(_bytes(body))
        except (Error, ValueError):
            return None
        if not hmac.compare_digest(self._signature(content).encode(), _bytes(signature)):
            return None
        return msgspec.json.decode(content, type=Attempt)

    def _signature(self, body: bytes) -> str:
        return hmac.new(self._key, body, sha256).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
