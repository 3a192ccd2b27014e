"""Finds pieces by their words and by their meaning, and joins both rankings.

The rankings are joined by the reciprocal of the ranks (https://plg.uwaterloo.ca/~gvcormac/cormacksigir09-rrf.pdf): the
scores of the two cannot be compared, and a cosine does not say whether an answer is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from events.knowledge import Place
from projections.knowledge.forms import matched
from projections.knowledge.index import Index
from projections.knowledge.meanings import nearest
from projections.knowledge.pieces import MOST

RANKED = 20
"""Pieces of each ranking that are joined."""

SMOOTHING = 10
"""The constant of the joining."""

WEIGHTS = (1, 2)
"""How much the ranking by words counts, and the one by meaning. All three were chosen by the questions of
tests/knowledge that are for tuning: see docs/decisions/0236."""

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

    - `words`: the question.
    - `collections`: where to look.
    - `vector`: the meaning of the words, as the pieces' vectors are; None: by words alone.
    - `space`: of the vector.
    """

    words: str
    collections: tuple[str, ...]
    vector: bytes | None = None
    space: str = ""


def search(index: Index, question: Question, most: int = 3) -> list[Found]:
    """The pieces that fit best, the best first."""
    rankings = [_by_words(index, question)]
    if question.vector is not None:
        rankings.append(nearest(index.db, question.space, question.vector, question.collections, RANKED))
    return _shown(index, joined(rankings)[:most])


def joined(rankings: Sequence[Sequence[int]]) -> list[int]:
    """One ranking of all, of the one by words and perhaps the one by meaning; between equals the one that the first
    has."""
    scores: dict[int, float] = {}
    for ranking, weight in zip(rankings, WEIGHTS, strict=False):
        for rank, one in enumerate(ranking, 1):
            scores[one] = scores.get(one, 0.0) + weight / (SMOOTHING + rank)
    return sorted(scores, key=lambda one: -scores[one])


def _by_words(index: Index, question: Question) -> list[int]:
    words = matched(question.words)
    if not words:
        return []
    rows = index.db.execute(
        # A common word is in thousands of pieces: joining their rows took a third of the time.
        "SELECT rowid FROM forms WHERE forms MATCH ? AND rowid / ? IN "
        "(SELECT id FROM documents WHERE collection IN (SELECT value FROM json_each(?))) "
        "ORDER BY bm25(forms), rowid LIMIT ?",
        (words, MOST, _json(question.collections), RANKED),
    )
    return [id_ for (id_,) in rows]


def _shown(index: Index, ids: Sequence[int]) -> list[Found]:
    rows = index.db.execute(
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
