"""The library in memory, for tests and for what runs without a bus."""

from __future__ import annotations

from events.library import Entry, by_name, check, decoded, encoded, folded, object_of


class MemoryLibrary:
    """Library over two dicts."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], bytes] = {}
        self._objects: dict[str, bytes] = {}

    async def entry(self, account: str, name: str) -> Entry | None:
        body = self._entries.get((account, folded(name)))
        return decoded(body) if body is not None else None

    async def entries(self, account: str) -> list[Entry]:
        found = [decoded(body) for (of, _), body in self._entries.items() if of == account]
        return by_name([entry for entry in found if entry is not None])

    async def add(self, account: str, entry: Entry, content: bytes | None = None) -> Entry | None:
        body = encoded(entry, content)
        if content is not None:
            await self.keep(content)
        before = await self.entry(account, entry.name)
        self._entries[account, folded(entry.name)] = body
        return before

    async def remove(self, account: str, name: str) -> bool:
        return self._entries.pop((account, folded(name)), None) is not None

    async def keep(self, content: bytes) -> str:
        check(content)
        return self.store(object_of(content), content)

    def store(self, object_: str, content: bytes) -> str:
        """Store any bytes under an object, as a fault or a program outside may."""
        self._objects.setdefault(object_, content)
        return object_

    def lose(self, object_: str) -> None:
        """Forget the bytes of an object, as a person with the NATS CLI may."""
        self._objects.pop(object_, None)

    async def content(self, object: str) -> bytes | None:  # noqa: A002 - the field's name
        found = self._objects.get(object)
        return found if found is not None and object_of(found) == object else None
