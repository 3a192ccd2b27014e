"""Object stores for tests of the page, in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from hashlib import sha256

from events.files import File, NotWhole
from events.jetstream.media_store import SENT, Object
from events.library import object_of
from events.log import LogError

PIECE = 128 * 1024


def file_of(content: bytes, *, piece: int = PIECE, broken: bool = False) -> File:
    """The bytes as a stored file; `broken`: its last piece is missing."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        for start in range(0, len(content) - (piece if broken else 0), piece):
            yield content[start : start + piece]
        if broken:
            raise NotWhole("MEDIA/x is no longer whole")

    return File(len(content), sha256(content).hexdigest(), pieces)


class Stores:
    """Files by their object, in the library and beside it; `why`: the reasons of files that were not fetched; `kept`:
    how often one was given to be kept; `fault`: why none is kept."""

    def __init__(self) -> None:
        self.there: dict[str, bytes] = {}
        self.why: dict[str, Object] = {}
        self.asked: list[str] = []
        self.kept = 0
        self.fault: LogError | None = None

    def put(self, content: bytes, name: str | None = None) -> str:
        object_ = f"MEDIA/{name}" if name is not None else object_of(content)
        self.there[object_] = content
        return object_

    async def find(self, object: str) -> File | None:  # noqa: A002 - the field's name
        self.asked.append(object)
        content = self.there.get(object)
        return file_of(content) if content is not None else None

    async def size(self, account: str, object: str) -> int | None:  # noqa: A002
        return len(self.there[object]) if object in self.there else None

    async def arrived(self, name: str) -> Object | None:
        content = self.there.get(f"MEDIA/{name}")
        return Object(len(content)) if content is not None else self.why.get(name)

    async def keep(self, content: bytes, name: str) -> str:
        self.kept += 1
        if self.fault is not None:
            raise self.fault
        return self.put(content, f"{SENT}{name}")
