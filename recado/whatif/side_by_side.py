"""Renders the report for a terminal: then on the left, now on the right."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from chat.context import readable
from recado.printing import local, one_line, person
from recado.whatif.report import Compared, Report, Side, counted
from recado.whatif.sums import Sums

_BETWEEN = " │ "
LEAST = 60
"""The smallest width in columns for two texts side by side."""


def lines_of(report: Report, width: int) -> Iterator[str]:
    """The report in lines of `width` columns."""
    width = max(width, LEAST)
    for number, turn in enumerate(report.turns, 1):
        yield from _turn(turn, number, len(report.turns), width)
        yield ""
    if report.turns:
        yield from _sums(report.then, report.now)


def _turn(turn: Compared, number: int, count: int, width: int) -> Iterator[str]:
    yield f"{person(turn.chat)}  {local(turn.at)}  turn {number} of {count}"
    for said in turn.said:
        name = f"{one_line(said.name)}: " if said.name else ""
        first, *others = _wrapped(f"{name}{one_line(said.text)}", width - 2)
        yield from (f"> {first}", *(f"  {line}" for line in others))
    column = (width - len(_BETWEEN)) // 2
    left: list[str] = []
    for side in turn.then:
        left += [*([""] if left else []), *_side("then", side, column)]
    right = _side("now", turn.now, column)
    for one, other in zip_longest(left, right, fillvalue=""):
        yield f"{one}{' ' * (column - _columns(one))}{_BETWEEN}{other}".rstrip()
    for call in turn.calls:
        result = "with the result of then" if call.is_known else "not made: the log has no result of it"
        yield f"  tool {call.name} {one_line(call.arguments)}: {result}"


def _side(label: str, side: Side, column: int) -> list[str]:
    about = f"{label}: {summary(side)}"
    return [*_wrapped(about, column), "", *_wrapped(side.text, column)]


def summary(side: Side) -> str:
    """The facts about an ending, without its text."""
    told = [side.model or side.author if side.ending == "reply" else ENDINGS[side.ending]]
    if side.profile:
        told.append(side.profile)
    if side.input_tokens or side.output_tokens:
        told.append(f"{side.input_tokens:,} + {side.output_tokens:,} tokens")
    if side.seconds is not None:
        told.append(f"{side.seconds:.1f} s")
    if side.shared_with:
        told.append(f"together with {counted(side.shared_with, 'other message')}")
    return ", ".join(told)


ENDINGS = {
    "reply": "reply",
    "failed": "failed",
    "ignored": "ignored",
    "attention": "a human was asked for",
    "open": "open",
    "none": "not answered",
}


def _wrapped(text: str, column: int) -> list[str]:
    """The lines of `text`, none wider than `column`."""
    lines: list[str] = []
    for line in readable(text).replace("\t", " ").split("\n"):
        begun = ""
        for word in line.split(" "):
            joined = f"{begun} {word}" if begun else word
            if _columns(joined) <= column:
                begun = joined
                continue
            *full, begun = [begun, *_pieces(word, column)] if begun else _pieces(word, column)
            lines += full
        lines.append(begun)
    return lines


def _pieces(word: str, column: int) -> list[str]:
    """The word, cut into pieces of at most `column` columns."""
    pieces = [""]
    for sign in word:
        if _columns(pieces[-1] + sign) > column:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def _columns(text: str) -> int:
    """The columns of `text` in a terminal: an East Asian character or an emoji takes two."""
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _sums(then: Sums, now: Sums) -> Iterator[str]:
    rows = [("", "THEN", "NOW", "CHANGE"), *sums_table(then, now)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()


def sums_table(then: Sums, now: Sums) -> Sequence[tuple[str, str, str, str]]:
    """Rows of a label, the number then, the number now, and the change in per cent."""

    def row(what: str, before: float, after: float, shape: str) -> tuple[str, str, str, str]:
        change = f"{(after - before) / before:+.0%}" if before else ""
        return what, format(before, shape), format(after, shape), change

    return [
        row("turns", then.turns, now.turns, ","),
        row("replies", then.replies, now.replies, ","),
        row("input tokens", then.input_tokens, now.input_tokens, ","),
        row("output tokens", then.output_tokens, now.output_tokens, ","),
        row("tokens of a reply, median", then.median_tokens, now.median_tokens, ",.0f"),
        row("seconds", then.seconds, now.seconds, ",.1f"),
        row("seconds of a reply, median", then.median_seconds, now.median_seconds, ",.1f"),
    ]
