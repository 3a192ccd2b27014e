"""The line under an answer that names the documents that its model was shown. recado writes it, never the model."""

from __future__ import annotations

import re

from chat.first_look import CALL
from chat.language import Language
from chat.turn import Turn, runs_of
from events.tool_calls import Passage

MOST = 3
"""Documents that are named."""

LONGEST_NAME = 80
"""Characters of a document's name."""

_WORDS: dict[Language, tuple[str, str]] = {
    "en": ("Source", "Sources"),
    "pt": ("Fonte", "Fontes"),
    "es": ("Fuente", "Fuentes"),
}
_MONTHS: dict[Language, str] = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
}
_LINE = re.compile(r"[\s>*_(\[-]{0,9}(?:sources?|fontes?|fuentes?)[*_]{0,3}[ \t]{0,3}[:：]", re.IGNORECASE)


def with_sources(text: str, turn: Turn, language: Language | None) -> str:
    """The model's answer with the line in this language, without its own last lines that look like one. None: as it
    is."""
    if language is None or not text.strip():
        return text
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _LINE.match(lines[-1])):
        lines.pop()
    said, named = "\n".join(lines), _named(turn, language)
    if not named:
        return said
    return f"{said}\n\n{_WORDS[language][len(named) > 1]}: {'; '.join(named)}"


def _named(turn: Turn, language: Language) -> list[str]:
    """The first documents of this attempt's passages, each once, with the day on which it was added (UTC)."""
    runs = runs_of(turn.phase) or (None,)
    shown = [one for call in turn.calls if call.run in runs or call.id == CALL for one in call.passages]
    first = {one.document: one for one in reversed(shown)}
    return [_name(one, language) for one in sorted(first.values(), key=shown.index)[:MOST]]


def _name(one: Passage, language: Language) -> str:
    name = " ".join((one.document.partition("/")[2] or one.document).split())
    name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    if one.at is None:
        return name
    return f"{name}, {one.at.day} {_MONTHS[language].split()[one.at.month - 1]} {one.at.year}"
