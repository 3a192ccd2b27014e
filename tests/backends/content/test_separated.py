"""Rows of CSV that people's programs, and people, have written."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.content.separated import rows_of

CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from(';"\n\r'))


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('Product;Price\n"Offer;10\nCake;20\n', 2),
        ('Product;Price\nCake;20\n"Offer;10\n"Other offer;20\nPie;30\n', 3),
        ('Product;Price\n"Cake\nwith apples";20\nPie;"30\nTart;40', 3),
        ('"Offer;10\nCake;20\nPie;30\n', 1),
    ],
)
def test_a_quotation_mark_that_is_not_closed(text: str, row: int) -> None:
    """It is refused: the rows after it would be words of one cell."""
    with pytest.raises(ValueError, match=f"row {row}: a quotation mark opens a cell"):
        rows_of(text)


def test_quotation_marks_in_odd_places_of_a_row() -> None:
    text = 'Product;Price\nTV 42";10\n"Super" offer;20\n"Cake\nwith apples";"30"\nPie;"40'
    assert [tuple(row) for row in rows_of(text)] == [
        ("Product", "Price"),
        ('TV 42"', "10"),
        ("Super offer", "20"),
        ("Cake\nwith apples", "30"),
        ("Pie", "40"),
    ]


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_what_a_program_writes(rows: list[tuple[str, str]]) -> None:
    into = io.StringIO(newline="")
    csv.writer(into, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    assert [tuple(row) for row in rows_of(into.getvalue())] == rows
