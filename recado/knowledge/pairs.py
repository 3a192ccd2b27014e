"""Questions with their answers as CSV: read from people's files, and written for them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from events.faq import joined
from events.knowledge import MOST_PAIRS, Pair
from projections.words import folded
from recado.knowledge.sources import SourceRefused
from recado.knowledge.tables import refuse_wider, rows_in

ENDING = ".faq.csv"
"""Of a file of pairs in a folder of documents."""

_QUESTIONS = {"q", "question", "questions", "pergunta", "perguntas", "duvida", "pregunta", "preguntas"}
_ANSWERS = {"a", "answer", "answers", "resposta", "respostas", "respuesta", "respuestas"}


def pairs_in(body: bytes) -> tuple[Pair, ...]:
    """The pairs of a CSV: of its columns `question` and `answer`, or of its two columns. Raises SourceRefused,
    which names the row."""
    rows = rows_in(body, "questions")
    if not rows:
        raise SourceRefused("it has no rows: give a question and its answer in each")
    heading = [folded(cell.strip()) for cell in rows[0][1]]
    places = [next((at for at, cell in enumerate(heading) if cell in names), -1) for names in (_QUESTIONS, _ANSWERS)]
    is_headed = min(places) >= 0
    for number, row in rows if is_headed else []:
        refuse_wider(number, row, heading)
    pairs = joined((), _pairs(rows[1:] if is_headed else rows, places if is_headed else None))
    if not pairs:
        raise SourceRefused("it has a heading alone: give a question and its answer in each row")
    if len(pairs) > MOST_PAIRS:
        raise SourceRefused(f"it has {len(pairs):,} questions, and a document has at most {MOST_PAIRS:,}: split it")
    return pairs


def pair(question: str, answer: str) -> Pair:
    """A pair within its bounds. Raises SourceRefused."""
    try:
        return msgspec.convert({"q": question.strip(), "a": answer.strip()}, Pair)
    except msgspec.ValidationError as fault:
        raise SourceRefused(
            f"a question has 1 to 1,000 characters, this one {len(question.strip()):,}; an answer 1 to 4,096, this one "
            f"{len(answer.strip()):,}"
        ) from fault


def as_csv(pairs: Iterable[Pair]) -> bytes:
    """The pairs as CSV with a heading, as `pairs_in` reads it."""
    into = io.StringIO()
    writer = csv.writer(into, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(("question", "answer"))
    writer.writerows((one.q, one.a) for one in pairs)
    return into.getvalue().encode()


def _pairs(rows: Iterable[tuple[int, list[str]]], places: list[int] | None) -> Iterator[Pair]:
    for number, row in rows:
        try:
            yield pair(*_two(row if places is None else [row[at] if at < len(row) else "" for at in places]))
        except SourceRefused as fault:
            raise SourceRefused(f"row {number}: {fault}") from fault


def _two(cells: list[str]) -> tuple[str, str]:
    if len(cells) != 2:
        raise SourceRefused(
            f"it has {len(cells)} columns: give two, or name two of them `question` and `answer` in a heading"
        )
    return cells[0], cells[1]
