"""Prints results on stdout: tables and times for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
import msgspec

from chat.context import readable
from recado import logs
from recado.doctor.finding import Finding

_MARKS = {"ok": "✓", "warning": "!", "failure": "✗"}


def json_text(document: Any) -> str:
    """`document` as JSON on one line; it may contain structs, times and paths."""
    return msgspec.json.encode(document, enc_hook=str).decode()


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns as wide as their widest cell; cells of the last column are not padded."""
    cells = [[one_line(str(cell)) for cell in row] for row in [headings, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings) - 1)]
    for row in cells:
        click.echo("  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=False)] + row[-1:]).rstrip())


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
