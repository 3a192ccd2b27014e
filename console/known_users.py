"""The users of the desk as this process knows them: it follows the bucket."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec
import structlog

from events.users import Stored, StoredUser, User, UserBook, UsersChanged

_TRIES = 5

log = structlog.get_logger("recado.users")


class KnownUsers:
    """The users of a book. `follow` must run."""

    def __init__(self, book: UserBook) -> None:
        self.read = asyncio.Event()
        """Set once they are known."""
        self._book = book
        self._stored: Stored | None = None

    async def follow(self) -> None:
        """Keep up with the book until cancelled."""
        async with aclosing(self._book.follow()) as changes:
            async for stored in changes:
                self._stored = stored
                self.read.set()

    @property
    def are_read(self) -> bool:
        return self._stored is not None

    @property
    def are_some(self) -> bool:
        return bool(self._stored)

    def find(self, name: str) -> StoredUser | None:
        return self._stored.users.get(name) if self._stored is not None else None

    async def change(self, user: User, **fields: object) -> StoredUser | None:
        """Change fields of the user's entry; returns the entry, or None if the user is gone. Raises UsersChanged,
        LogError."""
        for _ in range(_TRIES):
            stored = await self._book.look()
            entry = stored.users.get(user.name)
            if entry is None:
                return None
            changed = msgspec.structs.replace(entry, **fields)
            try:
                await self._book.write(changed, expected=stored.seq)
            except UsersChanged:
                continue
            log.info("user_changed", name=user.name, fields=sorted(fields), by=user.name)
            return changed
        raise UsersChanged
