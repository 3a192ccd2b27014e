"""kill -9 while the projection is written."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from projections.projection import Projection
from projections.verify import TABLES, content_hash
from tests.projections.conftest import Known
from tests.projections.folding_process import long_past
from tests.projections.past import STREAM

KILLS = 6


def test_killed_between_any_two_instructions(known: Known, tmp_path: Path) -> None:
    """The file is whole at its checkpoint, which is at least the reported one; the next process goes on from there."""
    chance = random.Random(f"{os.environ['RECADO_TEST_SEED']} folding")
    events = long_past().events
    known.close()
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.projections.folding_process", str(known.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            reported = 0
            for _ in range(chance.randrange(1, 100)):
                reported = int(process.stdout.readline())
            process.kill()
        projection = Projection.open(known.path)
        checkpoint = projection.checkpoint
        assert checkpoint >= reported > 0
        expected = Projection.create(tmp_path / "expected.db", STREAM)
        expected.apply(events[:checkpoint])
        for table in TABLES:
            assert content_hash(projection.db, table) == content_hash(expected.db, table), table
        expected.close()
        projection.close()
        (tmp_path / "expected.db").unlink()
