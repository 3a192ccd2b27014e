"""Characters that nobody sees. In a document they would hide words from the search, and carry some to a model. Pure."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""Unicode's default-ignorable characters (zero width, directions, soft hyphens, variants, tags, fillers), and
the marks of annotations."""


def seen(text: str) -> str:
    """The text without them."""
    return text if text.isascii() else _UNSEEN.sub("", text)
