"""The bucket of users in memory, for tests and for a page without a bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from events.users import Stored, StoredUser, UsersChanged, encoded, removal, stored_in


class MemoryUsers:
    """UserBook over a dict."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._seq = 0
        self._changed = asyncio.Condition()

    async def look(self) -> Stored:
        return stored_in(self._seq, self._kept)

    async def write(self, user: StoredUser, *, expected: int) -> int:
        return await self._put(user.name, encoded(user), expected)

    async def remove(self, name: str, by: str, *, expected: int) -> int:
        return await self._put(name, removal(by), expected)

    async def store(self, name: str, body: bytes) -> int:
        """Store bytes under a name, as a program outside may; none: the user is removed."""
        self._kept[name] = body
        self._seq += 1
        async with self._changed:
            self._changed.notify_all()
        return self._seq

    async def follow(self) -> AsyncGenerator[Stored, None]:
        seen = -1
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._seq != seen)  # noqa: B023 - awaited here
            seen = self._seq
            yield await self.look()

    async def close(self) -> None:
        pass

    async def _put(self, name: str, body: bytes, expected: int) -> int:
        if expected != self._seq:
            raise UsersChanged
        return await self.store(name, body)
