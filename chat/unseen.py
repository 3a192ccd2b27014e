"""Characters that nobody sees. In a document they would hide words from the search, and carry some to a model; in a
name or a message they would hide who it is of, or turn the words after them around. Pure."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""Unicode's default-ignorable characters (zero width, directions, soft hyphens, variants, tags, fillers), and
the marks of annotations."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]+")
"""Embeddings, overrides and isolates: the direction that they set lasts until another one ends it.
https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters"""

_JOINING = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""Characters that emoji of several characters and some scripts are written with."""

_BLANK = "\u2800"
"""The empty pattern of Braille: a symbol that looks like a space."""


def seen(text: str) -> str:
    """The text without them."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def has_words(text: str) -> bool:
    """True if there is anything to see in the text."""
    return any(sign != _BLANK and not sign.isspace() and unicodedata.category(sign) != "Cc" for sign in seen(text))


def unturned(text: str) -> str:
    """The text without those that turn the words after them around. The marks of right and left stay, since they turn
    nothing but their neighbours."""
    return text if text.isascii() else _TURNING.sub("", text)


def shown_name(name: str | None) -> str | None:
    """A name as people are shown it: one line of what can be seen; None if there is nothing to see."""
    if not name or (name.isascii() and name.isalnum()):
        return name or None
    kept = "".join(map(_shown, name))
    return " ".join(kept.split()) if seen(kept).strip() else None


def _shown(sign: str) -> str:
    if sign in _JOINING:
        return sign
    if sign == _BLANK or sign.isspace() or unicodedata.category(sign) == "Cc":
        return " "
    return "" if unicodedata.category(sign) in {"Cf", "Cs"} or _UNSEEN.match(sign) else sign
