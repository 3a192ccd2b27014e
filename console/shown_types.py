"""The type in which a browser gets a file, by its content alone: one that it shows and never runs, or none.

A file comes from anyone on WhatsApp, and its name and its type are their word. A type of this table is the type of the
file's first bytes, so the same bytes are never a page, a script or a drawing with scripts: browsers take the type's
word for it (`nosniff`). All else is a download: HTML, SVG, XML, PDF, and whatever has no known beginning.
"""

from __future__ import annotations

import re

DOWNLOAD = "application/octet-stream"

LOOKED_AT = 4096
"""Bytes of the beginning that are looked at."""

_PICTURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBPVP8", re.DOTALL), "image/webp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
)
_SOUNDS = (
    (re.compile(rb"OggS\0.{21}.(?:.{0,255})OpusHead", re.DOTALL), "audio/ogg"),
    (re.compile(rb"ID3[\x02-\x04]\0|\xff[\xfb\xfa\xf3\xf2\xe3\xe2][\x10-\xef]", re.DOTALL), "audio/mpeg"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]", re.DOTALL), "audio/aac"),
    (re.compile(rb"RIFF....WAVEfmt ", re.DOTALL), "audio/wav"),
    (re.compile(rb"fLaC\0\0\0\x22"), "audio/flac"),
)
_WEBM = re.compile(rb"\x1a\x45\xdf\xa3.{1,80}?\x42\x82\x84webm", re.DOTALL)
_ISO = re.compile(rb"\0\0..ftyp(M4A |M4B |3g[a-z0-9]{2}|isom|iso[2-9]|mp4[12]|avc1|M4V |dash|MSNV|qt  )", re.DOTALL)

SHOWN = frozenset({
    *(type_ for _, type_ in (*_PICTURES, *_SOUNDS)),
    "audio/mp4", "audio/webm", "video/3gpp", "video/mp4", "video/webm",
})  # fmt: skip
"""Every type that is shown; all others are downloads."""


def shown_type(beginning: bytes, *, sound: bool = False) -> str | None:
    """The type of a file by its beginning; None: it is a download. `sound`: it was sent as one, which a container that
    may hold both does not tell."""
    for pattern, type_ in (*_PICTURES, *_SOUNDS):
        if pattern.match(beginning):
            return type_
    kind = "audio" if sound else "video"
    if _WEBM.match(beginning):
        return f"{kind}/webm"
    brand = _ISO.match(beginning)
    if brand is None:
        return None
    if brand[1].startswith(b"3g") and not sound:
        return "video/3gpp"
    return "audio/mp4" if brand[1] in (b"M4A ", b"M4B ") else f"{kind}/mp4"
