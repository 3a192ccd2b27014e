"""The settings of tools, and of collections of documents, by their names."""

from __future__ import annotations

import re

from chat.built_in import BUILT_IN
from events.knowledge import COLLECTION
from events.phrases import Phrase, Together
from recado.settings.variables import Reader, nearest, texts_joined

EVERY = "*"
"""Stands for each tool of a service that no profile names."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST = 128
_MOST_COLLECTIONS = 32


def tool_names() -> Reader:
    """Reads names of services' tools, or EVERY alone."""

    def read(given: str) -> tuple[str, ...]:
        names = _listed(given)
        if wrong := next((one for one in names if one != EVERY and not _NAME.fullmatch(one)), None):
            raise ValueError(
                Phrase(
                    "in which %(text)s is no name of a tool: write names like arrival, or * for all",
                    text=repr(wrong[:80]),
                )
            )
        if EVERY in names and len(names) > 1:
            raise ValueError(Phrase("in which * stands beside names: write * alone, or the names alone"))
        if len(names) > _MOST:
            raise ValueError(
                Phrase(
                    "which has %(number)s names: a model takes at most %(most)s tools", number=len(names), most=_MOST
                )
            )
        return names

    return Reader(
        Phrase("names of tools with commas between them, or `*`"), read, texts_joined(", ", Phrase("a comma"))
    )


def built_in_tools() -> Reader:
    """Reads names of recado's own tools."""

    def read(given: str) -> tuple[str, ...]:
        names = _listed(given)
        if wrong := next((one for one in names if one not in BUILT_IN), None):
            meant = nearest(wrong.lower(), BUILT_IN)
            none = Phrase("in which %(text)s is none of %(words)s", text=repr(wrong[:80]), words=", ".join(BUILT_IN))
            raise ValueError(Together([none, Phrase("did you mean %(word)s?", word=meant) if meant else ""], "; "))
        return names

    takes = Phrase("some of %(names)s, with commas between them", names=", ".join(f"`{name}`" for name in BUILT_IN))
    return Reader(takes, read, texts_joined(", ", Phrase("a comma")))


def collections() -> Reader:
    """Reads names of collections of documents."""

    def read(given: str) -> tuple[str, ...]:
        names = _listed(given)
        if wrong := next((one for one in names if not COLLECTION.fullmatch(one)), None):
            raise ValueError(
                Phrase(
                    "in which %(text)s is no collection: give 1 to 64 of a-z, 0-9, '_' and '-'", text=repr(wrong[:80])
                )
            )
        if len(names) > _MOST_COLLECTIONS:
            raise ValueError(
                Phrase(
                    "which has %(number)s collections: give at most %(most)s", number=len(names), most=_MOST_COLLECTIONS
                )
            )
        return names

    return Reader(Phrase("names of collections with commas between them"), read, texts_joined(", ", Phrase("a comma")))


def _listed(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in given.split(",") if one.strip()))
