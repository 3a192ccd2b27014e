"""Prints results on stdout: tables and times for people, JSON for programs."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click
import msgspec

from chat.context import readable
from recado import logs
from recado.doctor.finding import Finding

_FREE_TEXT = frozenset({"NAME", "TEXT", "WHY", "REASON", "STATE"})
"""Headings of columns whose cells may be cut; ids and numbers stay whole, to be copied."""

_NARROWEST = 8

_MARKS = {"ok": "✓", "warning": "!", "failure": "✗"}


def json_text(document: Any) -> str:
    """`document` as JSON on one line; it may contain structs, times and paths."""
    return msgspec.json.encode(document, enc_hook=str).decode()


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns as wide as their widest cell. In a terminal the columns of free text are cut to its width."""
    cells = [[one_line(str(cell)) for cell in row] for row in [headings, *rows]]
    widths = [max(columns(row[place]) for row in cells) for place in range(len(headings))]
    if sys.stdout.isatty():
        _narrow(widths, headings, shutil.get_terminal_size().columns)
    for row in cells:
        cut = [shortened(cell, width) for cell, width in zip(row, widths, strict=True)]
        padded = (cell + " " * (width - columns(cell)) for cell, width in zip(cut, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _narrow(widths: list[int], headings: Sequence[str], room: int) -> None:
    """Take from the widest columns of free text until a row fits into `room`, or each is as narrow as can be read."""
    free = [place for place, heading in enumerate(headings) if heading in _FREE_TEXT]
    while sum(widths) + 2 * (len(widths) - 1) > room and free:
        widest = max(free, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def columns(text: str) -> int:
    """The columns that `text` takes in a terminal: Chinese, Japanese and Korean letters and emoji two, marks none."""
    return sum(_each_width(text))


def shortened(text: str, most: int) -> str:
    """`text` in `most` columns at most, cut with an ellipsis."""
    if columns(text) <= most:
        return text
    kept, left = "", most - 1
    for character, width in zip(text, _each_width(text), strict=True):
        left -= width
        if left < 0:
            break
        kept += character
    return kept + "…"


def _each_width(text: str) -> Iterator[int]:
    before = ""
    for character in text:
        joined = before == "\u200d" or "\U0001f3fb" <= character <= "\U0001f3ff"  # part of the emoji before it
        if joined or unicodedata.category(character) in ("Mn", "Me", "Cf"):
            yield 0
        else:
            yield 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
        before = character


def print_finding(finding: Finding) -> None:
    """Print a finding, and the advice if it has some."""
    click.echo(f"{_MARKS[finding.state]} {finding.what}: {logs.redacted(finding.says)}")
    if finding.do:
        click.echo(f"  → {finding.do}")


def local(at: datetime | None) -> str:
    """A time in this machine's zone; a time at the very end of the calendar stays as it was given."""
    if at is None:
        return "-"
    try:
        return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError:
        return at.isoformat()


def age(at: datetime, now: datetime) -> str:
    """The time from `at` to `now` in the largest unit that fits; at least 0 s."""
    seconds = max(0, int((now - at).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def plain(text: str) -> str:
    """`text` unchanged, but without control characters if stdout is a terminal, which would obey them."""
    return readable(text) if sys.stdout.isatty() else text


def one_line(text: str) -> str:
    return " ".join(readable(text).split())


def person(jid: str) -> str:
    """A chat as people know it: the phone number alone, any other JID in full."""
    return jid.removesuffix("@s.whatsapp.net")
