"""The media ids under which WhatsApp keeps uploaded files: a small file in the data folder.

Losing it costs one more upload of each file, and no message.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import structlog

from events.private_file import replace_private

KEPT = timedelta(days=29)
"""Meta keeps an uploaded file for 30 days: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media"""

MOST = 2_000
"""Files that are remembered; the oldest upload is forgotten first."""

log = structlog.get_logger("recado.gateway")


class _Known(msgspec.Struct, frozen=True, array_like=True):
    """An upload: the id, and the seconds since 1970 at which Meta gave it."""

    id: str
    at: float


class _Saved(msgspec.Struct):
    """The content of the file. An id is known to the number alone that uploaded it."""

    number: str
    ids: dict[str, _Known] = {}


class MediaIds:
    """The ids of `number`, kept in the file `path`; None: in memory alone. Callers pass the time."""

    def __init__(self, path: Path | None, number: str) -> None:
        self._path = path
        self._saved = _Saved(number)
        self._is_read = path is None
        self._writing = asyncio.Lock()

    async def get(self, key: str, now: float) -> str | None:
        """The id of a file that WhatsApp still keeps."""
        if not self._is_read:
            saved = await asyncio.to_thread(self._read)
            if not self._is_read:
                self._saved, self._is_read = saved, True
        known = self._saved.ids.get(key)
        return known.id if known is not None and 0 <= now - known.at < KEPT.total_seconds() else None

    async def put(self, key: str, id_: str, now: float) -> None:
        """Remember an id, on disk before this returns. A disk that fails is logged."""
        ids = self._saved.ids
        ids.pop(key, None)
        ids[key] = _Known(id_, now)
        while len(ids) > MOST:
            del ids[next(iter(ids))]
        await self._write()

    def forget(self, id_: str) -> None:
        """Remember the id no more: WhatsApp refuses it. The disk follows with the next upload."""
        for key in [key for key, known in self._saved.ids.items() if known.id == id_]:
            del self._saved.ids[key]

    def _read(self) -> _Saved:
        path, fresh = self._path, _Saved(self._saved.number)
        assert path is not None  # noqa: S101
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
        except FileNotFoundError:
            return fresh
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            log.warning("media_ids_unreadable", file=path.name, reason=str(error), then="files are uploaded again")
            return fresh
        return saved if saved.number == fresh.number else fresh

    async def _write(self) -> None:
        if (path := self._path) is None:
            return
        async with self._writing:
            body = msgspec.json.encode(self._saved)
            try:
                await asyncio.to_thread(replace_private, path, body)
            except OSError as error:
                then = "after a restart files are uploaded again"
                log.warning("media_ids_not_saved", file=path.name, reason=str(error), then=then)
