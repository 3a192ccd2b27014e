"""Writes the documents of a collection as files, from which `recado knowledge add` makes the same documents again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import msgspec

from events.details import Detail
from events.file_names import leads_out
from events.knowledge import Document, Version
from events.library import Library
from recado.knowledge.addresses import with_ending
from recado.knowledge.pairs import ENDING, as_csv


class Exported(msgspec.Struct, frozen=True):
    """The outcome of a document.

    - `file`: its file, within the folder.
    - `reason`: why there is none.
    """

    name: str
    file: str = ""
    reason: str = ""


async def export(versions: Iterable[Version], library: Library, folder: Path) -> AsyncIterator[Exported]:
    """Write each document into the folder, and yield what became of it. Raises LogUnavailable."""
    for version in versions:
        name = version.document.name
        body = await _body(version.document, library)
        if body is None:
            yield Exported(name, reason=Detail.NOT_IN_LIBRARY.said())
            continue
        inside = f"{name}{ENDING}" if version.document.faq else with_ending(name, version.document.mime)
        if leads_out(inside):
            yield Exported(name, reason="its name leads out of the folder, or is hidden")
            continue
        try:
            path = folder / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(body)
        except (OSError, ValueError) as error:
            yield Exported(name, reason=f"its file cannot be written: {error}")
            continue
        yield Exported(name, inside)


async def _body(document: Document, library: Library) -> bytes | None:
    if document.faq:
        return as_csv(document.faq)
    return await library.content(document.object) if document.object is not None else None
