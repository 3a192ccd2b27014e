"""The files of messages and replies, from both object stores."""

from __future__ import annotations

from events.files import File
from events.jetstream.connection import Bus
from events.jetstream.media_store import BUCKET, MediaStore, Object
from events.jetstream.stored_files import StoredFiles
from events.library import Library

_MEDIA = f"{BUCKET}/"


class SentFiles:
    """console.deps.Files over the library and the bucket MEDIA."""

    def __init__(self, bus: Bus, library: Library, media: MediaStore) -> None:
        self._stored = StoredFiles(bus)
        self._library = library
        self._media = media

    async def find(self, object: str) -> File | None:  # noqa: A002 - the field's name
        return await self._stored.find(object)

    async def size(self, account: str, object: str) -> int | None:  # noqa: A002 - the field's name
        if object.startswith(_MEDIA):
            found = await self._media.find(object.removeprefix(_MEDIA))
            return found.size if found is not None and found.reason is None else None
        entries = await self._library.entries(account)
        return next((entry.size for entry in entries if entry.part.object == object), None)

    async def arrived(self, name: str) -> Object | None:
        return await self._media.find(name)

    async def keep(self, content: bytes, name: str) -> str:
        return await self._media.keep(content, name)
