"""Slots in which documents are opened, given to chats in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from events.subjects import ChatKey


class DocumentSlots:
    """At most `at_once` documents are open at once, and at most one of each chat.

    A chat queues with one document at a time, so each chat gets its turn: six documents of one person do not delay
    another person's.
    """

    def __init__(self, at_once: int = 2) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._chats = WeakValueDictionary[ChatKey, asyncio.Lock]()

    @asynccontextmanager
    async def of(self, key: ChatKey) -> AsyncIterator[None]:
        """A slot for a document of the chat, until the block is left."""
        one_of_the_chat = self._chats.setdefault(key, asyncio.Lock())
        async with one_of_the_chat, self._slots:
            yield
