"""One question in several phrasings: a line each. Pure.

They are searched as one question: by the words of all, and by the mean of their vectors. So three take the time of one.
See docs/decisions/0249.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from math import hypot

MOST = 3

_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
"""Signs that models write before a line of a list."""


def phrasings_of(query: str) -> list[str]:
    """At least one and at most three; what is beyond belongs to the last one."""
    lines = [line for line in (_MARK.sub("", one).strip() for one in query.splitlines()) if line]
    return [*lines[: MOST - 1], *filter(None, [" ".join(lines[MOST - 1 :])])] or [query]


def mean_of(vectors: Sequence[bytes]) -> bytes:
    """The vector of length 1 between vectors of 32-bit floats of one length."""
    if len(vectors) == 1:
        return vectors[0]
    sums = [sum(numbers) for numbers in zip(*(array("f", one) for one in vectors), strict=True)]
    length = hypot(*sums) or 1.0
    return array("f", (number / length for number in sums)).tobytes()
