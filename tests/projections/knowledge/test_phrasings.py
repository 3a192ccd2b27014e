"""A question in several phrasings is one question."""

from __future__ import annotations

from array import array

import pytest

from projections.knowledge.forms import matched
from projections.knowledge.phrasings import mean_of, phrasings_of


@pytest.mark.parametrize(
    ("query", "phrasings"),
    [
        ("price of rye", ["price of rye"]),
        (" price of rye \n\n rye bread\n", ["price of rye", "rye bread"]),
        ("1. price of rye\n2) rye bread\n- breads\n* loaves", ["price of rye", "rye bread", "breads loaves"]),
        ("2 loaves of rye", ["2 loaves of rye"]),
        ("", [""]),
    ],
)
def test_lines(query: str, phrasings: list[str]) -> None:
    assert phrasings_of(query) == phrasings


def test_the_mean_has_length_1() -> None:
    east, north = array("f", (1, 0)).tobytes(), array("f", (0, 1)).tobytes()
    assert mean_of([east]) == east
    assert list(array("f", mean_of([east, north]))) == pytest.approx([0.5**0.5] * 2)


def test_words_that_all_phrasings_have_leave_room_for_the_others() -> None:
    same = " ".join(f"word{number}" for number in range(30))
    assert '"zebra"' in matched(f"{same}\n{same}\n{same} zebra")
