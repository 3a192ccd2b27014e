"""Limits the number of live streams: each keeps a connection and a reader of the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from console.connection import most_connections
from console.problems import Problem


def most_streams() -> int:
    """Live streams in all: half of the connections."""
    return most_connections() // 2


def most_of_one_place() -> int:
    """Live streams of one browser, or of one address without a session."""
    return max(most_streams() // 8, 1)


class OpenStreams:
    """The open live streams, by the place that opened them."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextmanager
    def one_more(self, place: str) -> Iterator[None]:
        """Count a stream until the block is left. Raises Problem where that is one too many."""
        if self._open[place] >= most_of_one_place():
            raise Problem(
                429,
                "%(number)s live streams are open from here: close a page that shows a chat.",
                number=self._open[place],
            )
        if self._open.total() >= most_streams():
            raise Problem(
                503, "%(number)s live streams are open, and recado has no room for another.", number=most_streams()
            )
        self._open[place] += 1
        try:
            yield
        finally:
            self._open[place] -= 1
            self._open += Counter()  # drops the places that have none
