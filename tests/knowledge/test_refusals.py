"""The shares of answers that docs/knowledge.md tells are those of the kept answers."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from tests.knowledge.question_set import FOLDER, questions
from tests.knowledge.refusals import Verdict, answers, items

PAGE = FOLDER.parents[1] / "docs" / "knowledge.md"

KINDS = {asked.id: asked.kind for asked in questions()}
ORDER: tuple[Verdict, ...] = ("refused", "right", "another", "wrong")
"""Of the table's columns."""


def test_each_item_has_an_answer() -> None:
    assert [given.id for given in answers()] == [asked.id for asked in items()]
    assert all(given.answer for given in answers())
    assert {given.verdict for given in answers()} <= set(get_args(Verdict)) == set(ORDER)


@pytest.mark.parametrize(
    ("row", "has_answer"),
    [("questions that no document answers", False), ("questions that a document answers", True)],
)
def test_the_page_tells_the_verdicts(row: str, has_answer: bool) -> None:
    counts = Counter(given.verdict for given in answers() if (KINDS[given.id] != "no_answer") is has_answer)
    told = " | ".join(str(counts[verdict]) for verdict in ORDER)
    assert f"| {counts.total()} {row} | {told} |" in PAGE.read_text()
