"""The check of the prose finds clauses in the place of a subject, and leaves plain sentences."""

from __future__ import annotations

import pytest

from tests.docs.english import CLAUSE


@pytest.mark.parametrize(
    "text",
    [
        "What a page shows",
        "What a page shows.",
        "Whether it is there; None: unknown.",
        "Who asks",
        "How it is read, line by line.",
        "Why it failed: its words.",
        "Where the scripts are: at another address.",
        "A page. What it shows is old.",
        "A page.\n\n- What it shows.\n- More.",
        "Whoever asks is told.",
        "Where file a.py is",
    ],
)
def test_a_clause_is_found(text: str) -> None:
    assert CLAUSE.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "The parts of a page.",
        "Where a page is old, it is loaded again.",
        "When docs/a.md changes, it is read.",
        "What is asked? The number.",
        "Says what a page shows.",
        "A page: what it shows.",
        "However it is read, it is one.",
    ],
)
def test_a_plain_sentence_is_left(text: str) -> None:
    assert not CLAUSE.search(text)
