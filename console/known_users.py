"""The users of the desk as this process knows them: it follows the bucket."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec
import structlog

from events.users import Stored, StoredUser, User, UserBook, UsersChanged

_TRIES = 5
_TOLD_WITHIN = 5.0

log = structlog.get_logger("recado.users")


class KnownUsers:
    """The users of a book. `follow` must run."""

    def __init__(self, book: UserBook) -> None:
        self.read = asyncio.Event()
        """Set once they are known."""
        self._book = book
        self._stored: Stored | None = None
        self._news = asyncio.Event()

    async def follow(self) -> None:
        """Keep up with the book until cancelled."""
        async with aclosing(self._book.follow()) as changes:
            async for stored in changes:
                self._stored = stored
                self.read.set()
                news, self._news = self._news, asyncio.Event()
                news.set()

    @property
    def are_read(self) -> bool:
        return self._stored is not None

    @property
    def are_some(self) -> bool:
        return bool(self._stored)

    def find(self, name: str) -> StoredUser | None:
        return self._stored.users.get(name) if self._stored is not None else None

    async def change(self, user: User, **fields: object) -> StoredUser | None:
        """Change fields of the user's entry; returns the entry once it is known here, or None if the user is gone.
        Raises UsersChanged, LogError."""
        for _ in range(_TRIES):
            stored = await self._book.look()
            entry = stored.users.get(user.name)
            if entry is None:
                return None
            changed = msgspec.structs.replace(entry, **fields)
            try:
                seq = await self._book.write(changed, expected=stored.seq)
            except UsersChanged:
                continue
            await self._known_upto(seq)
            log.info("user_changed", name=user.name, fields=sorted(fields), by=user.name)
            return changed
        raise UsersChanged

    async def _known_upto(self, seq: int) -> None:
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                while self._stored is None or self._stored.seq < seq:
                    await self._news.wait()
        except TimeoutError:
            log.warning("users_not_told", seq=seq, then="it holds here once the bus tells it")
