"""Runs a reader of a stranger's file as a process of its own: bytes in, bytes out."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from typing import NamedTuple

from backends.content.confinement import TOO_LARGE, UNREADABLE, environment
from backends.protocol import CannotBeRead

PATIENCE = 3
"""Seconds on the clock for each second of CPU: other processes run too."""

_PIECE = 64 * 1024


class Output(NamedTuple):
    """The end of a reader's process: its exit status and its output."""

    status: int
    body: bytes


async def run(module: str, *arguments: str, body: bytes, seconds: int, most: int) -> Output:
    """Run `python -m module`, with `arguments` and last the `seconds` of CPU that it may take. Raises CannotBeRead if
    it takes too long, or writes more than `most` bytes."""
    command = (sys.executable, "-P", "-m", module, *arguments, str(seconds))
    given = environment(os.environ)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=given)
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    feeding = asyncio.create_task(_feed(process.stdin, body))
    try:
        async with asyncio.timeout(seconds * PATIENCE):
            out = await read_all(process.stdout, most)
            status = await process.wait()
    except TimeoutError:
        raise CannotBeRead("file_unreadable", f"it could not be read within {seconds * PATIENCE} s") from None
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        # Ends the process and drops the rest in its pipes; asyncio's Process has no public method for that.
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001
        await process.wait()
    return Output(status, out)


def refusal(output: Output, seconds: int) -> CannotBeRead:
    """Why the reader did not read the file: in its own words, or the exit status of one that was ended."""
    if output.status not in (UNREADABLE, TOO_LARGE):
        return CannotBeRead("file_unreadable", f"its reader ended with {output.status}; it may take {seconds} s of CPU")
    why = output.body[:300].decode(errors="replace").strip() or "its reader gave no reason"
    return CannotBeRead("too_large" if output.status == TOO_LARGE else "file_unreadable", why)


async def _feed(into: asyncio.StreamWriter, body: bytes) -> None:
    try:
        await feed(into, body)
    finally:
        into.close()


async def feed(into: asyncio.StreamWriter, body: bytes) -> None:
    """Write it all, and the end, piece by piece: the line takes little at once, and asyncio would buffer a copy of the
    rest."""
    whole = memoryview(body)
    with suppress(ConnectionError):  # the reader has read enough, or has ended; its answer tells
        for start in range(0, len(body), _PIECE):
            into.write(whole[start : start + _PIECE])
            await into.drain()
        into.write_eof()


async def read_all(stream: asyncio.StreamReader, most: int) -> bytes:
    """The reader's output. Raises CannotBeRead if it has more than `most` bytes."""
    pieces, size = list[bytes](), 0
    while piece := await stream.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise CannotBeRead("file_unreadable", "its reader does not stop writing")
    return b"".join(pieces)
