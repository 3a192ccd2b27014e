"""The search finds the right passages among 10,000 other pieces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections.knowledge.index import Index
from projections.knowledge.pieces import pieces_of
from tests.knowledge.question_set import questions
from tests.knowledge.recall import OTHER_PIECES, by_words, documents, indexed, missed, shuffled

MISSED_BY_WORDS = {"q009", "q028"}
"""Of 19; pieces of 60 words that have the same rare words by chance come before a price list of 900 characters."""


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return documents()


@pytest.fixture(scope="module")
def index(texts: dict[str, str]) -> Iterator[Index]:
    index = indexed(texts, shuffled())
    yield index
    index.close()


def test_every_right_passage_is_in_a_piece(texts: dict[str, str]) -> None:
    pieces = {name: [" ".join(piece.text.split()) for piece in pieces_of(text)] for name, text in texts.items()}
    answered = [asked for asked in questions() if asked.kind != "no_answer"]
    lost = [one.id for one in answered if not any(one.contains in piece for piece in pieces[one.document])]
    assert lost == []


def test_there_are_as_many_others(index: Index) -> None:
    [others] = index.db.execute(
        "SELECT count(*) FROM pieces JOIN documents ON documents.id = document WHERE name LIKE 'other-%'"
    ).fetchone()
    assert others == OTHER_PIECES


def test_the_words_of_a_passage_find_it(index: Index) -> None:
    asked_so = [one for one in questions() if one.use == "tune" and one.kind == "same_words"]
    assert missed(index, by_words, "all", asked_so) <= MISSED_BY_WORDS
