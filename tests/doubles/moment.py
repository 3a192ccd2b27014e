"""What a person said, of the words that recado shows a model."""

from __future__ import annotations

import re

_DATED = re.compile(r"^\[[A-Z][a-z]+day \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d\]\n", re.MULTILINE)
_ADDED = re.compile(r"\n\n\[Added by the system, not by the person: [^\]\n]*\]")


def without_moment(text: str) -> str:
    """The text without the times of its lines and without the moment of the turn."""
    return _ADDED.sub("", _DATED.sub("", text)) if "[" in text else text
