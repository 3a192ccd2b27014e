"""Cuts a model's internals out of its answer: reasoning, template tokens, tool calls, citation marks, dead links.

Pure and linear in time. Marks inside code stay: a person may have asked to see them. Words of people never come here.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

import msgspec

from chat import internals
from events.cut import Cut
from events.details import Detail

Kind = Literal["reasoning", "template", "tool_call", "citation", "private_use", "link"]
"""Kind of a cut; `kind` in the event."""

KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_PASSES = 4
"""A cut may join the halves of another mark. An answer that is not clean after so many passes is not sent at all."""

_FOREIGN = "【◁✿\ue000-\uf8ff\U000f0000-\U0010ffff"
_HAS_FOREIGN = re.compile(f"[{_FOREIGN}]")
_BEGINNINGS = ("#", "Thinking...", "assistant", "analysis", "commentary", "final")
_TURN = re.compile(r"turn\d")
_AT_SIGNS = re.compile(rf"[`!<\[{{{_FOREIGN}]")
_ANYWHERE = re.compile(
    rf"[`<\[{{{_FOREIGN}]|!\[|:contentRef|\A#|/mnt/|\b(?:sandbox:|file-service:|computer:|functools\[|to=functions"
    r"|default_api|(?:file)?cite(?=turn)|turn(?=\d)|Action:)"
)
"""Places where a mark may begin: in a text without the words, and in any. A look at these alone takes a tenth of the
time of a search for every mark."""

_TABLE = {
    "call": internals.CALLS,
    "ticks": "`+",
    "opens": internals.OPENS,
    "closes": internals.CLOSES,
    "channel": internals.CHANNEL,
    "role": internals.ROLE,
    "prompt_ends": internals.PROMPT_ENDS,
    "ends": internals.ENDS,
    "template": internals.TEMPLATE,
    "citation": internals.CITATIONS,
    "private_use": internals.PRIVATE_USE,
    "link": internals.LINKS,
}
_FLAGS = re.IGNORECASE | re.MULTILINE
_MARK = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _TABLE.items()), _FLAGS)
_THOUGHT = re.compile(f"(?P<opens>{internals.OPENS})|{internals.CLOSES}", _FLAGS)
_NEXT = re.compile(f"{internals.ROLE}|{internals.PROMPT_ENDS}", _FLAGS)
_WORD = re.compile(r"\S")
_FINAL = re.compile(r"<\|channel\|>[ \t]*final[^<]{0,200}<\|message\|>", _FLAGS)
_FENCE, _SINGLE, _DOUBLE = re.compile("`{3,}"), re.compile("(?<!`)`(?!`)"), re.compile("(?<!`)``(?!`)")


_LONGEST_INLINE = 2_000
"""Characters of code within a line."""


class Cleaned(msgspec.Struct, frozen=True, gc=False):
    """An answer without a model's internals.

    - `text`: the answer; empty if nothing is left for a person.
    - `cut`: the kinds that were cut, each with its number of characters.
    """

    text: str
    cut: tuple[Cut, ...] = ()

    @property
    def is_silent(self) -> bool:
        """True if the model said nothing, and meant to do nothing."""
        return not self.text.strip() and not any(cut.kind == "tool_call" for cut in self.cut)

    @property
    def flaw(self) -> str:
        """The reason for which the answer is worthless; empty if it can be sent."""
        if not self.cut and self.text and not self.text.isspace():
            return ""
        said = ", ".join(f"{cut.kind} {cut.chars}" for cut in self.cut)
        if any(cut.kind == "tool_call" for cut in self.cut):
            return Detail.TOOL_CALL_AS_TEXT.said(kinds=said)
        return "" if self.text.strip() else Detail.ANSWER_SAYS_NOTHING.said(kinds=said or "none")


class _Span(NamedTuple):
    start: int
    end: int
    kind: Kind


def cleaned(text: str) -> Cleaned:
    """The answer `text` without internals; the same text if it has none."""
    chars: dict[Kind, int] = {}
    for number in range(MOST_PASSES + 1):
        spans = _spans(text)
        if not spans:
            break
        if number == MOST_PASSES:
            spans = [_Span(0, len(text), "template")]
        for span in spans:
            chars[span.kind] = chars.get(span.kind, 0) + span.end - span.start
        text = _without(text, spans)
    return (
        Cleaned(text, tuple(Cut(kind=kind, chars=count) for kind, count in chars.items())) if chars else Cleaned(text)
    )


def _without(text: str, spans: list[_Span]) -> str:
    starts = [0, *(span.end for span in spans)]
    ends = [*(span.start for span in spans), len(text)]
    return "".join(text[start:end] for start, end in zip(starts, ends, strict=True)).strip()


def _spans(text: str) -> list[_Span]:
    """The stretches to cut, in order and disjoint."""
    places = _places(text)
    if places is None:
        return []
    if internals.is_call(text):
        return [_Span(0, len(text), "tool_call")]
    if length := internals.unmarked_reasoning(text):
        return [_Span(0, length, "reasoning")]
    return _Scan(text, places).spans


def _places(text: str) -> re.Pattern[str] | None:
    """The pattern of the places where a mark of `text` may begin; None: it has no mark."""
    if text.lstrip().startswith(_BEGINNINGS) or _has_words(text):
        return _ANYWHERE
    has_signs = "<" in text or "[" in text or "{" in text
    return _AT_SIGNS if has_signs or not (text.isascii() or _HAS_FOREIGN.search(text) is None) else None


def _has_words(text: str) -> bool:
    """True if a mark may begin with a word, or is in code. Written out, since most answers need no more."""
    return (
        (":" in text and ("sandbox:" in text or "file-service:" in text or "computer:" in text or "Action:" in text))
        or ":contentRef" in text
        or "/mnt/data/" in text
        or "default_api" in text
        or "to=functions" in text
        or "functools[" in text
        or "```" in text
        or ("turn" in text and _TURN.search(text) is not None)
    )


class _Scan:
    """The stretches to cut in `text`, found from its beginning to its end."""

    def __init__(self, text: str, places: re.Pattern[str] = _ANYWHERE) -> None:
        self.spans: list[_Span] = []
        self._text = text
        self._finals = [head.end() for head in _FINAL.finditer(text)]
        self._is_said = False  # something is left so far
        at = reached = 0
        while (hint := places.search(text, at)) is not None:
            mark = _MARK.match(text, hint.start())
            if mark is None:
                at = hint.end()
                continue
            self._is_said = self._is_said or not _is_blank(text, reached, mark.start())
            reached = at = self._take(mark)
            if mark.lastgroup == "ticks":
                self._is_said = True

    def _take(self, mark: re.Match[str]) -> int:
        """Cut what the mark demands; returns the position from which the next one is sought."""
        start, end = mark.span()
        match mark.lastgroup:
            case "ticks":
                return _code_end(self._text, start, end)
            case "call":
                return self._cut(start, len(self._text), "tool_call")
            case "opens":
                return self._cut(start, _thought_end(self._text, end), "reasoning")
            case "closes":
                return self._cut_all(end)
            case "prompt_ends":
                has_more = _WORD.search(self._text, end) is not None
                return self._cut_all(end, "template") if has_more else self._cut(start, end, "template")
            case "channel":
                return self._channel(mark)
            case "role":
                return self._role(mark)
            case "ends":
                return self._ends(start, end)
            case "template":
                return self._cut(start, end, "template")
            case "citation":
                return self._cut(self._with_blanks(start, end), end, "citation")
            case "private_use":
                return self._cut(start, end, "private_use")
            case _:
                return self._link(mark)

    def _cut(self, start: int, end: int, kind: Kind) -> int:
        self.spans.append(_Span(start, end, kind))
        return end

    def _cut_all(self, end: int, kind: Kind = "reasoning") -> int:
        """Cut everything up to `end`: the answer begins there."""
        self.spans, self._is_said = [], False
        return self._cut(0, end, kind)

    def _channel(self, head: re.Match[str]) -> int:
        name = head[0].removeprefix("<|channel|>").lstrip().lower()
        if name.startswith("final"):
            return self._cut_all(head.end())
        body = internals.BODY_ENDS.search(self._text, head.end())
        if "to=" in name or (body is not None and body[0].lower() == "<|call|>"):
            return self._cut(head.start(), len(self._text), "tool_call")
        return self._cut(head.start(), len(self._text) if body is None else body.start(), "reasoning")

    def _role(self, head: re.Match[str]) -> int:
        """Cut the head, and a message that is not the model's, up to the next one."""
        if internals.OTHERS.search(head[0]) is None:
            return self._cut(head.start(), head.end(), "template")
        following = None if self._is_said else _NEXT.search(self._text, head.end())
        return self._cut(head.start(), len(self._text) if following is None else following.start(), "template")

    def _ends(self, start: int, end: int) -> int:
        """Cut the token, and the rest if the model has said something; but an answer marked as final is the answer."""
        if self._finals and self._finals[-1] > end:
            return self._cut_all(self._finals[-1])
        return self._cut(start, len(self._text) if self._is_said else end, "template")

    def _link(self, mark: re.Match[str]) -> int:
        start, end = mark.span()
        said, closing = mark.span("said")
        if said < 0:
            return self._cut(start, end, "link")
        self._cut(start, said, "link")
        self._is_said = self._is_said or not _is_blank(self._text, said, closing)
        return self._cut(closing, end, "link")

    def _with_blanks(self, start: int, end: int) -> int:
        """The start of the mark with the blanks before it, which a full stop or the line's end would follow."""
        if self._text[start] == "<" or self._text[end : end + 1].isalnum():
            return start
        lowest = self.spans[-1].end if self.spans else 0
        while start > lowest and self._text[start - 1] in " \t":
            start -= 1
        return start


def _thought_end(text: str, start: int) -> int:
    """The end of reasoning whose words begin at `start`. Unclosed, it reaches to the last closing mark or the end."""
    depth, last = 1, len(text)
    for mark in _THOUGHT.finditer(text, start):
        if mark["opens"]:
            depth += 1
            continue
        depth, last = depth - 1, mark.end()
        if depth == 0:
            break
    return last


def _code_end(text: str, start: int, end: int) -> int:
    """The end of the code that backticks at `start` to `end` begin; `end` if they begin none."""
    if end - start >= 3:
        if (closing := _FENCE.search(text, end)) is not None:
            return closing.end()
        line = text.rfind("\n", 0, start) + 1
        return end if text[line:start].strip(" \t>-*") else len(text)
    line = text.find("\n", end, end + _LONGEST_INLINE)
    until = min(len(text), end + _LONGEST_INLINE) if line < 0 else line
    closing = (_SINGLE if end - start == 1 else _DOUBLE).search(text, end, until)
    return closing.end() if closing is not None else end


def _is_blank(text: str, start: int, end: int) -> bool:
    return not text[start:end].strip()
