"""Slots that limit the turns under way at once, and the queue of the chats that wait for one."""

from __future__ import annotations

from collections.abc import Callable

from actors import metrics
from events.subjects import ChatKey


class RunSlots:
    """At most `limit` turns at once, first come, first served.

    Every chat is in the queue once, with all its messages that came meanwhile: a chat with many messages gets no more
    turns than the others.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: set[ChatKey] = set()
        self._queue: dict[ChatKey, Callable[[], None]] = {}
        metrics.runs.set_function(lambda: len(self._taken))
        metrics.runs_waiting.set_function(lambda: len(self._queue))

    @property
    def taken(self) -> int:
        return len(self._taken)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def share(self, limit: int, instances: int) -> None:
        """Set this instance's limit to an equal share of `limit`, at least one slot."""
        self._limit = max(1, limit // max(1, instances))
        self._hand_out()

    def take(self, key: ChatKey, tell: Callable[[], None]) -> bool:
        """Whether the chat has a slot now. If not, it joins the queue, and `tell` is called when it gets a slot."""
        if key in self._taken:
            return True
        if not self._queue and len(self._taken) < self._limit:
            self._taken.add(key)
            return True
        self._queue[key] = tell
        return False

    def give_back(self, key: ChatKey) -> None:
        """Take the chat's slot back, or its place in the queue."""
        if key in self._taken:
            self._taken.discard(key)
            self._hand_out()
        else:
            self._queue.pop(key, None)

    def _hand_out(self) -> None:
        while self._queue and len(self._taken) < self._limit:
            key, tell = next(iter(self._queue.items()))
            del self._queue[key]
            self._taken.add(key)
            tell()
