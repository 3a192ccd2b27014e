"""A tiny picture of one colour."""

from __future__ import annotations

import struct
import zlib

COLOURS = {
    "red": (220, 20, 20),
    "green": (20, 160, 40),
    "blue": (20, 40, 220),
    "yellow": (250, 230, 20),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}

_SIDE = 64
"""Pixels: some servers refuse smaller pictures."""


def png(colour: str) -> bytes:
    """A PNG of a name in COLOURS (https://www.w3.org/TR/png-3/)."""
    line = b"\x00" + bytes(COLOURS[colour]) * _SIDE
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    pieces = (b"IHDR", head), (b"IDAT", zlib.compress(line * _SIDE)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in pieces)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
