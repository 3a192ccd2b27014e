"""The stream of documents in memory, for tests and for `whatif`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from events.knowledge import Document, Place, Unread, Version, read
from events.knowledge_log import Changes, KnowledgeChanged, Stock
from events.next_version import first_version, next_version
from events.settled import PREFIX, Outcome, Settled, read_outcome, read_settled

_STREAM = "2026-01-01T00:00:00+00:00"


class MemoryKnowledgeLog:
    """KnowledgeLog over a list."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, bytes]] = []
        self._changed = asyncio.Condition()

    async def exists(self) -> bool:
        return True

    async def look(self, collection: str = "") -> Stock:
        newest: dict[Place, Version] = {}
        unread: dict[str, Unread] = {}
        for seq, (subject, body) in enumerate(self._kept, 1):
            if subject.startswith(PREFIX):
                continue
            found = read(subject, seq, body)
            unread.pop(subject, None)
            if isinstance(found, Unread):
                unread[subject] = found
            elif collection in ("", found.place.collection):
                newest[found.place] = found
        return Stock(_STREAM, len(self._kept), newest, tuple(unread.values()))

    async def write(self, place: Place, document: Document, *, expected: int) -> int:
        last = next((seq for seq in range(len(self._kept), 0, -1) if self._kept[seq - 1][0] == place.subject), 0)
        body = next_version(place, document, self._kept[last - 1][1]) if last else first_version(place, document)
        if last != expected:
            raise KnowledgeChanged(place)
        await self.store(place.subject, body)
        return len(self._kept)

    async def store(self, subject: str, body: bytes) -> None:
        """Store bytes under a subject, as a program outside may."""
        self._kept.append((subject, body))
        async with self._changed:
            self._changed.notify_all()

    async def last(self, place: Place) -> Version | None:
        seqs = [seq for seq, (subject, _) in enumerate(self._kept, 1) if subject == place.subject]
        return await self.version(seqs[-1]) if seqs else None

    async def version(self, seq: int) -> Version | None:
        found = read(self._kept[seq - 1][0], seq, self._kept[seq - 1][1]) if 0 < seq <= len(self._kept) else None
        return found if isinstance(found, Version) else None

    async def settled(self) -> list[Settled]:
        return [one for subject, _ in self._kept if (one := read_settled(subject)) is not None]

    async def outcome(self, draft: Settled) -> Outcome | None:
        return next((read_outcome(body) for subject, body in self._kept if subject == draft.subject), None)

    async def settle(self, draft: Settled, outcome: Outcome) -> None:
        if draft not in await self.settled():
            await self.store(draft.subject, msgspec.json.encode(outcome))

    async def follow(self, after: int, stream: str | None) -> AsyncGenerator[Changes, None]:
        if stream not in (None, _STREAM) or after > len(self._kept):
            after = 0
        while True:
            last = len(self._kept)
            there = (self._at(seq) for seq in range(after + 1, last + 1))
            versions = tuple(read(*one) for one in there if not one[0].startswith(PREFIX))
            yield Changes(_STREAM, after == 0, last, versions, is_whole=True)
            after = last
            async with self._changed:
                await self._changed.wait_for(lambda: len(self._kept) > after)  # noqa: B023 - awaited here

    async def close(self) -> None:
        pass

    def _at(self, seq: int) -> tuple[str, int, bytes]:
        subject, body = self._kept[seq - 1]
        return subject, seq, body
