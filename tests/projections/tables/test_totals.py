"""The totals are the sums over the chats, whatever happens in them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings

from projections.projection import Projection
from tests.projections.past import STREAM
from tests.projections.test_commit_batches import STEPS, Steps, past_of

RECOUNT = (
    "SELECT partition, count(*), sum(messages), sum(replies), sum(to_do), sum(owes AND NOT to_do) FROM chats"
    " GROUP BY partition ORDER BY partition"
)
RETALLIED = (
    "SELECT account, work, assigned, count(*), count(asked_at), count(unanswered), sum(marks & 1), sum(marks >> 1 & 1),"
    " sum(marks >> 2 & 1), sum(marks >> 3 & 1), sum(marks >> 4 & 1), sum(marks & 3 <> 0) FROM chats WHERE marks >= 0"
    " GROUP BY account, work, assigned ORDER BY account, work, assigned"
)
RELABELLED = (
    "SELECT chats.account, work, label, count(*) FROM labels JOIN chats ON chats.id = labels.chat WHERE marks >= 0"
    " GROUP BY chats.account, work, label ORDER BY chats.account, work, label"
)


@settings(deadline=None)
@given(steps=STEPS)
def test_totals_are_sums(steps: Steps) -> None:
    """After each event of a log of anything at all, with erased chats and orders without effect."""
    with tempfile.TemporaryDirectory() as folder:
        projection = Projection.create(Path(folder) / "one.db", STREAM)
        for recorded in past_of(steps).events:
            projection.apply([recorded])
            totals = projection.db.execute("SELECT * FROM totals ORDER BY partition").fetchall()
            assert totals == projection.db.execute(RECOUNT).fetchall()
            tallies = projection.db.execute("SELECT * FROM tallies ORDER BY account, state, assigned").fetchall()
            assert tallies == projection.db.execute(RETALLIED).fetchall()
            labels = projection.db.execute("SELECT * FROM label_tallies ORDER BY account, state, label").fetchall()
            assert labels == projection.db.execute(RELABELLED).fetchall()
        projection.finish()
