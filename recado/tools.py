"""The results of tools in Python that say more than text: see docs/tools.md."""

from actors.tools.results import (
    FromBytes,
    FromLibrary,
    Result,
    audio,
    choices,
    contact,
    document,
    from_bytes,
    from_library,
    image,
    link,
    location,
    text,
    video,
)
from events.parts import Option, Part

__all__ = [
    "FromBytes",
    "FromLibrary",
    "Option",
    "Part",
    "Result",
    "audio",
    "choices",
    "contact",
    "document",
    "from_bytes",
    "from_library",
    "image",
    "link",
    "location",
    "text",
    "video",
]
