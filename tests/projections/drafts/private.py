"""What people write, with what tells of one person in it, and what does not. A line: the text, and what must be masked
(`|` between several; nothing: all of it must stay)."""

from __future__ import annotations

import csv
from pathlib import Path

PRIVATE = Path(__file__).parent / "private.csv"


def lines() -> list[tuple[str, tuple[str, ...]]]:
    """The texts, each with the words that must not be left."""
    with PRIVATE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    return [(row[0].replace("\\n", "\n"), tuple(filter(None, row[1].split("|")))) for row in rows]
