"""Questions of which one knows where the answer is: read from a CSV, and compared with what the search finds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from projections.knowledge.search import Found
from projections.words import folded
from recado.knowledge.sources import SourceRefused
from recado.knowledge.tables import refuse_wider, rows_in

MOST = 5_000
"""Checks of a file."""

_LONGEST = 2_000


class Check(msgspec.Struct, frozen=True):
    """A question, and what must be in one of the pieces that are found.

    - `contain`: words that the piece has, whatever their case and accents; empty: any.
    - `cite`: the document of the piece, as `prices.pdf` or `shop/prices.pdf`; empty: any.
    """

    question: str
    contain: str
    cite: str


class Checked(msgspec.Struct, frozen=True):
    """A check's outcome.

    - `found`: the documents of the pieces that were found, the best first.
    """

    check: Check
    passed: bool
    found: tuple[str, ...]


def checks_in(body: bytes) -> tuple[Check, ...]:
    """The checks of a CSV with the columns `question`, and `must contain` or `must cite` or both.
    Raises SourceRefused, which names the row."""
    rows = rows_in(body, "checks")
    heading = [_plain(cell.replace("_", " ")) for cell in rows[0][1]] if rows else []
    if "question" not in heading or not {"must contain", "must cite"} & set(heading):
        raise SourceRefused("its first row must name the columns `question`, and `must contain` or `must cite` or both")
    if not 1 < len(rows) <= MOST + 1:
        raise SourceRefused(f"it has {len(rows) - 1:,} questions: give 1 to {MOST:,}")
    for number, row in rows:
        refuse_wider(number, row, heading)
    return tuple(_check(number, dict(zip(heading, map(str.strip, row), strict=False))) for number, row in rows[1:])


def judged(check: Check, found: Sequence[Found]) -> Checked:
    """True if one of the pieces has what the check asks for."""
    words = _plain(check.contain)
    passed = any(
        check.cite in ("", one.place.name, str(one.place)) and words in _plain(f"{one.headings}\n{one.text}")
        for one in found
    )
    return Checked(check, passed, tuple(dict.fromkeys(str(one.place) for one in found)))


def _check(number: int, row: dict[str, str]) -> Check:
    check = Check(row.get("question", ""), row.get("must contain", ""), row.get("must cite", ""))
    if not 0 < len(check.question) <= _LONGEST:
        raise SourceRefused(f"row {number}: a question has 1 to {_LONGEST:,} characters")
    if not (_plain(check.contain) or check.cite):
        raise SourceRefused(f"row {number}: say what a passage must contain, or which document it must cite")
    return check


def _plain(text: str) -> str:
    return " ".join(folded(text).split())
