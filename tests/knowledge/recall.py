"""Recall at 3 of the search over the documents: `python -m tests.knowledge.recall [tune]`.

Prints JSON: by way of searching, by who asks, by place to search, kind and use, the share of questions whose right
passage is among the first three; by words, by meaning with the model of the extra `embedded`, and by both. `judged`:
the share for which one of the three answers, as a reader judged. For `no_answer`: the share for which nothing is found.
With `tune`, the unseen questions are left out. The vectors take minutes; they are kept in the
folder that RECALL_CACHE names.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Literal, get_args

import msgspec
import structlog

from backends.content.left_out import LeftOut
from backends.content.markdown_readers import READERS, whole
from backends.embedded import SIZE, Embedded
from events.knowledge import Document, Place, Version
from projections.knowledge import meanings
from projections.knowledge.index import Index, Text
from projections.knowledge.parts import parts_of
from projections.knowledge.phrasings import mean_of, phrasings_of
from projections.knowledge.search import Found, Question, _shown, search
from recado.knowledge.sources import TYPES
from tests.knowledge.catalogue import catalogue
from tests.knowledge.question_set import (
    BUSINESSES,
    DOCUMENTS,
    KINDS,
    USES,
    Asked,
    Use,
    business_of,
    judgments,
    language_of,
    passages,
    queries,
    questions,
    words_of,
)

OTHERS = "others"
"""The collection of other pieces; each business has one of its own."""

OTHER_PIECES = 10_000
SECTIONS = 50
"""Pieces of each of the other documents."""

FIRST = 3
AT = datetime(2026, 11, 29, tzinfo=UTC)

Asker = Literal["person", "model"]
"""Whose words are searched: the person's own, or those that a model writes for `look_up` (queries.csv)."""

Where = Literal["all", "one business and others", "one business"]
"""Whose documents are searched: of all businesses and the others, or of the one that is asked."""


def documents() -> dict[str, str]:
    """The text of each document by its name, as recado reads it."""
    paths, left_out = sorted(DOCUMENTS.iterdir()), LeftOut()
    return {path.name: whole(READERS[TYPES[path.suffix]](path.read_bytes(), left_out), left_out) for path in paths}


def shuffled(seed: int = 19) -> Iterator[tuple[str, str]]:
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


def indexed(texts: dict[str, str], others: Iterable[tuple[str, str]]) -> Index:
    index = Index(None)
    places = [*((business_of(name), name, text) for name, text in texts.items()), *((OTHERS, *one) for one in others)]
    versions = [
        (Version(Place(collection, name), seq, Document(name=name, object="LIBRARY/" + "cd" * 32, at=AT)), Text(text))
        for seq, (collection, name, text) in enumerate(places, 1)
    ]
    index.take(AT, len(versions), versions, afresh=True)
    return index


def collections(asked: Asked, where: Where) -> tuple[str, ...]:
    """Where the question is searched. A question without an answer is asked of all collections."""
    businesses = (business_of(asked.document),) if asked.document and where != "all" else BUSINESSES
    return businesses if where == "one business" else (*businesses, OTHERS)


def is_right(asked: Asked, found: list[Found]) -> bool:
    """Whether the right passage is among these; for a question without an answer, whether there are none."""
    if asked.kind == "no_answer":
        return not found
    return any(one.place.name == asked.document and asked.contains in " ".join(one.text.split()) for one in found)


def is_judged_right(asked: Asked, found: list[Found]) -> bool:
    """Whether a reader judged that one of these answers the question as well."""
    texts = [(one.place.name, " ".join(one.text.split())) for one in found]
    return any(
        name == judged.document and judged.contains in text
        for judged in judgments()
        if judged.id == asked.id and judged.answers == "yes"
        for name, text in texts
    )


def by_words(index: Index, asked: Asked, where: Where = "all", asker: Asker = "person") -> list[Found]:
    return search(index, Question(words_asked(asked, where, asker), collections(asked, where)), FIRST)


def words_asked(asked: Asked, where: Where, asker: Asker) -> str:
    """The person's own words, or what the model asks."""
    if asker == "person":
        return asked.question
    written = queries()[asked.id]
    return "\n".join(written.all if where == "all" else written.one or written.all)


Kept = list[tuple[bytes, bytes]]
"""The vectors by digest."""


