"""Long texts go out in pieces that read well."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.delivery.formatting import CODE
from gateways.delivery.splitting import LIMIT, length, split


def test_a_text_that_fits_stays_whole() -> None:
    assert split("olá") == ["olá"]
    assert split("x" * LIMIT) == ["x" * LIMIT]
    assert split("  \n ") == []


def test_an_emoji_counts_as_two() -> None:
    """However WhatsApp counts, a piece fits."""
    assert length("é👍") == 3
    assert [len(piece) for piece in split("👍" * LIMIT)] == [2046, 2046, 4]


def test_paragraphs_stay_together() -> None:
    """The cut comes between two paragraphs where one is near enough."""
    one, two = "a. " * 10 + "end.", "b. " * 10 + "end."
    assert split(f"{one}\n\n{two}", 60) == [one, two]


def test_sentences_stay_together() -> None:
    assert split("The first sentence is here. The second one. The third sentence comes last.", 48) == [
        "The first sentence is here. The second one.",
        "The third sentence comes last.",
    ]


def test_lines_before_sentences() -> None:
    """A list is cut between its items."""
    items = [f"- item {n}. It is good." for n in range(6)]
    pieces = split("\n".join(items), 64)
    assert [line for piece in pieces for line in piece.split("\n")] == items


def test_words_stay_whole() -> None:
    words = "wordwordword " * 20
    assert " ".join(split(words, 40)).split() == words.split()


def test_a_link_stays_whole() -> None:
    """It goes into the next piece rather than into two."""
    link = "https://example.org/a?b=1.2!c=3"
    assert split(f"{'x' * 20} {link} more", 40) == ["x" * 20, f"{link} more"]


def test_code_is_closed_and_opened_again() -> None:
    code = "\n".join(f"    line {n}" for n in range(6))
    pieces = split(f"Look:\n\n{CODE}\n{code}\n{CODE}\n\nDone.", 60)
    assert all(piece.count(CODE) % 2 == 0 for piece in pieces)
    assert len(pieces) == 2
    assert [line for piece in pieces for line in piece.split("\n") if line.startswith("    ")] == code.split("\n")


def test_one_visible_character_is_not_torn() -> None:
    """Without any border the cut is at least between two characters that one sees."""
    family = "👨\u200d👩\u200d👧"
    assert all(piece.startswith("👨") for piece in split(family * 12, 32))


def test_the_number_of_a_list_stays_with_its_words() -> None:
    """A full stop after a number ends no sentence."""
    assert split("Some words that come first.\n10. " + "x" * 20, 48) == [
        "Some words that come first.",
        "10. " + "x" * 20,
    ]
    assert split("Words. " * 4 + "\n- " + "x" * 20, 32)[1] == "- " + "x" * 20


@pytest.mark.parametrize("whole", ["`code with. spaces`", "*bold words*", "_a. b_", "~struck words~"])
def test_formats_and_code_within_a_line_stay_whole(whole: str) -> None:
    for before in range(8, 40):
        assert whole in " ".join(split(f"{'x' * before} {whole} {'y' * 30}", 40))
        assert any(whole in piece for piece in split(f"{'x' * before} {whole} {'y' * 30}", 40))


STUFF = st.lists(
    st.sampled_from(["word ", "Sentence. ", "\n", "\n\n", f"\n{CODE}\n", "👍", "https://e.org/x.y?z=1 ", "x" * 40,
                     "- a\n", "    code\n", "é", "。"]) | st.text(max_size=10),
    max_size=60,
).map("".join)  # fmt: skip


@given(STUFF, st.integers(32, 120))
def test_nothing_is_lost_and_everything_fits(text: str, limit: int) -> None:
    """Pieces fit, none is blank, no code is left open that was closed, and the words are all there."""
    pieces = split(text, limit)
    assert all(0 < length(piece) <= limit for piece in pieces)
    assert all(piece.strip() for piece in pieces)
    if text.strip().count(CODE) % 2 == 0:
        assert all(piece.count(CODE) % 2 == 0 for piece in pieces)
    assert _words("".join(pieces)) == _words(text)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(60, 90))
def test_every_link_is_in_one_piece(sizes: list[int], limit: int) -> None:
    links = [f"https://e.org/{'a' * size}?{number}." for number, size in enumerate(sizes)]
    pieces = split(" and ".join(links), limit)
    assert [link for piece in pieces for link in re.findall(r"https://\S+", piece)] == links


@given(st.text(max_size=300), st.integers(32, 64))
def test_pieces_are_the_same_every_time(text: str, limit: int) -> None:
    """A gateway that starts again goes on in the middle: it depends on it."""
    assert split(text, limit) == split(text, limit)


def _words(text: str) -> str:
    """What is left without blanks and code marks, of which there may be more or less."""
    return re.sub(r"\s|`", "", text)


@pytest.mark.parametrize("size", [4096, 20_000, 200_000])
def test_long_texts_are_no_trouble(size: int) -> None:
    """A text of any size ends up in pieces of which none is nearly empty but the last."""
    text = "Some words that end in a full stop. " * (size // 36)
    pieces = split(text)
    assert all(length(piece) > LIMIT // 2 for piece in pieces[:-1])
