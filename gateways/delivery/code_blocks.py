"""Code blocks in a text: fences, as markdown has them, and WhatsApp's own blocks between two ``` anywhere."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from gateways.delivery.edits import Edit

CODE = "```"

LANGUAGES = frozenset(
    """
    apache asm asp awk bash bat batch c c# c++ clojure cmake cmd conf console cpp cs csharp css csv curl dart diff
    docker dockerfile dotenv elixir env erlang f# fish fortran fsharp go golang graphql groovy handlebars haskell
    hcl html http ini java javascript jinja js json json5 jsonc jsonl jsx julia kotlin kt latex less lisp log lua
    makefile markdown mathematica matlab md mermaid nginx none objective-c objectivec ocaml output pascal perl php
    plain plaintext plantuml postgresql powershell prolog properties proto protobuf ps1 py python python3 r rb regex
    ruby rust rs sass scala scheme scss sh shell solidity sql svelte swift tcl terraform tex text toml ts tsx txt
    typescript vb vbnet verilog vim vue xml yaml yml zig zsh
    """.split()  # noqa: SIM905 - one name a line would be a page
)
"""Names after a fence's opening that name a language and are not shown. Any other word there is taken for content."""

_MARK = re.compile(r"`{3,}|^[ \t]*~{3,}", re.MULTILINE)
_OPENS = re.compile(r"[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*)*")
_INFO = re.compile(r"[ \t]*([^\s`]*)[ \t]*(?=\n|\Z)")
_CLOSING = re.compile(r"^[ \t>]*(?P<mark>`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_TICKS = re.compile(r"`{3,}")


class CodeBlock(NamedTuple):
    """`start` to `end` is a code block, marks included, and `edits` make WhatsApp's of it."""

    start: int
    end: int
    edits: tuple[Edit, ...] = ()


def code_blocks(text: str) -> list[CodeBlock]:
    """The code blocks of `text`, in order. A fence that is not closed reaches to the end, and is closed there."""
    closings = list(_CLOSING.finditer(text))
    starts = [closing.start() for closing in closings]
    unclosed = {"`": len(text) + 1, "~": len(text) + 1}  # no fence of at least so many marks is closed any more
    found: list[CodeBlock] = []
    at = 0
    while (mark := _MARK.search(text, at)) is not None:
        ticks = mark[0].lstrip(" \t")
        at, length = mark.end(), len(ticks)
        info = _info(text, mark.start(), at)
        closing = None
        if info is not None and length < unclosed[ticks[0]]:
            first = bisect_left(starts, info.end())
            closing = next((one for one in _from(closings, first) if one["mark"].startswith(ticks)), None)
            if closing is None:
                unclosed[ticks[0]] = length
        start = at - length
        if info is not None and closing is not None:
            found.append(_fence(text, start, info, closing.start("mark"), closing.end("mark")))
        elif ticks[0] == "~":
            continue
        elif (end := _TICKS.search(text, at)) is not None:
            found.append(CodeBlock(start, end.end()))
        elif info is not None:
            found.append(_fence(text, start, info, len(text), len(text)))
        else:
            continue
        at = found[-1].end
    return found


def _from(closings: list[re.Match[str]], first: int) -> Iterator[re.Match[str]]:
    return (closings[index] for index in range(first, len(closings)))


def _info(text: str, start: int, end: int) -> re.Match[str] | None:
    """The word after the marks `start` to `end`, or an empty match; None if the marks do not open a fence."""
    line = text.rfind("\n", 0, start) + 1
    before = _OPENS.match(text, line, start)
    return _INFO.match(text, end) if before is not None and before.end() == start else None


def _fence(text: str, start: int, info: re.Match[str], close: int, end: int) -> CodeBlock:
    """The fence whose marks begin at `start` and whose closing marks are `close` to `end`: none at the text's end."""
    edits = [Edit(start, info.start(), CODE)]
    if info[1].lower() in LANGUAGES:
        edits.append(Edit(info.start(), info.end(), ""))
    edits += [Edit(one.start(), one.end(), "'" * len(one[0])) for one in _TICKS.finditer(text, info.end(), close)]
    at_end = "" if close < end or text.endswith("\n") else "\n"
    edits.append(Edit(close, end, at_end + CODE))
    return CodeBlock(start, end, tuple(edits))
