"""A step of a turn has no field of another one. `make check` reads this: each line is an error to mypy, or mypy says
that its comment is not needed.
"""

from __future__ import annotations

from chat.changes import Changes
from chat.turn import InTools, Phase, Reading, Running, Starting


def fields_of_another_phase(reads: Reading, starts: Starting, runs: Running, waits: InTools, phase: Phase) -> None:
    _ = reads.run  # type: ignore[attr-defined]
    _ = reads.open  # type: ignore[attr-defined]
    _ = starts.run  # type: ignore[attr-defined]
    _ = starts.unread  # type: ignore[attr-defined]
    _ = runs.unread  # type: ignore[attr-defined]
    _ = runs.open  # type: ignore[attr-defined]
    _ = waits.run  # type: ignore[attr-defined]
    _ = waits.then.run  # type: ignore[union-attr]
    _ = phase.run  # type: ignore[union-attr]
    _ = phase.unread  # type: ignore[union-attr]


def a_field_with_another_type() -> Changes:
    return {"rewritten": "9"}  # type: ignore[typeddict-item]
