"""The files that replies send, from both object stores."""

from __future__ import annotations

from events.jetstream.media_store import BUCKET, MediaStore
from events.library import Library

_MEDIA = f"{BUCKET}/"


class SentFiles:
    """console.deps.Files over the library and the bucket MEDIA."""

    def __init__(self, library: Library, media: MediaStore) -> None:
        self._library = library
        self._media = media

    async def content(self, object: str) -> bytes | None:  # noqa: A002 - the field's name
        if object.startswith(_MEDIA):
            return await self._media.read(object.removeprefix(_MEDIA))
        return await self._library.content(object)

    async def size(self, account: str, object: str) -> int | None:  # noqa: A002 - the field's name
        if object.startswith(_MEDIA):
            found = await self._media.find(object.removeprefix(_MEDIA))
            return found.size if found is not None and found.reason is None else None
        entries = await self._library.entries(account)
        return next((entry.size for entry in entries if entry.part.object == object), None)
