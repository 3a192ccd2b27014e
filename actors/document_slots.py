"""Slots in which documents are opened, given to accounts in turn, and in each to its chats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from actors.fair_slots import FairSlots
from events.subjects import ChatKey


class DocumentSlots:
    """At most `at_once` documents are open at once, and at most one of each chat.

    A chat queues with one document at a time, so each chat gets its turn: six documents of one person do not delay
    another person's. An account's turn comes no later for the number of another's chats that wait.
    """

    def __init__(self, at_once: int = 2) -> None:
        # None is kept free: of two, that would be half.
        self._slots = FairSlots(at_once, keeps_free=False)
        self._chats = WeakValueDictionary[ChatKey, asyncio.Lock]()

    @asynccontextmanager
    async def of(self, key: ChatKey) -> AsyncIterator[None]:
        """A slot for a document of the chat, until the block is left."""
        one_of_the_chat = self._chats.setdefault(key, asyncio.Lock())
        async with one_of_the_chat:
            try:
                in_turn = asyncio.Event()
                if not self._slots.take(key, in_turn.set):
                    await in_turn.wait()
                yield
            finally:
                self._slots.give_back(key)
