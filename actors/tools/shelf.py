"""The entries of the library, as models are told of them: read again after a few seconds."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import structlog

from events.library import Entry, Library
from events.log import LogUnavailable

READ_AGAIN = 5.0
"""Seconds after which the entries of an account are read again."""

MOST_ACCOUNTS = 1_000
"""Accounts whose entries are kept."""

log = structlog.get_logger("recado.tools")


class _Read(NamedTuple):
    at: float
    entries: tuple[Entry, ...]


class Shelf:
    """The entries of each account, as of the last few seconds; one for all profiles of an instance."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._read: dict[str, _Read] = {}

    async def entries(self, account: str) -> tuple[Entry, ...]:
        """The account's entries by name; while the bus is away those that were read last. Raises nothing."""
        now, known = asyncio.get_running_loop().time(), self._read.get(account)
        if known is not None and now < known.at + READ_AGAIN:
            return known.entries
        try:
            entries = tuple(await self.library.entries(account))
        except LogUnavailable as error:
            log.warning("library_unread", account=account, reason=str(error))
            return known.entries if known is not None else ()
        if known is None and len(self._read) >= MOST_ACCOUNTS:
            del self._read[next(iter(self._read))]
        self._read[account] = _Read(now, entries)
        return entries
