"""Reads people's tables of questions: the rows of a CSV, each with its number for what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

from backends.content.separated import decoded, rows_of
from recado.knowledge.sources import SourceRefused

LARGEST = 4 * 1024**2
"""Bytes of a file."""


def rows_in(body: bytes, of: str) -> list[tuple[int, list[str]]]:
    """The rows that have words, with their numbers, from 1. Raises SourceRefused.

    - `of`: what the file has, in words.
    """
    if len(body) > LARGEST:
        raise SourceRefused(f"it has {len(body):,} bytes, and a file of {of} has at most {LARGEST:,}: split it")
    try:
        return [(number, row) for number, row in enumerate(rows_of(decoded(body)), 1) if any(map(str.strip, row))]
    except ValueError as fault:
        raise SourceRefused(str(fault)) from fault


def refuse_wider(number: int, row: Sequence[str], heading: Sequence[str]) -> None:
    """Raises SourceRefused if the row has words past the columns of the heading: they would be lost."""
    if any(map(str.strip, row[len(heading) :])):
        raise SourceRefused(
            f"row {number}: it has {len(row)} columns, and the heading {len(heading)}: put quotation marks around text "
            "that has the separator in it"
        )
