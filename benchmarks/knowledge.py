"""Speed of the index of documents: made from texts, and searched by words and by meaning; and its memory.

The texts are sentences of a few thousand made-up words, as common as words of a language are. The vectors come from
chance, as fast as no model makes them: only the search is measured.
"""

from __future__ import annotations

import resource
import time
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from benchmarks.figures import Outcome, Say, at_least, at_most, figure
from events.knowledge import Document, Place, Version
from projections.knowledge import meanings
from projections.knowledge.index import Index, Text
from projections.knowledge.search import Question, search

SPACE = "chance"
COLLECTION = "shop"
VOWELS, CONSONANTS = "aeiou", "bcdfglmnprstv"
AT = datetime(2026, 11, 29, tzinfo=UTC)


class Size(msgspec.Struct, frozen=True):
    """- `pieces`: about so many.
    - `numbers`: of a vector.
    - `vectors`: of a piece, as the embedded model makes one for each statement.
    - `questions`: of each kind.
    """

    pieces: int = 10_000
    numbers: int = 512
    vectors: int = 5
    questions: int = 200
    rounds: int = 3


TINY = Size(pieces=60, numbers=16, vectors=2, questions=3, rounds=1)


class _Made(NamedTuple):
    pieces: int
    seconds: float


def _memory() -> float:
    """The most memory of the process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _words(chance: Random, count: int) -> list[str]:
    def syllable() -> str:
        return chance.choice(CONSONANTS) + chance.choice(VOWELS)

    # Words of one syllable would be the same again and again, and as common as words that questions are freed of.
    made = {"".join(syllable() for _ in range(chance.randint(2, 4))): None for _ in range(2 * count)}
    return list(made)[:count]


def _text(chance: Random, words: Sequence[str], sections: int) -> str:
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    lines: list[str] = []
    for _ in range(sections):
        chosen = chance.choices(words, weights, k=110)
        lines += [f"# {' '.join(chosen[:4])}", *(" ".join(chosen[at : at + 11]) + "." for at in range(0, 110, 11)), ""]
    return "\n".join(lines)


def _vector(chance: Random, numbers: int) -> bytes:
    found = array("b", chance.randbytes(numbers))
    length = sum(number * number for number in found) ** 0.5
    return array("f", (number / length for number in found)).tobytes()


def _made(index: Index, texts: Sequence[str]) -> _Made:
    pairs = [
        (Version(Place(COLLECTION, f"{seq}.md"), seq, Document(name=f"{seq}.md", at=AT)), Text(text))
        for seq, text in enumerate(texts, 1)
    ]
    started = time.process_time()
    for first in range(0, len(pairs), 16):
        index.take(AT, first + 16, pairs[first : first + 16], afresh=first == 0)
    seconds = time.process_time() - started
    return _Made(index.db.execute("SELECT count(*) FROM pieces").fetchone()[0], seconds)


def _times(index: Index, questions: Sequence[Question]) -> list[float]:
    """Milliseconds of CPU."""
    times = []
    for question in questions:
        started = time.process_time()
        found = search(index, question)
        times.append((time.process_time() - started) * 1000)
        if not found:
            raise RuntimeError(f"nothing is found for {question.words!r}")
    return times


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    chance = Random(19)
    words = _words(chance, 4000)
    texts = [_text(chance, words, 20) for _ in range(size.pieces // 20)]
    before = _memory()
    made = []
    for number in range(size.rounds):
        say(f"index {number + 1} of {size.rounds}")
        index = Index(folder / f"{number}.db")
        made.append(_made(index, texts))
        if number < size.rounds - 1:
            index.close()
    indexed = _memory()
    say("vectors")
    kept = 0.0
    while some := index.read(meanings.lacking, SPACE, (COLLECTION,), 32):
        vectors = [(one.digest, b"".join(_vector(chance, size.numbers) for _ in range(size.vectors))) for one in some]
        started = time.process_time()
        index.write(meanings.keep, SPACE, vectors, 4 * size.numbers)
        kept += time.process_time() - started
    index.write(meanings.note_whole, SPACE, (COLLECTION,))
    say("questions")
    asked = [" ".join(chance.sample(words[20:], 5)) for _ in range(size.questions)]
    by_words = _times(index, [Question(one, (COLLECTION,)) for one in asked])
    by_both = _times(index, [Question(one, (COLLECTION,), _vector(chance, size.numbers), SPACE) for one in asked])
    phrased = [
        Question("\n".join(asked[at : at + 3]), (COLLECTION,), _vector(chance, size.numbers), SPACE)
        for at in range(0, len(asked), 3)
    ]
    by_phrasings = _times(index, phrased)
    index.close()
    speed = figure([one.pieces / one.seconds for one in made], "pieces/CPU-s")
    both = figure(by_both, "ms CPU")
    figures = {
        "index made without vectors": speed,
        "search by words": figure(by_words, "ms CPU"),
        "search by words and meaning": both,
        "search by three phrasings": figure(by_phrasings, "ms CPU"),
        "vectors kept": figure([size.vectors * made[-1].pieces / kept], "vectors/CPU-s"),
        "memory that the index takes": figure([indexed - before], "MB"),
        "memory that vectors and questions take": figure([_memory() - indexed], "MB"),
        "the file": figure([(folder / f"{size.rounds - 1}.db").stat().st_size / 1024**2], "MB"),
    }
    return Outcome(
        {
            "pieces": made[-1].pieces,
            "numbers of a vector": size.numbers,
            "vectors of a piece": size.vectors,
            "questions": size.questions,
        },
        figures,
        (
            at_least("index made without vectors", speed, 1000),
            at_most("search by words and meaning", both, 15),
        ),
    )
