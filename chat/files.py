"""Makes the part that sends a file, after the checks of WhatsApp's own limits. Pure."""

from __future__ import annotations

from chat.file_content import type_of
from chat.file_types import OPUS, FileNotTaken, FileType
from events.library import LARGEST, object_of
from events.parts import FILES, Part
from events.phrases import Phrase

VOICE = "voice"
KINDS = (*sorted(FILES), VOICE)
"""The kinds as which a file can be sent. A voice is an audio that is shown as a voice message."""

SENT_AS = {
    "image": Phrase("a picture"),
    "video": Phrase("a video"),
    "audio": Phrase("a sound"),
    "document": Phrase("a document"),
    "sticker": Phrase("a sticker"),
    VOICE: Phrase("a voice message"),
}

_CAPTIONED = frozenset({"image", "video", "document"})
LONGEST_CAPTION = 1024
"""Characters."""


def file_part(content: bytes, name: str, *, kind: str | None = None, caption: str | None = None) -> Part:
    """The part that sends these bytes from the library. Raises FileNotTaken.

    - `name`: the file's; people see that of a document, with the end that its type has.
    - `kind`: one of KINDS that the file has to be; None: what its content says.
    - `caption`: the words beneath a picture, a video or a document.
    """
    if len(content) > LARGEST:
        raise FileNotTaken(
            Phrase(
                "it has %(size)s, and WhatsApp takes %(most)s: %(remedy)s",
                size=_size(len(content)),
                most=_size(LARGEST),
                remedy=_SMALLER,
            )
        )
    found = type_of(content)
    is_voice = kind == VOICE
    if kind is not None and ("audio" if is_voice else kind) != found.kind:
        raise FileNotTaken(
            Phrase(
                "it is %(words)s, which WhatsApp takes as %(kind)s, not as %(asked)s",
                words=found.words,
                kind=SENT_AS[found.kind],
                asked=SENT_AS[kind],
            )
        )
    if is_voice and found != OPUS:
        raise FileNotTaken(
            Phrase("it is %(words)s, and a voice message is an OGG sound with Opus: save it as that", words=found.words)
        )
    if len(content) > found.most:
        raise FileNotTaken(
            Phrase(
                "it is %(words)s of %(size)s, and WhatsApp takes %(most)s: %(remedy)s",
                words=found.words,
                size=_size(len(content)),
                most=_size(found.most),
                remedy=_SMALLER,
            )
        )
    if caption is not None and found.kind not in _CAPTIONED:
        raise FileNotTaken(
            Phrase(
                "it is %(words)s, and only pictures, videos and documents have captions: leave that out",
                words=found.words,
            )
        )
    if caption is not None and len(caption) > LONGEST_CAPTION:
        raise FileNotTaken(
            Phrase(
                "the caption has %(number)s characters, and WhatsApp takes %(most)s: shorten it",
                number=len(caption),
                most=LONGEST_CAPTION,
            )
        )
    return Part(
        kind=found.kind,
        object=object_of(content),
        mime=found.mime,
        filename=shown_name(name, found) if found.kind == "document" else None,
        caption=caption or None,
        voice=is_voice,
    )


def shown_name(name: str, found: FileType) -> str:
    """The file's name with an end that its type has: a phone opens a file by that."""
    stem, point, end = name.rpartition(".")
    is_right = bool(stem) and point + end.lower() in found.suffixes
    return name if is_right else name + found.suffixes[0]


_SMALLER = Phrase("make it smaller, or send a link")


def _size(size: int) -> str:
    unit, word = (1000**2, "MB") if size >= 1000**2 else (1000, "KB")
    tenths = -(-size * 10 // unit)  # upwards: of two sizes that differ, the larger one never reads as the smaller
    return f"{tenths / 10:,.1f}".removesuffix(".0") + f" {word}"
