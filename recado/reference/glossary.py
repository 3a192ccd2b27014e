"""The tables at the end of docs/glossary.md; the words above them are written by hand."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from events.decisions import DECISIONS
from events.inbound import INBOUND
from projections.story.reasons import EXPLAINED, FAILED, NOT_SENT

MARK = "<!-- `python -m recado.reference` writes the rest of this page. -->\n"


def with_tables(page: str) -> str:
    """`page` with current tables after the mark. Raises ValueError if the mark is missing."""
    words, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"docs/glossary.md has lost its line {MARK!r}")
    return words + mark + "\n".join(_tables()) + "\n"


def _tables() -> Iterator[str]:
    yield from ("", "## Events", "", "| type | meaning |", "|---|---|")
    for type_, struct in (INBOUND | DECISIONS).items():
        yield f"| [{type_}](events.md#{type_}) | {_first_sentence(struct)} |"
    yield from ("", "## Reasons of `ignored`", "", "| reason | the message got no reply, or the order was not obeyed |")
    yield "|---|---|"
    for reason, sentence in EXPLAINED.items():
        yield f"| `{reason}` | {sentence} |"
    yield from ("", "## Classes of `turn_failed`", "", "| class | the turn failed |", "|---|---|")
    for class_, sentence in FAILED.items():
        yield f"| `{class_}` | {sentence} |"
    yield from ("", "## Classes of a receipt's error", "", "| class | the reply was not sent |", "|---|---|")
    for kind, sentence in NOT_SENT.items():
        yield f"| `{kind}` | {sentence} |"


def _first_sentence(struct: type) -> str:
    text = " ".join((inspect.getdoc(struct) or "").split())
    return text.partition(". ")[0].removesuffix(".") + "."
