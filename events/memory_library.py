"""The library in memory, for tests and for what runs without a bus."""

from __future__ import annotations

import msgspec

from events.library import Entry, by_name, check, encoded, folded, following, object_of


class MemoryLibrary:
    """Library over two dicts."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], bytes] = {}
        self._objects: dict[str, bytes] = {}

    async def entry(self, account: str, name: str) -> Entry | None:
        body = self._entries.get((account, folded(name)))
        return msgspec.json.decode(body, type=Entry) if body is not None else None

    async def entries(self, account: str) -> list[Entry]:
        bodies = (body for (of, _), body in self._entries.items() if of == account)
        return by_name([msgspec.json.decode(body, type=Entry) for body in bodies])

    async def add(self, account: str, entry: Entry, content: bytes | None = None) -> Entry | None:
        encoded(entry, content)
        if content is not None:
            await self.keep(content)
        before = await self.entry(account, entry.name)
        key = account, folded(entry.name)
        self._entries[key] = following(entry, content, self._entries.get(key, b""))
        return before

    async def remove(self, account: str, name: str) -> bool:
        return self._entries.pop((account, folded(name)), None) is not None

    async def keep(self, content: bytes) -> str:
        check(content)
        object_ = object_of(content)
        self._objects[object_] = content
        return object_

    def lose(self, object_: str) -> None:
        """Forget the bytes of an object, as a person with the NATS CLI may."""
        self._objects.pop(object_, None)

    async def content(self, object: str) -> bytes | None:  # noqa: A002 - the field's name
        return self._objects.get(object)
