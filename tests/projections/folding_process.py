"""A process that folds a fixed past into the file named on its command line, batch by batch, until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from projections.projection import Projection
from tests.projections.past import ANA, BIA, GROUP, Past

BATCH = 7


def long_past(turns: int = 3000) -> Past:
    past = Past()
    for number in range(turns):
        past.answered(number, (ANA, BIA, GROUP)[number % 3])
    return past


if __name__ == "__main__":
    projection = Projection.open(Path(sys.argv[1]))
    events = long_past().events
    while projection.checkpoint < len(events):
        projection.apply(events[projection.checkpoint : projection.checkpoint + BATCH])
        sys.stdout.write(f"{projection.checkpoint}\n")
        sys.stdout.flush()
