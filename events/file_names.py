"""Names that a file can have on every system, since documents and files leave as files. Pure.

The names of documents and of the library's entries pass here when they are new. One that was stored before stays.
"""

from __future__ import annotations

import re
import unicodedata

from events.phrases import Phrase

LONGEST = 300
"""Characters of a document's name."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINER = "\u200d"
"""The sign that joins emoji to one."""

_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|\Z)", re.IGNORECASE)
"""Names of devices of Windows, with any ending."""


def path_fault(name: str) -> Phrase | None:
    """The reason for which a document cannot have this name, a path with slashes; None if it can."""
    if not name.strip():
        return Phrase("its name is blank: give one")
    if len(name) > LONGEST:
        return Phrase("its name has more than %(longest)s characters: give a shorter one", longest=LONGEST)
    if has_unseen(name):
        return Phrase("its name has characters that nobody sees: give it another one")
    return place_fault(name)


def place_fault(name: str) -> Phrase | None:
    """The reason for which no file can lie at this place in a folder on each system; None if one can."""
    if leads_out(name):
        return Phrase("its name leads out of the folder, or is hidden: give it another one")
    if any(_RESERVED.match(part) or part.endswith((".", " ")) for part in name.split("/")):
        return Phrase("no file of Windows can have its name: give it another one")
    return None


def leads_out(name: str) -> bool:
    """True if a file of this name would lie out of its folder, or be hidden in it."""
    return "\\" in name or any(not part or part.startswith((".", "~$")) for part in name.split("/"))


def has_unseen(name: str) -> bool:
    """True if the name has characters that nobody sees."""
    return any(unicodedata.category(sign) in _UNSEEN and sign != _JOINER for sign in name)


def made_fit(path: str) -> str:
    """The path of an address as a name that a document can have, as far as its parts are the reason."""
    parts = [part.rstrip(". ") for part in path.replace("\\", "_").split("/")]
    return "/".join(
        f"_{part}" if part.startswith((".", "~$")) or _RESERVED.match(part) else part for part in parts if part
    )
