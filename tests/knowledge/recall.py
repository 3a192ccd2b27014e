"""Recall at 3 of the search over the documents among 10,000 other pieces: `python -m tests.knowledge.recall`.

Prints JSON: by kind and use, the share of questions whose right passage is among the first three. For `no_answer`: the
share for which nothing is found.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random

from backends.content.markdown_process import READERS, whole
from events.knowledge import Document, Place, Version
from projections.knowledge.index import Index, Text
from projections.knowledge.search import Found, Question, search
from recado.knowledge.sources import TYPES
from tests.knowledge.question_set import DOCUMENTS, KINDS, USES, Asked, language_of, passages, questions, words_of

COLLECTION = "shops"
OTHER_PIECES = 10_000
SECTIONS = 50
"""Pieces of each of the other documents."""

FIRST = 3
AT = datetime(2026, 11, 29, tzinfo=UTC)


def documents() -> dict[str, str]:
    """The text of each document by its name, as recado reads it."""
    paths = sorted(DOCUMENTS.iterdir())
    return {path.name: whole(READERS[TYPES[path.suffix]](path.read_bytes())) for path in paths}


def others(seed: int = 19) -> Iterator[tuple[str, str]]:
    """(name, text) of documents whose words are those of the set in one language, as often, in another order."""
    chance = Random(seed)
    vocabularies: dict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted(DOCUMENTS.iterdir()):
        for passage in passages(path.name):
            vocabularies[language_of(path.name)].update(words_of(f"{passage.heading} {passage.text}"))
    for number in range(OTHER_PIECES // SECTIONS):
        words = vocabularies[("pt", "es", "en")[number % 3]]
        drawn = iter(chance.choices(list(words), list(words.values()), k=SECTIONS * 70))
        sections = (
            f"## {' '.join(next(drawn) for _ in range(3))}\n\n{' '.join(next(drawn) for _ in range(60))}."
            for _ in range(SECTIONS)
        )
        yield f"other-{number}.md", "\n\n".join(sections)


def indexed(texts: dict[str, str]) -> Index:
    index = Index(None)
    versions = [
        (Version(Place(COLLECTION, name), seq, Document(name=name, object="LIBRARY/" + "cd" * 32, at=AT)), Text(text))
        for seq, (name, text) in enumerate([*texts.items(), *others()], 1)
    ]
    index.take(AT, len(versions), versions, afresh=True)
    return index


def is_right(asked: Asked, found: list[Found]) -> bool:
    """Whether the right passage is among these; for a question without an answer, whether there are none."""
    if asked.kind == "no_answer":
        return not found
    return any(one.place.name == asked.document and asked.contains in " ".join(one.text.split()) for one in found)


def by_words(index: Index, asked: Asked) -> list[Found]:
    return search(index, Question(asked.question, (COLLECTION,)), FIRST)


SEARCHES: dict[str, Callable[[Index, Asked], list[Found]]] = {"full_text": by_words}


def missed(index: Index, find: Callable[[Index, Asked], list[Found]]) -> set[str]:
    """The questions that the search does not answer as they are marked, by their ids."""
    return {asked.id for asked in questions() if not is_right(asked, find(index, asked))}


def main() -> None:
    index = indexed(documents())
    [pieces] = index.db.execute("SELECT count(*) FROM pieces").fetchone()
    report: dict[str, object] = {"pieces": pieces}
    for name, find in SEARCHES.items():
        wrong = missed(index, find)
        report[name] = {
            kind: {
                use: _share([one.id for one in questions() if (one.kind, one.use) == (kind, use)], wrong)
                for use in USES
            }
            for kind in KINDS
        }
        tuning = {one.id for one in questions() if one.use == "tune" and one.kind != "no_answer"}
        report[f"{name}_missed_in_tune"] = sorted(wrong & tuning)
    print(json.dumps(report, indent=2))  # noqa: T201


def _share(ids: list[str], wrong: set[str]) -> float:
    return round(sum(one not in wrong for one in ids) / len(ids), 2)


if __name__ == "__main__":
    main()
