"""Files of the family of MP4: which of them are videos and sounds that WhatsApp takes. Pure.

Boxes: ISO/IEC 14496-12; brands: https://mp4ra.org/registered-types/brands. Of the codecs WhatsApp takes H.264 and AAC,
with one sound at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chat.file_types import M4A, MP4, THREE_GP, FileNotTaken, FileType
from events.phrases import Phrase

DEEPEST = 16
"""Levels of boxes in boxes; a sound or video has five."""

MOST_BOXES = 20_000
"""Boxes of a file that are looked at."""

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_PICTURES = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), Phrase("a HEIC picture")),
    **dict.fromkeys((b"avif", b"avis"), Phrase("an AVIF picture")),
}
_H264 = frozenset({b"avc1", b"avc2", b"avc3", b"avc4"})


class _Box(NamedTuple):
    type: bytes
    start: int
    end: int


class _Track(NamedTuple):
    handler: bytes
    codecs: tuple[bytes, ...]


def iso_type(content: bytes) -> FileType:
    """The type of a file that begins with a box `ftyp`. Raises FileNotTaken."""
    brand = content[8:12]
    if (picture := _PICTURES.get(brand)) is not None:
        raise FileNotTaken(Phrase("it is %(picture)s, which WhatsApp does not take: save it as JPEG", picture=picture))
    tracks = _tracks(content)
    sounds = [track for track in tracks if track.handler == b"soun"]
    pictures = [track for track in tracks if track.handler == b"vide"]
    if not tracks:
        raise FileNotTaken(Phrase("it has neither a video nor a sound that can be found: save it again"))
    if brand == b"qt  ":
        raise FileNotTaken(
            Phrase("it is a QuickTime file, which WhatsApp does not take: convert it to MP4 with H.264 and AAC")
        )
    if len(sounds) > 1 or any(track.codecs != (b"mp4a",) for track in sounds):
        raise FileNotTaken(Phrase("its sound is none that WhatsApp takes: convert it so that it has one, in AAC"))
    if not pictures:
        return M4A
    if any(not _H264.issuperset(track.codecs) for track in pictures):
        raise FileNotTaken(
            Phrase("its video is not in H.264, as WhatsApp wants it: convert it to MP4 with H.264 and AAC")
        )
    return THREE_GP if brand.startswith(b"3g") else MP4


def _tracks(content: bytes) -> list[_Track]:
    tracks: list[_Track] = []
    has_data = False
    for box in _boxes(content, 0, len(content), [MOST_BOXES]):
        if box.type == b"hdlr" and content[box.start + 4 : box.start + 8] != b"dhlr":
            tracks.append(_Track(content[box.start + 8 : box.start + 12], ()))
        elif box.type == b"stsd" and tracks:
            tracks[-1] = tracks[-1]._replace(codecs=_codecs(content, box))
        has_data = has_data or box.type in {b"mdat", b"moof"}
    if not has_data:
        raise cut_off(Phrase("the file"))
    return [track for track in tracks if track.handler in {b"soun", b"vide"}]


def _codecs(content: bytes, box: _Box) -> tuple[bytes, ...]:
    """The codecs of a sample description, after its version and count."""
    entries = _boxes(content, box.start + 8, box.end, [MOST_BOXES])
    return tuple(entry.type for entry in entries)


def _boxes(content: bytes, start: int, end: int, left: list[int], depth: int = 1) -> Iterator[_Box]:
    """The boxes from `start` on, and those in containers. `left` counts how many more may be looked at."""
    while start < end:
        left[0] -= 1
        if left[0] < 0:
            raise FileNotTaken(Phrase("it has more parts than a video or sound has: save it again"))
        size, head = int.from_bytes(content[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            raise cut_off(Phrase("the file"))
        box = _Box(content[start + 4 : start + 8], start + head, start + size)
        yield box
        if box.type in _CONTAINERS:
            if depth >= DEEPEST:
                raise cut_off(Phrase("the file"))
            yield from _boxes(content, box.start, box.end, left, depth + 1)
        start = box.end


def cut_off(words: Phrase) -> FileNotTaken:
    return FileNotTaken(Phrase("%(words)s ends in the middle, or is damaged: copy or save it again", words=words))
