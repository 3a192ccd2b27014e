"""Extracts the text of documents that the model cannot be given as files."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE

from backends.content.confinement import environment
from backends.content.extract_process import LONGEST, READERS, UNREADABLE
from backends.protocol import CannotBeRead

SECONDS = 5
"""Seconds of CPU for one document."""

PATIENCE = 3
"""Seconds on the clock for each second of CPU: other processes run too."""

WIDEST = 4
"""Bytes of a character in UTF-8, at most."""

_PIECE = 64 * 1024
_PLAIN = frozenset({"application/json", "application/xml", "application/x-ndjson", "application/yaml"})


class Extraction:
    """Opens each document in a process of its own, with at most `seconds` of CPU."""

    def __init__(self, *, seconds: int = SECONDS) -> None:
        self._seconds = seconds

    async def extract(self, body: bytes, mime: str) -> str:
        """The beginning of the text of a document of the type `mime` (without parameters): LONGEST characters at most.
        Raises CannotBeRead."""
        if mime.startswith("text/") or mime in _PLAIN:
            return _decoded(body[: LONGEST * WIDEST])
        if mime not in READERS:
            raise CannotBeRead("unsupported", f"{mime or 'a document without a type'} is not opened")
        return await _in_a_process(body, mime, self._seconds)


async def _in_a_process(body: bytes, mime: str, seconds: int) -> str:
    command = (sys.executable, "-P", "-m", "backends.content.extract_process", mime, str(seconds))
    given = environment(os.environ)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=given)
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    feeding = asyncio.create_task(_feed(process.stdin, body))
    try:
        async with asyncio.timeout(seconds * PATIENCE):
            out = await _all_of(process.stdout)
            status = await process.wait()
    except TimeoutError:
        raise CannotBeRead("file_unreadable", f"it could not be read within {seconds * PATIENCE} s") from None
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        # Ends the process and drops the rest in its pipes; asyncio's Process has no public method for that.
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001
        await process.wait()
    if status == UNREADABLE:
        raise CannotBeRead("file_unreadable", out[:300].strip() or "its reader gave no reason")
    if status:
        raise CannotBeRead("file_unreadable", f"its reader ended with {status}; it may take {seconds} s of CPU")
    return out


async def _feed(into: asyncio.StreamWriter, body: bytes) -> None:
    """Write piece by piece: the pipe takes little at once, and asyncio would buffer a copy of the rest."""
    whole = memoryview(body)
    try:
        for start in range(0, len(body), _PIECE):
            into.write(whole[start : start + _PIECE])
            await into.drain()
    except ConnectionError:
        pass  # the reader has read enough, or has ended; its status tells
    finally:
        into.close()


async def _all_of(stream: asyncio.StreamReader) -> str:
    """The reader's output. Raises CannotBeRead if it is longer than the text of a document may be."""
    pieces, size = list[bytes](), 0
    while piece := await stream.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > LONGEST * WIDEST:
            raise CannotBeRead("file_unreadable", "its reader does not stop writing")
    return b"".join(pieces).decode(errors="replace")


def _decoded(beginning: bytes) -> str:
    try:
        # A character that was cut in two at the end is left out.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning)
    except UnicodeDecodeError:
        text = beginning[:LONGEST].decode("cp1252", errors="replace")
    return text[:LONGEST]
