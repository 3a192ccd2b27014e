"""The files of replies on a bus: from the object stores LIBRARY and MEDIA, piece by piece."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator
from hashlib import sha256

from events.details import Detail
from events.files import File, NotWhole
from events.jetstream.api import STREAM_NOT_FOUND, ApiRefused, stored_message
from events.jetstream.connection import Bus
from events.jetstream.library_stores import OBJECTS
from events.jetstream.media_store import BUCKET
from events.jetstream.objects import ObjectMeta, find_object, piece_subject
from events.library import digest_in
from events.log import LogUnavailable

_MEDIA = "MEDIA/"


class StoredFiles:
    """Files on a bus. Memory holds one piece of each that is read."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def find(self, object: str) -> File | None:  # noqa: A002 - the field's name
        digest = digest_in(object)
        bucket = OBJECTS if digest is not None else BUCKET
        name = digest or object.removeprefix(_MEDIA)
        try:
            meta = await find_object(self._bus, bucket, name)
        except LogUnavailable as error:
            if isinstance(error.__cause__, ApiRefused) and error.__cause__.fault.err_code == STREAM_NOT_FOUND:
                return None  # the store is of a newer version than every instance that ran here
            raise
        if meta is None or not meta.size:
            return None
        stored = _digest(meta)
        if stored is None or (digest is not None and stored != digest):
            return None
        return File(meta.size, stored, lambda: self._pieces(bucket, meta, stored))

    async def _pieces(self, bucket: str, meta: ObjectMeta, digest: str) -> AsyncGenerator[bytes, None]:
        seen, size, seq = sha256(), 0, 0
        for _ in range(meta.chunks):
            which = {"seq": seq + 1, "next_by_subj": piece_subject(bucket, meta.nuid)}
            stored = await stored_message(self._bus, f"OBJ_{bucket}", which)
            if stored is None:
                break
            piece, seq = stored.raw().body, stored.seq
            size += len(piece)
            if size > meta.size:
                break
            seen.update(piece)
            yield piece
        if seen.hexdigest() != digest:
            raise NotWhole(Detail.FILE_NOT_WHOLE.said(object=f"{bucket}/{meta.name[:100]}"))


def _digest(meta: ObjectMeta) -> str | None:
    """The SHA-256 in hexadecimal digits; None if the description has none."""
    kind, _, encoded = meta.digest.partition("=")
    try:
        digest = base64.urlsafe_b64decode(encoded.rstrip("=") + "==")
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if kind == "SHA-256" and len(digest) == sha256().digest_size else None
