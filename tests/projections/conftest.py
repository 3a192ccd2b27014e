"""A projection in a file of its own, folded by hand, and the reads on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from projections import files
from projections.projection import Projection
from projections.reads.actor_reads import ChatReads
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from tests.projections.past import STREAM, Past


class Known:
    """A projection after some events; `reads` and `queries` read it."""

    def __init__(self, directory: Path) -> None:
        with files.rebuilding(directory):
            built = files.place_to_build(directory)
            Projection.create(built, STREAM).finish()
            self.path = files.make_live(built)
        self.projection = Projection.open(self.path)
        self.reader = Reader(directory)
        self.reads = ChatReads(self.reader)
        self.queries = Queries(self.reader)

    def after(self, past: Past) -> Known:
        """Fold the events that the file does not have yet."""
        self.projection.apply(past.events)
        return self

    def close(self) -> None:
        self.reader.close()
        self.projection.close()


@pytest.fixture
def past() -> Past:
    return Past()


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Known]:
    known = Known(tmp_path)
    yield known
    known.close()
