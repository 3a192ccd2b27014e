"""The stream of profiles in memory, for tests and for whatever runs without a bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from events.profile import InForce, Profile, encoded
from events.profile_log import ProfilesChanged, Stored, Unread, read


class MemoryProfileLog:
    """ProfileLog over a list."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, bytes]] = []
        self._changed = asyncio.Condition()

    async def look(self) -> Stored:
        newest: dict[str, Profile] = {}
        unread: list[Unread] = []
        for seq, (name, body) in enumerate(self._kept, 1):
            found = read(name, seq, body)
            unread = [one for one in unread if one.name != name]
            if isinstance(found, Profile):
                newest[name] = found
            else:
                unread.append(found)
        return Stored(len(self._kept), newest, tuple(unread))

    async def write(self, profiles: Sequence[Profile], *, expected: int) -> int:
        bodies = [(profile.name, encoded(profile)) for profile in profiles]
        if expected != len(self._kept):
            raise ProfilesChanged
        await self.store(*bodies)
        return len(self._kept)

    async def store(self, *bodies: tuple[str, bytes]) -> None:
        """Store bytes under names, as a program outside may."""
        self._kept += bodies
        async with self._changed:
            self._changed.notify_all()

    async def history(self, name: str) -> list[Profile]:
        versions = (read(name, seq, body) for seq, (stored, body) in enumerate(self._kept, 1) if stored == name)
        return [one for one in versions if isinstance(one, Profile)]

    async def version(self, name: str, n: int) -> Profile | None:
        return next((one for one in await self.history(name) if one.n == n), None)

    async def follow(self) -> AsyncGenerator[InForce, None]:
        seen = -1
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: len(self._kept) != seen)  # noqa: B023 - awaited here
            seen = len(self._kept)
            yield (await self.look()).in_force

    async def close(self) -> None:
        pass
