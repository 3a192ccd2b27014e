"""The texts that commands print for people."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.printing import age, columns, print_table, shortened

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=-5), "0 s"),  # the server's clock is ahead of ours
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_ages_in_words(ago: timedelta, told: str) -> None:
    """In the largest unit that fits."""
    assert age(NOW - ago, NOW) == told


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("Ana", 3),
        ("José", 4),
        ("Jose\u0301", 4),  # the accent is a character of its own
        ("李小龍", 6),
        ("ｱﾅ", 2),
        ("👩‍👩‍👧 Rosa", 7),
        ("👍🏽", 2),
        ("🇧🇷", 2),
        ("", 0),
    ],
)
def test_the_columns_of_a_text(text: str, wide: int) -> None:
    assert columns(text) == wide


@given(st.text(), st.integers(1, 40))
def test_a_shortened_text_fits(text: str, most: int) -> None:
    short = shortened(text, most)
    assert columns(short) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


ROWS = [("5511999990001", "n" * 75, "hello"), ("5511999990002", "李小龍", "t" * 60), ("5511999990003", "👩‍👩‍👧", "ok")]


def test_in_a_terminal_a_table_fits(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and texts are cut, numbers are not; columns begin at one place."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    print_table(("CHAT", "NAME", "TEXT"), ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert all(columns(line) <= 80 for line in lines)
    assert [line.split()[0] for line in lines[1:]] == [chat for chat, _, _ in ROWS]
    begins = zip(lines, ("TEXT", "hello", "ttt", "ok"), strict=True)
    assert len({columns(line[: line.index(word)]) for line, word in begins}) == 1


def test_in_a_pipe_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("CHAT", "NAME", "TEXT"), ROWS)
    assert "n" * 75 in capsys.readouterr().out
