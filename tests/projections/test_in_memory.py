"""A projection in memory has the content of the file, and each copy goes on by itself."""

from __future__ import annotations

from projections.in_memory import InMemoryProjection
from projections.verify import TABLES, content_hash
from tests.projections.conftest import Known
from tests.projections.past import ANA, STREAM, Past


def test_it_has_what_the_file_has(known: Known, past: Past) -> None:
    """Row by row, from parts of any size."""
    past.answered(1)
    past.message("m1-again", "hello")
    past.message("m1-again", "a repeat")
    past.answered(2)
    recollection = InMemoryProjection.empty(STREAM)
    marked = [*recollection.fold(past.events[:3]), *recollection.fold(past.events)]
    known.after(past)
    tables = {table: content_hash(recollection.connection(), table) for table in TABLES}
    assert tables == {table: content_hash(known.projection.db, table) for table in TABLES}
    assert [recorded.event.id for recorded in marked if recorded.repeat] == ["m1-again"]  # type: ignore[union-attr]
    assert recollection.checkpoint == past.last.seq


def test_a_copy_goes_on_by_itself(past: Past) -> None:
    """Neither gets the other's events."""
    past.answered(1)
    before = InMemoryProjection.empty(STREAM)
    before.fold(past.events)
    after = before.copy()
    past.answered(2)
    after.fold(past.events)
    assert len(before.reads.context(ANA, 20, 0)) == 2
    assert len(after.reads.context(ANA, 20, 0)) == 4
    before.close()
    assert len(after.reads.context(ANA, 20, 0)) == 4
