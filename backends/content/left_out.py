"""Counts what a reader leaves out of a document because nobody sees it there."""

from __future__ import annotations


class LeftOut:
    """What was left out of one document.

    - `words`: how many words.
    """

    def __init__(self) -> None:
        self.words = 0

    def count(self, text: str) -> None:
        self.words += len(text.split())
