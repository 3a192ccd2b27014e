"""A disk that is full: nothing is lost, and the instance can be told that it cannot write."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from events.memory_log import MemoryLog
from tests.projections.following import Following, following
from tests.projections.past import ANA, Past, store
from tests.waiting import until


def allow_pages(follows: Following, pages: int) -> None:
    """As if the disk had room for so many pages: SQLite then says that it is full."""
    assert follows.runner._projection is not None
    follows.runner._projection.db.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_batch_that_cannot_be_written_is_tried_until_it_can(tmp_path: Path, past: Past) -> None:
    """Unhealthy, with an error in the log, as long as it lasts; then every event is there and handed on once."""
    log = MemoryLog()
    past.answered(1)
    async with following(log, tmp_path) as follows:
        await store(log, past.events)
        await follows.runner.reached(3)
        for number in range(2, 200):
            past.answered(number)
        allow_pages(follows, 1)
        with capture_logs() as logged:
            await store(log, past.events[3:])
            await until(lambda: not follows.runner.healthy)
            assert (follows.runner.checkpoint, follows.sequences) == (3, [1, 2, 3])
            assert follows.reads.snapshot(ANA).i == 1, "what is readable stays readable"
            allow_pages(follows, 1_000_000)
            await follows.runner.reached(597)
        assert "projection_unwritable" in [entry["event"] for entry in logged]
        assert follows.runner.healthy
        assert follows.sequences == list(range(1, 598))
        assert len(follows.queries.history(ANA, limit=1000)) == 398
