"""Type and largest size of a file that is sent; the table is that of chat.file_types."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from contextlib import aclosing

from chat.file_types import TYPES
from events.files import File
from events.parts import FILES, Part

LARGEST: Mapping[str, int] = {kind: max(type_.most for type_ in TYPES if type_.kind == kind) for kind in FILES}
"""Bytes, by kind."""

UNKNOWN = "application/octet-stream"

_TYPE = re.compile(r"[a-zA-Z0-9][\w.+-]{0,100}/[a-zA-Z0-9][\w.+-]{0,100}(; ?[a-z]{1,20}=[\w.,-]{1,50})?", re.ASCII)
_BEGINNINGS = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"ID3|\xff[\xfb\xf3\xf2]"), "audio/mpeg"),
    (re.compile(rb"#!AMR"), "audio/amr"),
    (re.compile(rb"....ftyp3g", re.DOTALL), "video/3gpp"),
    (re.compile(rb"....ftypM4A", re.DOTALL), "audio/mp4"),
    (re.compile(rb"....ftyp", re.DOTALL), "video/mp4"),
)


async def type_of(part: Part, file: File) -> str:
    """The MIME type of a part's file: its own word, or that of its name, or that of its first bytes. Raises
    LogUnavailable, NotWhole."""
    if part.mime is not None and _TYPE.fullmatch(part.mime.strip()):
        return part.mime.strip()
    if part.filename is not None and (guessed := mimetypes.guess_type(part.filename)[0]) is not None:
        return guessed
    async with aclosing(file.pieces()) as pieces:
        async for first in pieces:
            return next((name for beginning, name in _BEGINNINGS if beginning.match(first)), UNKNOWN)
    return UNKNOWN
