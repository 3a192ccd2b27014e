"""Passwords of users: hashed with argon2id, off the loop, and as slowly for a name that no user has."""

from __future__ import annotations

import asyncio
import base64
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from events.phrases import Phrase
from events.users import LONGEST_PASSWORD, SHORTEST_PASSWORD, is_guessed_at_once

_SALT, _KEY = b"of no user at al", b"nobody has this password, never!"
"""16 and 32 bytes, as the library makes them: argon2 refuses others at once, which tells names that no user has."""

log = structlog.get_logger("recado.console")


class Passwords:
    """Makes and checks hashes, which takes 64 MiB and some tenths of a second each: one at once for visitors who are
    known, and one for strangers. The parameters are those of RFC 9106 for little memory, the library's default."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher = hasher or PasswordHasher()
        # Of the parameters of a fresh hash, so that it takes as long.
        cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
        self._of_no_user = f"$argon2id$v=19${cost}${_unpadded(_SALT)}${_unpadded(_KEY)}"
        self._for_known, self._for_strangers = (ThreadPoolExecutor(1, "passwords") for _ in range(2))

    async def hashed(self, password: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._for_known, self._hasher.hash, _normal(password))

    async def matches(self, hashed: str, given: str, *, known: bool) -> bool:
        """True if it is the hash of the given password. Empty, for a name that no user has or a user without a
        password: it is not, after as long a time."""
        loop, lane = asyncio.get_running_loop(), self._for_known if known else self._for_strangers
        is_right = await loop.run_in_executor(lane, self._verify, hashed or self._of_no_user, given)
        return is_right and bool(hashed)

    def _verify(self, hashed: str, given: str) -> bool:
        try:
            return self._hasher.verify(hashed, _normal(given[: LONGEST_PASSWORD + 1]))
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as error:
            log.warning("password_hash_not_read", reason=str(error), help="recado user password")
            return False


def fault_of(password: str, name: str) -> Phrase | None:
    """The reason for which the user may not have this password, with the remedy; None if they may."""
    if len(password) < SHORTEST_PASSWORD:
        return Phrase(
            "A password has %(shortest)s characters at least, and this one has %(length)s.",
            shortest=SHORTEST_PASSWORD,
            length=len(password),
        )
    if len(password) > LONGEST_PASSWORD:
        return Phrase(
            "A password has %(longest)s characters at most, and this one has %(length)s.",
            longest=LONGEST_PASSWORD,
            length=len(password),
        )
    if is_guessed_at_once(password):
        return Phrase("Blanks alone, or one sign again and again, are guessed at once: take another password.")
    if password.casefold() == name:
        return Phrase("The name is no password: take another one.")
    return None


def _unpadded(value: bytes) -> str:
    return base64.b64encode(value).rstrip(b"=").decode()


def _normal(password: str) -> bytes:
    """The password's bytes. Keyboards write é as one character or as two: RFC 8265 takes the one."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
