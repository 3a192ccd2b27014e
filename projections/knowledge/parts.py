"""The words to embed of a piece: below its document's name and its headings; and those words in parts. Pure.

A small model blurs many statements into one vector. With a vector for each sentence and each row of a table, below its
heading, a question meets the one that answers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from projections.knowledge.pieces import Piece

MOST = 32
"""Parts of a piece; the last one has the rest."""

SHORTEST = 20
"""Characters of a sentence that is a part by itself."""

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_BETWEEN = re.compile(r"[-_./]+")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")


def words_of(name: str, piece: Piece) -> str:
    """The embedded text of a piece of the document: a line of its name and headings, and its text."""
    said = " ".join(_BETWEEN.sub(" ", _ENDING.sub("", name)).split())
    above = f"{said} › {piece.headings}" if piece.headings else said
    return f"{above}\n{piece.text}"


def parts_of(words: str) -> list[str]:
    """The parts of what `words_of` gives, the whole first."""
    above, _, text = words.partition("\n")
    name, *headings = above.split(" › ")
    title = f"{name} {headings[-1]}" if headings else name
    found = list(_statements(text))
    if len(found) <= 1:
        return [words]
    return [words, *(f"{title}: {one}" for one in (*found[: MOST - 2], " ".join(found[MOST - 2 :])) if one)]


def _statements(text: str) -> Iterator[str]:
    """Rows without the heading of their table, and sentences."""
    lines = text.split("\n")
    prose = list[str]()
    for number, line in enumerate(lines):
        if not line.lstrip().startswith("|"):
            prose.append(line)
            continue
        is_heading = number + 1 < len(lines) and _RULE.fullmatch(lines[number + 1].strip()) is not None
        if not is_heading and _RULE.fullmatch(line.strip()) is None:
            yield " ".join(cell.strip() for cell in line.strip().strip("|").split("|"))
    kept = ""
    for sentence in _SENTENCES.split("\n".join(prose)):
        kept = f"{kept} {sentence.strip()}".strip()
        if len(kept) >= SHORTEST:
            yield kept
            kept = ""
    if kept:
        yield kept
