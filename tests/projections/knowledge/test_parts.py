"""What is embedded of a piece: with its document's name, and in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from projections.knowledge.parts import MOST, parts_of, words_of
from projections.knowledge.pieces import Piece


def test_a_piece_is_named() -> None:
    assert words_of("menu/winter-2026.pdf", Piece("Soups", "Leek.")) == "menu winter 2026 › Soups\nLeek."
    assert words_of("faq", Piece("", "Leek.")) == "faq\nLeek."


def test_rows_and_sentences_are_parts() -> None:
    text = "We bake all night long. Come in early!\n\n| Bread | Price |\n|---|---|\n| rye | 4.50 |\n| wheat | 3.00 |"
    words = words_of("prices.md", Piece("Bakery › Bread", text))
    assert parts_of(words) == [
        words,
        "prices Bread: rye 4.50",
        "prices Bread: wheat 3.00",
        "prices Bread: We bake all night long.",
        "prices Bread: Come in early!",
    ]


def test_one_statement_is_no_part() -> None:
    words = words_of("faq", Piece("Do you deliver?", "Yes, on Saturdays."))
    assert parts_of(words) == [words]


@given(st.text(max_size=60), st.text(max_size=60), st.text(alphabet="ab .|-\n!", max_size=900))
def test_the_whole_is_first_and_there_are_not_too_many(name: str, headings: str, text: str) -> None:
    """Whatever a document has: a part that is blank has no direction."""
    words = words_of(name, Piece(headings, text))
    parts = parts_of(words)
    assert parts[0] == words
    assert 1 <= len(parts) <= MOST
    assert all(part.rpartition(": ")[2].strip() for part in parts[1:])
