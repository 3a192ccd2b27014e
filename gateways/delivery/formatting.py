"""Markdown, as models write it, to what WhatsApp shows: `*bold*`, `_italic_`, `~strike~`, code, lists, quotes.

Pure, linear in time, and never an exception. It edits marks that were plainly meant and leaves every other character of
the source alone (decision 140). A mark for which WhatsApp has no form becomes plain lines: headings are bold, links are
their text with the address after it, tables are lines.

Source: https://faq.whatsapp.com/539178204879377 (how to format).
"""

from __future__ import annotations

import re

from gateways.delivery.code_blocks import CODE, code_blocks
from gateways.delivery.edits import Edit, applied
from gateways.delivery.inline import inline_edits
from gateways.delivery.tables import shown, table_at

__all__ = ["CODE", "to_whatsapp"]

RULE = "———"

_MARKS = re.compile(r"[`*_~#\[\]\\<|\r\0]|\n[ \t]*\n[ \t]*\n|-{3}")
_HEADING = re.compile(r"[ ]{0,3}(?P<level>#{1,6})[ \t]+(?P<words>[^\s|=:.,;)\-#][^\n]*?)(?:[ \t]+#+)?[ \t]*")
_NUMBER = re.compile(r"[\d\s./-]+")
_KEY = re.compile(r"[ \t]*\d{1,2}[ \t]*[.)–-]")
_RULE = re.compile(r"[ ]{0,3}(?:-{3}|\*{3}|_{3}|\* \* \*|- - -)[ \t]*")
_ITEM = re.compile(r"[ \t]*(?:>|(?:[-*+•]|\d{1,9}[.)])[ \t])")
_BLANKS = re.compile(r"\n(?:[ \t]*\n){2,}")

_MOST_PASSES = 4


def to_whatsapp(markdown: str) -> str:
    """The text as WhatsApp takes it, of any length; see gateways.delivery.splitting for its limit.

    A result is formatted again until nothing changes, so that formatting it once more never changes it. A text that
    does not come to rest is left as it is.
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").strip()
    shown_, before = text, None
    for _ in range(_MOST_PASSES):
        if shown_ == before or _MARKS.search(shown_) is None:
            return shown_
        before, shown_ = shown_, _formatted(shown_)
    return shown_ if shown_ == before else text


def _formatted(text: str) -> str:
    edits: list[Edit] = []
    at = 0
    for block in code_blocks(text):
        _prose(text, at, block.start, edits)
        edits += block.edits
        at = block.end
    _prose(text, at, len(text), edits)
    return applied(text, edits).strip()


def _prose(text: str, start: int, end: int, edits: list[Edit]) -> None:
    """Add the edits of the text without code blocks from `start` to `end`."""
    edits += (Edit(blanks.start(), blanks.end(), "\n\n") for blanks in _BLANKS.finditer(text, start, end))
    # A line that goes on after a code block begins nothing.
    paragraph = None if start == 0 or text[start - 1] == "\n" else start
    lines, at, number = text[start:end].split("\n"), start, 0
    while number < len(lines):
        begins = number > 0 or paragraph is None
        taken, made = _block(text, lines, number, at) if begins else (0, [])
        if paragraph is not None and (taken or (begins and _ITEM.match(lines[number]))):
            edits += inline_edits(text, paragraph, at)
            paragraph = None
        edits += made
        if not taken and paragraph is None:
            paragraph = at
        rows = lines[number : number + max(1, taken)]
        at += sum(map(len, rows)) + len(rows)
        number += len(rows)
    if paragraph is not None:
        edits += inline_edits(text, paragraph, end)


def _block(text: str, lines: list[str], number: int, at: int) -> tuple[int, list[Edit]]:
    """The lines of the block that begins with this line, at `at` in the text, and its edits; 0 for a paragraph's."""
    line = lines[number]
    if "|" in line and (length := table_at(lines, number)):
        rows = lines[number : number + length]
        return length, [Edit(at, at + sum(map(len, rows)) + length - 1, shown(rows, _cell))]
    if not line.strip():
        return 1, []
    if _is_rule(lines, number):
        return 1, [Edit(at, at + len(line), RULE)]
    heading = _heading(lines, number)
    return (1, _as_heading(text, at, heading)) if heading is not None else (0, [])


def _cell(words: str) -> str:
    return applied(words, inline_edits(words, 0, len(words), breaks=" "))


def _is_rule(lines: list[str], number: int) -> bool:
    """True if the line is a rule of its own, between blank lines. Under a line of text it is a person's own."""
    if _RULE.fullmatch(lines[number]) is None:
        return False
    return not any(line.strip() for line in (*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2]))


def _heading(lines: list[str], number: int) -> re.Match[str] | None:
    """The heading; None also for the number of an order (`# 1234`) and a key of a menu (`# Back` after `9. More`)."""
    heading = _HEADING.fullmatch(lines[number])
    if heading is None or len(heading["level"]) > 1:
        return heading
    if _NUMBER.fullmatch(heading["words"]) or (number and _KEY.match(lines[number - 1])):
        return None
    return heading


def _as_heading(text: str, line: int, heading: re.Match[str]) -> list[Edit]:
    start, end = line + heading.start("words"), line + heading.end("words")
    edits = inline_edits(text, start, end, bold=True)
    mark = "" if "*" in applied(text, edits, start, end) else "*"
    return [Edit(line, start, mark), *edits, Edit(end, line + heading.end(), mark)]
