"""The text of documents that the model is not given as they are."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

from backends.extracting import READERS, SECONDS
from backends.protocol import CannotBeRead

_PLAIN = frozenset({"application/json", "application/xml", "application/x-ndjson", "application/yaml"})


class Extraction:
    """Opens `at_once` documents at once, each in a process of its own."""

    def __init__(self, *, at_once: int = 2) -> None:
        self._slots = asyncio.Semaphore(at_once)

    async def extract(self, body: bytes, mime: str) -> str:
        """The text of a document of the type `mime` (without parameters). Raises CannotBeRead."""
        if mime.startswith("text/") or mime in _PLAIN:
            return _decoded(body)
        if mime not in READERS:
            raise CannotBeRead("unsupported", f"{mime or 'a document without a type'} is not opened")
        async with self._slots:
            return await _in_a_process(body, mime)


async def _in_a_process(body: bytes, mime: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backends.extracting", mime, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(SECONDS * 2):
            out, err = await process.communicate(body)
    except TimeoutError:
        raise CannotBeRead("unreadable", "it could not be read in time") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        told = err.decode(errors="replace").strip().splitlines()
        raise CannotBeRead("unreadable", told[-1][:300] if told else f"its reader ended with {process.returncode}")
    return out.decode()


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")
