"""Documents are cut into pieces by their headings, paragraphs and tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.knowledge import pieces as cutting
from projections.knowledge.pieces import AT_ONCE, LARGEST, MOST, Piece, pieces_of


def test_a_piece_bears_the_headings_above_it() -> None:
    text = "Intro.\n\n# Shop\n\nOpen daily.\n\n## Prices\n\nBread 2.\n\n# Terms\n\nNo refunds."
    assert pieces_of(text) == [
        Piece("", "Intro."),
        Piece("Shop", "Open daily."),
        Piece("Shop › Prices", "Bread 2."),
        Piece("Terms", "No refunds."),
    ]


def test_each_piece_of_a_table_repeats_its_heading() -> None:
    rows = [f"| item {number} | R$ {number},00 |" for number in range(200)]
    pieces = pieces_of("\n".join(["# Prices", "| Item | Price |", "|---|---|", *rows]))
    assert len(pieces) > 3
    assert all(piece.text.startswith("| Item | Price |\n|---|---|\n| item") for piece in pieces)
    assert all(len(piece.text) <= LARGEST + 60 for piece in pieces)
    assert [row for piece in pieces for row in piece.text.splitlines()[2:]] == rows


def test_a_row_that_is_too_long_is_cut_and_keeps_the_heading() -> None:
    pieces = pieces_of("\n".join(["| Item | Words |", "|---|---|", f"| a | {'word ' * 900}|", "| b | short |"]))
    assert all(piece.text.startswith("| Item | Words |") for piece in pieces)
    assert pieces[-1].text.endswith("| b | short |")


def test_a_table_of_headings_alone_is_a_piece() -> None:
    assert pieces_of("| a | b |\n|---|---|") == [Piece("", "| a | b |\n|---|---|")]


@pytest.mark.parametrize("rows", ["", "\n| b | 1 |", "\n| b | 1 |\n| c | 2 |"])
def test_a_long_heading_of_a_table_is_cut_like_prose(rows: str) -> None:
    """Given a heading that leaves no room for rows, also alone, then its words are in pieces of a usual size, once."""
    words = " ".join(f"word{number}" for number in range(400))
    pieces = pieces_of(f"| {words} | x |\n|---|---|{rows}")
    kept = " ".join(piece.text for piece in pieces).split()
    assert [word for word in kept if word.startswith("word")] == words.split()
    assert all(len(piece.text) <= LARGEST for piece in pieces)
    assert kept[-1] == ("|" if rows else "|---|---|")


def test_a_table_of_one_long_row_is_cut_like_prose() -> None:
    assert all(len(piece.text) <= LARGEST for piece in pieces_of(f"| {'word ' * 2_000}|"))


def test_a_small_table_stays_with_its_prose() -> None:
    text = "# Delivery\nWe deliver on these days:\n| Day |\n|---|\n| Monday |\nand never on Sunday."
    assert [piece.headings for piece in pieces_of(text)] == ["Delivery"]


def test_signs_within_code_are_no_headings_and_no_tables() -> None:
    text = "# A\n```\n# not a heading\n| no table |\n~~~\n```\n## B\nwords"
    assert pieces_of(text) == [Piece("A", "```\n# not a heading\n| no table |\n~~~\n```"), Piece("A › B", "words")]


@pytest.mark.parametrize(
    "text",
    [
        "# " + "# " * 100_000 + "x",
        "# a" + " " * 200_000 + "x",
        "#" + "\t" * 200_000,
        "| a |\n| -" + " " * 200_000 + "x",
        "| a |\n" + "|" * 200_000 + "x",
        "| a |\n|" + ":-" * 100_000,
        "# " + "a" * 200_000 + "\nx\n| y |" * 50_000,
        "`" * 200_000 + "\n" + "~" * 200_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_long_line_is_read_once(text: str) -> None:
    """If the work grew with the square of a line's length, this would not end before the test's timeout."""
    assert len(pieces_of(text)) < 60_000


@pytest.mark.parametrize("rule", ["|---|---|", "| :--|:-: ", "|-|-", "| --- |\t:-: |", "  |-|-  "])
def test_the_line_below_a_table_s_heading(rule: str) -> None:
    rows = "\n".join(f"| {number} | {'x' * 90} |" for number in range(30))
    assert all(piece.text.startswith("| a | b |") for piece in pieces_of(f"| a | b |\n{rule}\n{rows}"))


@given(st.text(alphabet=st.sampled_from("ab |#-`~\n.é"), max_size=3000))
def test_nothing_is_lost_and_nothing_is_blank(text: str) -> None:
    """Every word of any text is in a piece or a heading; the same text gives the same pieces."""
    pieces = pieces_of(text)
    assert all(piece.text.strip() for piece in pieces)
    kept = "".join(piece.headings + piece.text for piece in pieces)
    headings_alone = all(line.lstrip().startswith("#") for line in text.splitlines() if "é" in line)
    assert "é" not in text or "é" in kept or headings_alone
    assert pieces == pieces_of(text)


@given(st.lists(st.text(alphabet="abcdefg .", min_size=1, max_size=400), max_size=30))
def test_prose_is_whole(paragraphs: list[str]) -> None:
    """The letters of prose without marks come back in their order."""
    pieces = pieces_of("\n\n".join(paragraphs))
    letters = "".join("".join(paragraphs).split())
    assert "".join("".join(piece.text.split()) for piece in pieces) == letters
    assert all(len(piece.text) <= LARGEST for piece in pieces)


def test_a_document_of_too_many_pieces_shows_that_it_has_more() -> None:
    text = "".join(f"# {number}\nword\n" for number in range(MOST + 9))
    assert len(pieces_of(text)) == MOST + 1


@pytest.mark.parametrize("border", ["", " ", "\n", "\n\n"])
@pytest.mark.parametrize("row", ["", "| "])
def test_a_long_section_is_given_to_the_splitter_in_parts(
    border: str, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The splitter's time grows with the square of what it is given. No part ends within a word that has borders."""
    given: list[str] = []
    splitter = cutting._splitter()

    class Spy:
        def chunks(self, text: str) -> list[str]:
            given.append(text)
            return splitter.chunks(text)

    monkeypatch.setattr(cutting, "_splitter", Spy)
    words = [f"word{number:04}" for number in range(3 * AT_ONCE // 8)]
    found = pieces_of(row + border.join(words))
    assert len(given) > 2
    assert max(map(len, given)) <= AT_ONCE
    joined = " ".join(piece.text for piece in found).removeprefix(row)
    assert joined.split() == words if border else joined.replace(" ", "") == "".join(words)
