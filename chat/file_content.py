"""The type of a file by its content: its name says nothing. Pure.

recado knows the few types that WhatsApp takes, whether such a file is whole, and the types that people try instead.
"""

from __future__ import annotations

from collections.abc import Callable

from chat.file_types import (
    AAC,
    AMR,
    ANIMATED,
    FORBIDDEN,
    JPEG,
    MP3,
    OPUS,
    PDF,
    PNG,
    STICKER,
    TEXT,
    FileNotTaken,
    FileType,
)
from chat.iso_media import cut_off, iso_type
from chat.office_files import old_office_type, package_type
from events.phrases import Phrase

MOST_STEPS = 100_000
"""Parts of a file (segments, chunks, pages) that are looked at."""

_UNWRITTEN = frozenset(range(32)) - frozenset(b"\t\n\r\x0c\x1b")
"""Bytes that no text has."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EIGHT_BITS = {(b"\x08", b"\x01"), (b"\x08", b"\x03")}
"""Bits of a colour, and the number of colours."""

_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")


def type_of(content: bytes) -> FileType:
    """The type of a whole file. Raises FileNotTaken."""
    if not content:
        raise FileNotTaken(Phrase("the file is empty"))
    for beginning, find in _BEGINNINGS:
        if content.startswith(beginning):
            return find(content)
    if content[4:8] == b"ftyp":
        return iso_type(content)
    for beginning, words, remedy in FORBIDDEN:
        if content.startswith(beginning) and not (len(beginning) <= 3 and _is_text(content)):
            raise FileNotTaken(
                Phrase("it is %(words)s, which WhatsApp does not take: %(remedy)s", words=words, remedy=remedy)
            )
    if (sound := _bare_sound(content)) is not None:
        return sound
    return _text(content)


def _jpeg(content: bytes) -> FileType:
    at = 2
    for _ in range(MOST_STEPS):
        marker, length = content[at : at + 2], int.from_bytes(content[at + 2 : at + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or at + 2 + length > len(content):
            break
        kind = marker[1]
        if kind in _FRAMES and (content[at + 4 : at + 5], content[at + 9 : at + 10]) not in _EIGHT_BITS:
            raise FileNotTaken(
                Phrase("the JPEG picture is not in 8-bit RGB, as WhatsApp wants it: save it for the web")
            )
        if kind == 0xDA:
            if content.rfind(b"\xff\xd9") > at:
                return JPEG
            break
        at += 1 if kind == 0xFF else 2 + length
    raise cut_off(Phrase("the JPEG picture"))


def _png(content: bytes) -> FileType:
    at = 8
    for _ in range(MOST_STEPS):
        length, chunk = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if at + 12 + length > len(content):
            break
        if chunk == b"IHDR" and content[at + 16 : at + 17] > b"\x08":
            raise FileNotTaken(
                Phrase("the PNG picture has 16 bits for a colour, and WhatsApp takes 8: save it with 8 bits")
            )
        if chunk == b"IEND":
            return PNG
        at += 12 + length
    raise cut_off(Phrase("the PNG picture"))


def _riff(content: bytes) -> FileType:
    what = content[8:12]
    if what == b"WAVE":
        raise FileNotTaken(Phrase("it is a WAV sound, which WhatsApp does not take: save it as MP3"))
    if what != b"WEBP":
        raise FileNotTaken(
            Phrase("it is an AVI video, which WhatsApp does not take: convert it to MP4 with H.264 and AAC")
        )
    if int.from_bytes(content[4:8], "little") + 8 > len(content) or len(content) < 21:
        raise cut_off(Phrase("the WebP picture"))
    return ANIMATED if content[12:16] == b"VP8X" and content[20] & 2 else STICKER


def _ogg(content: bytes) -> FileType:
    head = content[27 + content[26] :] if len(content) > 27 else b""
    if not head.startswith(b"OpusHead"):
        raise FileNotTaken(Phrase("it is an OGG file without Opus, which WhatsApp does not take: save it as MP3"))
    if head[9:10] != b"\x01":
        raise FileNotTaken(
            Phrase("it has several channels, and WhatsApp takes OGG with one: save it as mono, or as MP3")
        )
    at = 0
    for _ in range(MOST_STEPS):
        if at == len(content):
            return OPUS
        if content[at : at + 4] != b"OggS" or at + 27 > len(content):
            break
        sizes = content[at + 27 : at + 27 + content[at + 26]]
        at += 27 + len(sizes) + sum(sizes)
    raise cut_off(Phrase("the sound"))


def _pdf(content: bytes) -> FileType:
    if b"%%EOF" not in content[-2048:]:
        raise cut_off(Phrase("the PDF"))
    return PDF


def _tagged_sound(content: bytes) -> FileType:
    size = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=False))
    sound = _bare_sound(content[size : size + 4096].lstrip(b"\0"))
    if sound is None:
        raise cut_off(Phrase("the sound"))
    return sound


def _bare_sound(content: bytes) -> FileType | None:
    """MP3 or AAC by the head of its first frame."""
    if len(content) < 7 or content[0] != 0xFF:
        return None
    if content[1] & 0xF6 == 0xF0 and content[2] >> 2 & 0xF < 13:
        return AAC
    layer_three, rate, frequency = content[1] & 0xE6 == 0xE2, content[2] >> 4, content[2] >> 2 & 3
    return MP3 if layer_three and 0 < rate < 15 and frequency < 3 else None


def _text(content: bytes) -> FileType:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileNotTaken(Phrase("the text is in UTF-16: save it as UTF-8"))
    if not _is_text(content):
        raise FileNotTaken(Phrase("it is of a type that WhatsApp does not take: save it as PDF, or send a link"))
    beginning = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if beginning.startswith(_MARKUP) or b"<html" in beginning:
        raise FileNotTaken(
            Phrase("it is a page of HTML, which WhatsApp does not take: print it to PDF, or send a link")
        )
    if beginning.startswith((b"<?xml", b"<svg")):
        raise FileNotTaken(
            Phrase("it is an XML file (a drawing in SVG?), which WhatsApp does not take: save it as PNG or PDF")
        )
    return TEXT


def _is_text(content: bytes) -> bool:
    if not _UNWRITTEN.isdisjoint(content[:65536]) or b"\0" in content:
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return bool(content.strip())


def _amr(_content: bytes) -> FileType:
    return AMR


_BEGINNINGS: tuple[tuple[bytes, Callable[[bytes], FileType]], ...] = (
    (b"\xff\xd8\xff", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"RIFF", _riff),
    (b"OggS", _ogg),
    (b"%PDF-", _pdf),
    (b"PK\x03\x04", package_type),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", old_office_type),
    (b"ID3", _tagged_sound),
    (b"#!AMR\n", _amr),
)
