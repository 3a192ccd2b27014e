"""Recall at 3 of the search over the documents among 10,000 other pieces: `python -m tests.knowledge.recall`.

Prints JSON: by kind and use, the share of questions whose right passage is among the first three, by words, by meaning
with the model of the extra `embedded`, and by both. For `no_answer`: the share for which nothing is found. The vectors
take minutes; they are kept in the folder that RECALL_CACHE names.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import structlog

from backends.content.markdown_process import READERS, whole
from backends.embedded import SIZE, Embedded
from events.knowledge import Document, Place, Version
from projections.knowledge import meanings
from projections.knowledge.index import Index, Text
from projections.knowledge.parts import parts_of
from projections.knowledge.search import RANKED, Found, Question, _shown, search
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


Kept = list[tuple[bytes, bytes]]
"""The vectors by digest."""


class Vectors:
    """The vectors of an index's pieces and of the questions, by the model of the extra `embedded`."""

    SPACE = "recall"

    def __init__(self, index: Index, folder: Path) -> None:
        self._index = index
        self._file = folder / "vectors.msgpack"
        self._questions: dict[str, bytes] = {}

    async def make(self) -> None:
        """Make those that are not in the file."""
        model = Embedded()
        try:
            made = await model.vectors([asked.question for asked in questions()])
            self._questions = {asked.id: vector for asked, vector in zip(questions(), made, strict=True)}
            kept = msgspec.msgpack.decode(self._file.read_bytes(), type=Kept) if self._file.exists() else []
            self._index.write(meanings.keep, self.SPACE, kept, SIZE)
            while some := self._index.read(meanings.lacking, self.SPACE, (COLLECTION,), 320):
                vectors = [b"".join(await model.vectors(parts_of(one.words))) for one in some]
                made_now = [(one.digest, vector) for one, vector in zip(some, vectors, strict=True)]
                self._index.write(meanings.keep, self.SPACE, made_now, SIZE)
                kept += made_now
                self._file.write_bytes(msgspec.msgpack.encode(kept))
        finally:
            await model.close()
        self._index.write(meanings.note_whole, self.SPACE, [COLLECTION])

    def by_meaning(self, index: Index, asked: Asked) -> list[Found]:
        near = meanings.nearest(index.db, self.SPACE, self._questions[asked.id], (COLLECTION,), RANKED)
        return _shown(index, near[:FIRST])

    def by_both(self, index: Index, asked: Asked) -> list[Found]:
        vector = self._questions[asked.id]
        return search(index, Question(asked.question, (COLLECTION,), vector, self.SPACE), FIRST)


def missed(index: Index, find: Callable[[Index, Asked], list[Found]]) -> set[str]:
    """The questions that the search does not answer as they are marked, by their ids."""
    return {asked.id for asked in questions() if not is_right(asked, find(index, asked))}


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    index = indexed(documents())
    folder = Path(os.environ.get("RECALL_CACHE", "."))
    vectors = Vectors(index, folder)
    asyncio.run(vectors.make())
    searches: dict[str, Callable[[Index, Asked], list[Found]]] = {
        "full_text": by_words,
        "vectors": vectors.by_meaning,
        "both": vectors.by_both,
    }
    [pieces] = index.db.execute("SELECT count(*) FROM pieces").fetchone()
    report: dict[str, object] = {"pieces": pieces}
    for name, find in searches.items():
        wrong = missed(index, find)
        report[name] = {
            kind: {
                use: _share([one.id for one in questions() if (one.kind, one.use) == (kind, use)], wrong)
                for use in USES
            }
            for kind in KINDS
        } | {
            "answered": {
                use: _share([one.id for one in questions() if one.kind != "no_answer" and one.use == use], wrong)
                for use in USES
            }
        }
        tuning = {one.id for one in questions() if one.use == "tune" and one.kind != "no_answer"}
        report[f"{name}_missed_in_tune"] = sorted(wrong & tuning)
    print(json.dumps(report, indent=2))  # noqa: T201


def _share(ids: list[str], wrong: set[str]) -> float:
    return round(sum(one not in wrong for one in ids) / len(ids), 2)


if __name__ == "__main__":
    main()
