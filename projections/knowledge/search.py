"""Finds pieces by their words and by their meaning, and joins both by their scores.

The nearest piece by meaning has closeness 1, the one at rank 20 has 0, whatever distances a model makes: a cosine does
not say whether an answer is there. A piece's words add what they are worth: see docs/decisions/0241.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import log

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.knowledge import Place
from projections.knowledge.forms import matched
from projections.knowledge.index import Index
from projections.knowledge.meanings import nearest
from projections.knowledge.pieces import MOST

RANKED = 20
"""Pieces of the ranking by words that are joined with those that are near by meaning."""

FAR = 20
"""The rank by meaning of the piece that has closeness 0."""

OF_A_RARE_WORD = 0.3
"""How much closer a piece is that has a word of the question which no other piece has. It was chosen by the questions
of tests/knowledge that are for tuning."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Found(msgspec.Struct, frozen=True):
    """A piece that answers a question, perhaps.

    - `place`: its document.
    - `seq`: the document's version.
    - `number`: the piece within the document, from 0.
    - `at`: when that version was added; None: it does not say.
    """

    place: Place
    seq: int
    number: int
    headings: str
    text: str
    source: str
    at: datetime | None


class Question(msgspec.Struct, frozen=True):
    """A question.

    - `words`: the question, in all its phrasings.
    - `collections`: where to look.
    - `vector`: the meaning of the phrasings, as the pieces' vectors are; None: by words alone.
    - `space`: of the vector.
    """

    words: str
    collections: tuple[str, ...]
    vector: bytes | None = None
    space: str = ""


def search(index: Index, question: Question, most: int = 3) -> list[Found]:
    """The pieces that fit best, the best first."""
    return index.read(_search, question, most)


def _search(db: sqlite3.Connection, question: Question, most: int) -> list[Found]:
    by_words = _by_words(db, question)
    near = {}
    if question.vector is not None:
        near = nearest(db, question.space, question.vector, question.collections, list(by_words))
    return _shown(db, joined(by_words, near)[:most])


def joined(by_words: Mapping[int, float], near: Mapping[int, float]) -> list[int]:
    """The best first.

    - `by_words`: pieces with the worth of their words, counted in words that no other piece has; the best first.
    - `near`: pieces with the square of their distance; the nearest first.
    """
    distances = sorted(near.values())[:FAR] or [0.0]
    least, far = distances[0], distances[-1]
    scores = {one: (far - distance) / (far - least) if far > least else 1.0 for one, distance in near.items()}
    last = min(scores.values(), default=0.0)
    for one, worth in by_words.items():
        scores[one] = scores.get(one, min(last, 0.0)) + OF_A_RARE_WORD * worth
    return sorted(scores, key=lambda one: -scores[one])


def _by_words(db: sqlite3.Connection, question: Question) -> dict[int, float]:
    words = matched(question.words)
    if not words:
        return {}
    rows = db.execute(
        # A common word is in thousands of pieces: joining their rows took a third of the time.
        "SELECT rowid, bm25(forms) AS score FROM forms WHERE forms MATCH ? AND rowid / ? IN "
        "(SELECT id FROM documents WHERE collection IN (SELECT value FROM json_each(?))) "
        "ORDER BY score, rowid LIMIT ?",
        (words, MOST, _json(question.collections), RANKED),
    ).fetchall()
    # bm25 gives a word that one piece has about the logarithm of the number of all pieces.
    [pieces] = db.execute("SELECT count(*) FROM pieces").fetchone()
    return {id_: -score / log(pieces + 1) for id_, score in rows}


def _shown(db: sqlite3.Connection, ids: Sequence[int]) -> list[Found]:
    rows = db.execute(
        "SELECT pieces.id, collection, name, documents.id, number, headings, text, source, at FROM pieces "
        "JOIN documents ON documents.id = document WHERE pieces.id IN (SELECT value FROM json_each(?))",
        (_json(ids),),
    )
    found: dict[int, Found] = {}
    for id_, collection, name, seq, number, headings, text, source, at in rows:
        added = _EPOCH + timedelta(microseconds=at) if at else None
        found[id_] = Found(Place(collection, name), seq, number, headings, text, source, added)
    return [found[id_] for id_ in ids]


def _json(values: Sequence[object]) -> str:
    return msgspec.json.encode(values).decode()
