"""The files in a tool's result: looked up in the library of the chat's account, or stored, and checked.

A tool names a file of the library, gives bytes, or gives a part with `LIBRARY/<sha256>`; the last has to be an entry of
that account, so no tool sends the files of another one.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from msgspec.structs import replace

from actors.tools.protocol import ToolResult
from actors.tools.results import FromBytes, FromLibrary, Result, Sendable, checked
from chat.file_types import FileNotTaken
from chat.files import file_part
from events.library import Library, digest_in, listed
from events.log import LogError, LogUnavailable
from events.parts import FILES, Part
from events.phrases import Phrase


class Store(Protocol):
    """The place of files that are sent to one chat alone."""

    async def keep(self, content: bytes) -> str:
        """Store a file; returns the `object` of its part. Raises LogError."""


class NoStore:
    """No place: no file is kept."""

    async def keep(self, content: bytes) -> str:  # noqa: ARG002 - the protocol's
        raise LogUnavailable(Phrase("there is no store for files here"))


class NotSent(Exception):
    """A file of a result cannot be sent; the message is for the model."""


class LibraryParts:
    """The library as results of tools use it."""

    def __init__(self, library: Library, store: Store) -> None:
        self._library = library
        self._store = store

    async def resolved(self, account: str, result: ToolResult) -> ToolResult:
        """The result with its files, for a chat of the account; a failed one if one of them cannot be sent."""
        wanted = result.wanted or result.send
        if not any(isinstance(one, FromBytes | FromLibrary) or _is_of_library(one) for one in wanted):
            return result
        try:
            send = tuple([await self.part(account, one) for one in wanted])
        except (NotSent, FileNotTaken, ValueError) as refused:
            return ToolResult(f"A file cannot be sent: {refused}", failed=True)
        except LogError as error:
            return ToolResult(f"The library cannot be used at the moment: {error}", failed=True)
        output = result.output or str(Result(send=send).told)
        return replace(result, output=output, send=send, wanted=())

    async def part(self, account: str, wanted: Sendable) -> Part:
        """The part that sends it to a chat of the account. Raises NotSent, ValueError, LogError."""
        match wanted:
            case FromLibrary(name=name, caption=caption):
                entry = await self._library.entry(account, name)
                if entry is None:
                    raise NotSent(f"the library has no {name[:100]!r}. {listed(await self._library.entries(account))}")
                return checked(replace(entry.part, caption=caption) if caption is not None else entry.part)
            case FromBytes(content=content, name=name, kind=kind, caption=caption):
                # It looks through megabytes.
                part = await asyncio.to_thread(file_part, content, name, kind=kind, caption=caption)
                return replace(part, object=await self._store.keep(content))
            case Part() if _is_of_library(wanted):
                return await self._own(account, wanted)
        return wanted

    async def _own(self, account: str, part: Part) -> Part:
        """The part, which the account's library has, with its type."""
        entries = [entry for entry in await self._library.entries(account) if entry.part.object == part.object]
        if not entries:
            raise NotSent(f"{part.object} is no file of this account's library")
        found = next((entry.part for entry in entries if entry.part.kind == part.kind), None)
        if found is None:
            raise NotSent(f"{entries[0].name} is of the kind {entries[0].part.kind}, not {part.kind}")
        return replace(part, mime=found.mime, filename=part.filename or found.filename)


def _is_of_library(one: Sendable) -> bool:
    return isinstance(one, Part) and one.kind in FILES and one.object is not None and digest_in(one.object) is not None
