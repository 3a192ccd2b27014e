"""The settings of tools, and of collections of documents, by their names."""

from __future__ import annotations

import re

from chat.built_in import BUILT_IN
from events.knowledge import COLLECTION
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
            raise ValueError(f"in which {wrong[:80]!r} is no name of a tool: write names like arrival, or * for all")
        if EVERY in names and len(names) > 1:
            raise ValueError("in which * stands beside names: write * alone, or the names alone")
        if len(names) > _MOST:
            raise ValueError(f"which has {len(names)} names: a model takes at most {_MOST} tools")
        return names

    return Reader("names of tools with commas between them, or `*`", read, texts_joined(", ", "a comma"))


def built_in_tools() -> Reader:
    """Reads names of recado's own tools."""

    def read(given: str) -> tuple[str, ...]:
        names = _listed(given)
        if wrong := next((one for one in names if one not in BUILT_IN), None):
            meant = nearest(wrong.lower(), BUILT_IN)
            hint = f"; did you mean {meant}?" if meant else ""
            raise ValueError(f"in which {wrong[:80]!r} is none of {', '.join(BUILT_IN)}{hint}")
        return names

    takes = "some of " + ", ".join(f"`{name}`" for name in BUILT_IN) + ", with commas between them"
    return Reader(takes, read, texts_joined(", ", "a comma"))


def collections() -> Reader:
    """Reads names of collections of documents."""

    def read(given: str) -> tuple[str, ...]:
        names = _listed(given)
        if wrong := next((one for one in names if not COLLECTION.fullmatch(one)), None):
            raise ValueError(f"in which {wrong[:80]!r} is no collection: give 1 to 64 of a-z, 0-9, '_' and '-'")
        if len(names) > _MOST_COLLECTIONS:
            raise ValueError(f"which has {len(names)} collections: give at most {_MOST_COLLECTIONS}")
        return names

    return Reader("names of collections with commas between them", read, texts_joined(", ", "a comma"))


def _listed(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in given.split(",") if one.strip()))
