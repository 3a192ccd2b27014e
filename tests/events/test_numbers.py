"""Numbers that others wrote."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from events.numbers import MOST_DIGITS, time_at, whole_number

ROOT = Path(__file__).parents[2]
PACKAGES = ("events", "chat", "actors", "backends", "gateways", "projections", "console", "recado")
CHECKS = ("isdigit", "isdecimal", "isnumeric")
DIGITS = st.characters(categories=["Nd", "Nl", "No"])
TEXTS = (
    st.text()
    | st.text("0123456789", min_size=1, max_size=30)
    | st.text(DIGITS, min_size=1, max_size=30)
    | st.from_regex(r"[-+ ]?[0-9_]{1,6}(\.[0-9]{0,3})?([eE][-+]?[0-9]{1,4})?\s?")
    | st.sampled_from(["nan", "inf", "-inf", "0x10", "1e999", "²", "٣", "Ⅷ", "1" * 4300, "9" * 5000, "-" + "9" * 5000])
)


@given(text=TEXTS)
@example(text="9" * MOST_DIGITS)
@example(text="9" * (MOST_DIGITS + 1))
@example(text="007")
def test_a_whole_number_is_ascii_digits_that_64_bits_hold(text: str) -> None:
    """Any text is such a number or none; nothing raises."""
    number = whole_number(text)
    is_one = 0 < len(text) <= 18 and set(text) <= set("0123456789")
    assert number == (int(text) if is_one else None)
    assert number is None or 0 <= number < 2**63


@given(seconds=st.floats() | st.integers() | st.integers(-(10**4000), 10**4000))
@example(seconds=math.nan)
@example(seconds=math.inf)
@example(seconds=253_402_300_799)
@example(seconds=253_402_300_800)
def test_any_seconds_are_a_time_or_none(seconds: float) -> None:
    """The last second of the calendar is a time, the next one is none."""
    at = time_at(seconds)
    if isinstance(seconds, int) and 0 <= seconds < 253_402_300_800:
        assert at == datetime.fromtimestamp(seconds, UTC)
    if not abs(seconds) < 10**12:  # NaN is neither
        assert at is None


def test_no_other_place_checks_digits_before_it_converts_them() -> None:
    """`isdigit` beside `int` takes `²` and numbers without end, for which `int` raises: `whole_number` does both."""
    found = {place for name in PACKAGES for path in (ROOT / name).rglob("*.py") for place in _places(path)}
    assert found == {"events/numbers.py: whole_number"}


def _places(path: Path) -> Iterator[str]:
    text = path.read_text()
    if not any(name in text for name in CHECKS):  # parsing them all takes seconds
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _checks(node) and _converts(node):
            yield f"{path.relative_to(ROOT)}: {node.name}"


def _checks(function: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in CHECKS for node in ast.walk(function))


def _converts(function: ast.AST) -> bool:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(one, ast.Name) and one.id == "int" for call in calls for one in (call.func, *call.args))