class Vectors:
    """The vectors of pieces and of questions, by the model of the extra `embedded`."""

    SPACE = "recall"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "vectors.msgpack"
        self._kept = msgspec.msgpack.decode(self._file.read_bytes(), type=Kept) if self._file.exists() else []
        self._phrasings: dict[str, bytes] = {}

    async def make(self, index: Index) -> None:
        """Make those that are not in the file."""
        everywhere = (*BUSINESSES, OTHERS)
        model = Embedded()
        try:
            texts = sorted({text for asked in questions() for text in _phrasings(asked)})
            self._phrasings = dict(zip(texts, await model.vectors(texts), strict=True))
            there = {digest for (digest,) in index.db.execute("SELECT digest FROM pieces")}
            index.write(meanings.keep, self.SPACE, [one for one in self._kept if one[0] in there], SIZE)
            while some := index.read(meanings.lacking, self.SPACE, everywhere, 320):
                vectors = [b"".join(await model.vectors(parts_of(one.words))) for one in some]
                made_now = [(one.digest, vector) for one, vector in zip(some, vectors, strict=True)]
                index.write(meanings.keep, self.SPACE, made_now, SIZE)
                self._kept += made_now
                self._file.write_bytes(msgspec.msgpack.encode(self._kept))
        finally:
            await model.close()
        index.write(meanings.note_whole, self.SPACE, everywhere)

    def by_meaning(self, index: Index, asked: Asked, where: Where, asker: Asker) -> list[Found]:
        vector = self._of(words_asked(asked, where, asker))
        near = meanings.nearest(index.db, self.SPACE, vector, collections(asked, where))
        return _shown(index, list(near)[:FIRST])

    def by_both(self, index: Index, asked: Asked, where: Where, asker: Asker) -> list[Found]:
        words = words_asked(asked, where, asker)
        return search(index, Question(words, collections(asked, where), self._of(words), self.SPACE), FIRST)

    def _of(self, words: str) -> bytes:
        return mean_of([self._phrasings[text] for text in phrasings_of(words)])


def _phrasings(asked: Asked) -> Iterator[str]:
    for where, asker in product(get_args(Where), get_args(Asker)):
        yield from phrasings_of(words_asked(asked, where, asker))


Find = Callable[[Index, Asked, Where, Asker], list[Found]]


def missed(index: Index, find: Find, where: Where, asked_so: Iterable[Asked], asker: Asker = "person") -> set[str]:
    """The questions that the search does not answer as they are marked, by their ids."""
    return {asked.id for asked in asked_so if not is_right(asked, find(index, asked, where, asker))}


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    uses = USES[:1] if sys.argv[1:] == ["tune"] else USES
    vectors = Vectors(Path(os.environ.get("RECALL_CACHE", ".")))
    searches: dict[str, Find] = {"words": by_words, "meaning": vectors.by_meaning, "both": vectors.by_both}
    report: dict[str, object] = {}
    for others, texts in (("shuffled", shuffled()), ("catalogue", catalogue(OTHER_PIECES, SECTIONS)), ("none", ())):
        index = indexed(documents(), texts)
        asyncio.run(vectors.make(index))
        places: tuple[Where, ...] = ("all", "one business and others") if texts else ("one business",)
        for where, (name, find), asker in product(places, searches.items(), get_args(Asker)):
            shares = _shares(lambda asked, i=index, f=find, w=where, a=asker: f(i, asked, w, a), uses)
            report[f"{name}, asked by the {asker}, {where}, {others}"] = shares
        index.close()
    print(json.dumps(report, indent=2))  # noqa: T201


def _shares(find: Callable[[Asked], list[Found]], uses: Iterable[Use]) -> dict[str, dict[Use, float]]:
    """`answered`: the right passage is among them; `judged`: that, or another that a reader judged to answer."""
    shares: dict[str, dict[Use, float]] = defaultdict(dict)
    for use in uses:
        found = {asked: find(asked) for asked in questions() if asked.use == use}
        for kind in KINDS:
            shares[kind][use] = _share(is_right(one, there) for one, there in found.items() if one.kind == kind)
        answered = [(one, there) for one, there in found.items() if one.kind != "no_answer"]
        shares["answered"][use] = _share(is_right(*one) for one in answered)
        shares["judged"][use] = _share(is_right(*one) or is_judged_right(*one) for one in answered)
    return shares


def _share(right: Iterable[bool]) -> float:
    """Of those that are right."""
    return round(fmean(right), 2)


if __name__ == "__main__":
    main()
