"""The conversations that measure the look-up in `front` are what they say they are, and their follow-ups are found."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial

import pytest

from tests.knowledge.follow_ups import Conversation, by_words, conversations, is_right, shown
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


def test_follow_ups_and_changes_of_subject_are_found_by_words() -> None:
    index = indexed(documents(), ())
    right: dict[str, Counter[str]] = defaultdict(Counter)
    try:
        for one in conversations():
            if one.use == "tune":
                find = partial(by_words, index, where=(business_of(one.document),))
                right[one.kind].update(name for name, found in shown(one, find).items() if is_right(one, found))
    finally:
        index.close()
    assert right["follow_up"]["turn"] < right["follow_up"]["front"] == 27
    assert right["change"]["turn"] == right["change"]["front"] == 21
