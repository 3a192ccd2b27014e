"""Reads the business's own documents as Markdown."""

from __future__ import annotations

import asyncio

from backends.content.confinement import UNREADABLE
from backends.content.markdown_process import LONGEST, READERS, plain, whole
from backends.content.reader_process import refusal, run
from backends.protocol import CannotBeRead

SECONDS = 30
"""Seconds of CPU for one document."""

WIDEST = 4
"""Bytes of a character in UTF-8, at most."""


async def markdown_of(body: bytes, mime: str, *, seconds: int = SECONDS) -> str:
    """The text of a document of the type `mime` (without parameters). Raises CannotBeRead."""
    if mime not in READERS:
        raise CannotBeRead("unsupported", f"{mime or 'a document without a type'} is not read")
    if (
        READERS[mime] is plain
    ):  # nothing is parsed: a process of its own would cost 70 ms of CPU, and guard from nothing
        return await asyncio.to_thread(_plain, body)
    output = await run("backends.content.markdown_process", mime, body=body, seconds=seconds, most=LONGEST * WIDEST)
    if output.status not in (0, UNREADABLE):
        raise CannotBeRead("file_unreadable", f"it takes more than {seconds} s, or too much memory, to read: split it")
    if output.status:
        raise refusal(output, seconds)
    return output.body.decode(errors="replace")


def _plain(body: bytes) -> str:
    try:
        return whole(plain(body[: LONGEST * WIDEST + WIDEST]))
    except ValueError as fault:
        raise CannotBeRead("file_unreadable", str(fault)) from fault
