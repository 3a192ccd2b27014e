"""Text of a chat's line in a message to a model."""

from __future__ import annotations

from msgspec.structs import replace

from chat.context import Line

EMPTY = "(empty message)"
"""Text for APIs that refuse an empty message."""


def spoken(line: Line) -> str:
    """The line's text, in a group after the speaker's name: most servers ignore the APIs' own fields for names. Its
    time comes before, the moment of its turn after."""
    said = f"{line.name}: {line.text}" if line.name and line.role == "user" else line.text
    if line.when:
        said = f"{line.when}\n{said}"
    return f"{said}\n\n{line.moment}" if line.moment else said


def never_empty(line: Line) -> str:
    """The same, with EMPTY in place of an empty text."""
    return spoken(line) if line.text.strip() else spoken(replace(line, text=EMPTY))


def plain(text: str) -> str:
    """`text` in a form for comparison: servers may trim the white space of texts."""
    return " ".join(text.split())
