"""Reads the business's own documents as Markdown."""

from __future__ import annotations

import asyncio

from backends.content.confinement import UNREADABLE
from backends.content.markdown_process import LONGEST, READERS, plain, whole
from backends.content.reader_process import refusal, run
from backends.protocol import CannotBeRead
from events.details import Detail

SECONDS = 30
"""Seconds of CPU for one document."""

WIDEST = 4
"""Bytes of a character in UTF-8, at most."""


async def markdown_of(body: bytes, mime: str, *, seconds: int = SECONDS) -> str:
    """The text of a document of the type `mime` (without parameters). Raises CannotBeRead."""
    if mime not in READERS:
        raise CannotBeRead("unsupported", Detail.TYPE_NOT_READ.said(type=mime or Detail.WITHOUT_TYPE))
    if (
        READERS[mime] is plain
    ):  # nothing is parsed: a process of its own would cost 70 ms of CPU, and guard from nothing
        return await asyncio.to_thread(_plain, body)
    output = await run("backends.content.markdown_process", mime, body=body, seconds=seconds, most=LONGEST * WIDEST)
    if output.status not in (0, UNREADABLE):
        raise CannotBeRead("file_unreadable", Detail.TOO_SLOW_OR_LARGE.said(seconds=seconds))
    if output.status:
        raise refusal(output, seconds)
    return output.body.decode(errors="replace")


def _plain(body: bytes) -> str:
    try:
        return whole(plain(body[: LONGEST * WIDEST + WIDEST]))
    except ValueError as fault:
        raise CannotBeRead("file_unreadable", str(fault)) from fault
