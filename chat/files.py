"""Makes the part that sends a file, after the checks of WhatsApp's own limits. Pure."""

from __future__ import annotations

from chat.file_content import type_of
from chat.file_types import OPUS, FileNotTaken, FileType
from events.library import LARGEST, object_of
from events.parts import FILES, Part

VOICE = "voice"
KINDS = (*sorted(FILES), VOICE)
"""What a file can be sent as. A voice is an audio that is shown as a voice message."""

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
        raise FileNotTaken(f"it has {_size(len(content))}, and WhatsApp takes {_size(LARGEST)}: {_SMALLER}")
    found = type_of(content)
    is_voice = kind == VOICE
    if kind is not None and ("audio" if is_voice else kind) != found.kind:
        raise FileNotTaken(f"it is {found.words}, which WhatsApp takes as {found.kind}, not as {kind}")
    if is_voice and found != OPUS:
        raise FileNotTaken(f"it is {found.words}, and a voice message is an OGG sound with Opus: save it as that")
    if len(content) > found.most:
        raise FileNotTaken(
            f"it is {found.words} of {_size(len(content))}, and WhatsApp takes {_size(found.most)}: {_SMALLER}"
        )
    if caption is not None and found.kind not in _CAPTIONED:
        raise FileNotTaken(
            f"it is {found.words}, and only pictures, videos and documents have captions: leave that out"
        )
    if caption is not None and len(caption) > LONGEST_CAPTION:
        raise FileNotTaken(
            f"the caption has {len(caption):,} characters, and WhatsApp takes {LONGEST_CAPTION:,}: shorten it"
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


_SMALLER = "make it smaller, or send a link"


def _size(size: int) -> str:
    unit, word = (1000**2, "MB") if size >= 1000**2 else (1000, "KB")
    return f"{size / unit:,.1f}".removesuffix(".0") + f" {word}"
