"""Opens this machine's projection for commands that read it. A module of its own, because commands that ask only the
bus need no SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from projections.reads.queries import Queries
from projections.reads.reader import Reader
from recado.settings.settings import Settings


@contextmanager
def queries(chosen: Settings) -> Iterator[Queries]:
    """The projection of RECADO_DATA, read only."""
    with closing(Reader(chosen.data)) as reader:
        yield Queries(reader)
