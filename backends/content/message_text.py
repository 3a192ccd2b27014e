"""Text of a chat's line in a message to a model."""

from __future__ import annotations

from chat.context import Line

EMPTY = "(empty message)"
"""For APIs that take no message without text."""


def spoken(line: Line) -> str:
    """In a group the model has to be told who speaks; the APIs' own fields for that are ignored by most servers."""
    return f"{line.name}: {line.text}" if line.name and line.role == "user" else line.text


def never_empty(line: Line) -> str:
    """The same, where there has to be a text."""
    return spoken(line) if line.text.strip() else spoken(Line(line.role, EMPTY, line.name))


def plain(text: str) -> str:
    """What two texts have in common that are one: servers may trim what they are sent."""
    return " ".join(text.split())
