"""The conversations that measure the look-up in `front` are what they say they are, and their follow-ups are found."""

from __future__ import annotations

from collections import Counter

import pytest

from projections.knowledge.search import Question, search
from tests.knowledge.follow_ups import Conversation, conversations, is_right, looked_up
from tests.knowledge.question_set import business_of, passages
from tests.knowledge.recall import documents, indexed


def test_counts() -> None:
    counts = Counter(one.kind for one in conversations())
    assert len({one.id for one in conversations()}) == counts.total() >= 40
    assert counts["change"] / counts.total() >= 1 / 3
    assert {one.language for one in conversations()} == {"pt", "es", "en"}
    assert any(len(one.messages) > 1 for one in conversations())
    for kind in counts:
        uses = Counter(one.use for one in conversations() if one.kind == kind)
        assert 0.3 <= uses["unseen"] / uses.total() <= 0.36


@pytest.mark.parametrize("one", conversations(), ids=lambda one: one.id)
def test_the_right_passage(one: Conversation) -> None:
    texts = [passage.text for passage in passages(one.document)]
    assert sum(text.count(one.contains) for text in texts) == 1, "the words are once in the document"


def test_follow_ups_are_found_with_the_message_before() -> None:
    index = indexed(documents(), ())
    try:
        found = Counter(
            name
            for one in conversations()
            for name, query in looked_up(one).items()
            if one.kind == "follow_up" and one.use == "tune"
            if is_right(one, search(index, Question(query, (business_of(one.document),))))
        )
    finally:
        index.close()
    assert found["front"] == 27
    assert found["turn"] < found["front"]
