"""The results of tools in Python that say more than text: see docs/tools.md."""

from actors.tools.results import (
    Option,
    Part,
    Result,
    audio,
    choices,
    contact,
    document,
    image,
    link,
    location,
    text,
    video,
)

__all__ = [
    "Option",
    "Part",
    "Result",
    "audio",
    "choices",
    "contact",
    "document",
    "image",
    "link",
    "location",
    "text",
    "video",
]
