"""Marks within a paragraph: bold, struck words, links, code, escaped marks, as edits of the source.

A single `*`, `_` or `~` is WhatsApp's own and never touched. A mark of markdown is plainly meant where it begins at the
border of a word and is closed before the paragraph ends; CommonMark's further conditions fail beside punctuation and in
scripts without spaces. Everything else is a number, a name or a code, and stays.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from gateways.delivery.edits import Edit

_HINT = re.compile(r"[`*_~\[\]\\<]|!\[|(?<!\w)[hHfFwW][tTwW]")
"""Places where a token may begin. A look at these alone takes a third of the time of a search for every token."""

_TOKEN = re.compile(
    r"(?P<ticks>`+)"
    r"|(?P<stars>\*+)"
    r"|(?P<unders>_+)"
    r"|(?P<tildes>~+)"
    r"|(?P<opening>!?\[)"
    r"|(?P<closing>\])"
    r"|(?P<escaped>\\[^a-z0-9\s])"
    r"|(?P<newline><br ?/?>)"
    r"|(?P<address><(?:(?:(?:https?|ftp)://|mailto:|tel:)[^\s<>]+|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>)"
    r"|(?P<bare>(?<!\w)(?:(?:https?|ftp)://|www\.)[^\s<>\[\]`|\\]*[^\s<>\[\]`|\\*_~.,;:!?)'\"])",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"\(\s?<?(?P<scheme>mailto:|tel:)?(?P<address>(?:[^\s()<>]|\([^\s()<>]{0,500}\)){1,2000}+)>?(?P<title>\s\"[^\"\n]{0,300}\")?\s?\)",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+-]+:\S|www\.", re.IGNORECASE)
_RELATIVE = re.compile(r"[/#?]|[^\s/]*[^\W_][.@][^\W\d_]")
_EXACTLY = {1: re.compile(r"(?<!`)`(?!`)"), 2: re.compile(r"(?<!`)``(?!`)")}
_PATH, _DRIVE = re.compile(r"\\[\w\\]"), re.compile(r"[a-z]:\\", re.IGNORECASE)
_WORD_OF_CODE = re.compile(r"[a-z0-9_]+|[A-Z0-9_]+|\w*[\d_]\w*|\w*[a-z][A-Z]\w*", re.ASCII)
_BREAK = re.compile(r"[ \t]*\n[ \t]*")

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u30ff\u3100-\u31ff\u3400-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\uff65-\uffdc\U00020000-\U0003ffff]"
)
"""Letters of scripts that put no space beside an emphasised word, or a particle right after it."""

_NEVER_FIRST = frozenset("*\\.,;:!?)]}|=_~…")
_NEVER_LAST = frozenset("([{\\")
_AFTER_A_POWER = frozenset(")]}")


class _Run(NamedTuple):
    """A run of marks in the source; `mark` is the run itself."""

    start: int
    mark: str

    @property
    def end(self) -> int:
        return self.start + len(self.mark)


class _Pair(NamedTuple):
    """Marks that belong together."""

    opening: _Run
    closing: _Run


_SHOWN = {"**": ("*", "*"), "__": ("*", "*"), "***": ("_*", "*_"), "~~": ("~", "~")}
"""WhatsApp's marks for those of markdown."""


def inline_edits(source: str, start: int, end: int, *, bold: bool = False, breaks: str = "\n") -> list[Edit]:
    """The edits of the paragraph `start` to `end`. `bold`: it is all bold already. `breaks`: the text for `<br>`."""
    scan = _Scan(source, start, end, breaks)
    edits, reached = scan.edits, start
    for pair in _pairs(source, scan.runs, start, end):
        mark = pair.opening.mark
        shown = _SHOWN[mark]
        nested = mark != "~~" and (bold or pair.opening.start < reached)
        if nested or scan.has_single(shown[0][-1], pair.opening.end, pair.closing.start):
            shown = ("_", "_") if mark == "***" else ("", "")
        if mark != "~~":
            reached = max(reached, pair.closing.end)
        edits += _marked(source, pair, *shown)
    return edits


def _marked(source: str, pair: _Pair, opening: str, closing: str) -> Iterator[Edit]:
    """The pair as WhatsApp's marks, on each line for itself: its formats end with the line."""
    yield Edit(pair.opening.start, pair.opening.end, opening)
    if opening:
        for line in _BREAK.finditer(source, pair.opening.end, pair.closing.start):
            yield Edit(line.start(), line.start(), closing)
            yield Edit(line.end(), line.end(), opening)
    yield Edit(pair.closing.start, pair.closing.end, closing)


class _Scan:
    """The tokens of a paragraph.

    - `edits`: those of links, code, escaped marks and `<br>`
    - `runs`: marks that may be emphasis, in order
    - `breaks`: the text for `<br>`
    """

    def __init__(self, source: str, start: int, end: int, breaks: str) -> None:
        self.edits: list[Edit] = []
        self.runs: list[_Run] = []
        self._singles: dict[str, list[int]] = {"*": [], "_": [], "~": []}
        self._brackets: list[tuple[int, int, int, int]] = []
        self._source = source
        self._end = end
        self._breaks = breaks
        at = start
        while (hint := _HINT.search(source, at, end)) is not None:
            token = _TOKEN.match(source, hint.start(), end)
            at = hint.end() if token is None else self._take(token)

    def has_single(self, mark: str, start: int, end: int) -> bool:
        """True if WhatsApp's own `mark` is in the source from `start` to `end`."""
        places = self._singles[mark]
        first = bisect_left(places, start)
        return first < len(places) and places[first] < end

    def _take(self, token: re.Match[str]) -> int:
        """The position at which the next token is sought."""
        start, end = token.span()
        match token.lastgroup:
            case "ticks":
                return self._code(start, end)
            case "stars" | "unders" | "tildes":
                mark = token[0]
                if mark in _SHOWN:
                    self.runs.append(_Run(start, mark))
                else:
                    self._singles[mark[0]].append(start)
            case "opening":
                self._brackets.append((start, end, len(self.runs), len(self.edits)))
            case "closing":
                return self._link(start, end) if self._brackets else end
            case "escaped":
                self._escaped(start)
            case "newline":
                self.edits.append(Edit(start, end, self._breaks))
            case "address":
                scheme = len("mailto:") if token[0][1:8].lower() == "mailto:" else 0
                self.edits += Edit(start, start + 1 + scheme, ""), Edit(end - 1, end, "")
            case _:
                pass
        return end

    def _code(self, start: int, end: int) -> int:
        """Past the code that begins with these backticks. WhatsApp's code ends with the line."""
        exactly = _EXACTLY.get(end - start)
        line = self._source.find("\n", end, self._end)
        closing = exactly and exactly.search(self._source, end, self._end if line < 0 else line)
        if closing is None:
            return end
        if end - start == 2 and "`" not in self._source[end : closing.start()]:
            self.edits += Edit(start, end, "`"), Edit(closing.start(), closing.end(), "`")
        return closing.end()

    def _link(self, start: int, end: int) -> int:
        """Past the link whose words end at `start`, or past the bracket."""
        opening, words, runs, edits = self._brackets.pop()
        target = _TARGET.match(self._source, end, self._end)
        if target is None or not self._is_link(opening, target):
            return end
        said, address = self._source[words:start].strip(), target["address"]
        if (target["scheme"] or "").lower() == "tel:" and said and _digits(said) == _digits(address):
            self.edits += Edit(opening, words, ""), Edit(start, target.end(), "")
        elif not said or _is_same(said, address):
            del self.runs[runs:], self.edits[edits:]
            self.edits.append(Edit(opening, target.start("address"), ""))
            self.edits.append(Edit(target.end("address"), target.end(), ""))
        else:
            self.edits += Edit(opening, words, ""), Edit(start, target.start("address"), " (")
            self.edits.append(Edit(target.end("address"), target.end(), f"{target['title'] or ''})"))
        return target.end()

    def _is_link(self, opening: int, target: re.Match[str]) -> bool:
        """True if it leads to an address. `list[0](a.b)` in a sentence is code."""
        before = self._source[opening - 1] if opening else " "
        if target["scheme"] or _ABSOLUTE.match(target["address"]):
            return True
        return not _is_wordy(before) and _RELATIVE.match(target["address"]) is not None

    def _escaped(self, start: int) -> None:
        """Take the backslash off a mark where that makes no other mark, and no path or expression is in the way."""
        source, mark = self._source, self._source[start + 1]
        before, after = source[start - 1 : start], source[start + 2 : start + 3]
        if mark not in "*_~#.)-+!>" or mark in (before, after) or after == "\\" or before == "\\":
            return
        if (before and not (before.isalnum() or before.isspace() or before in "([{\"'*_~$")) or _is_path(source, start):
            return
        if mark in ".)-+!#>" and not _begins_line(source, start, mark):
            return
        self.edits.append(Edit(start, start + 1, ""))


def _is_path(source: str, at: int) -> bool:
    """True if the token around the backslash at `at` has others before letters, as paths and expressions have."""
    first = max(source.rfind(space, max(0, at - 64), at) for space in " \n\t") + 1
    token = source[max(first, at - 64) : at + 64].split(maxsplit=1)
    return bool(token) and (_DRIVE.match(token[0]) or _PATH.search(token[0].replace("\\_", ""))) is not None


def _begins_line(source: str, at: int, mark: str) -> bool:
    """True if the escaped `mark` would begin a list: it comes first, or after the line's number."""
    line = source[max(source.rfind("\n", 0, at) + 1, at - 12) : at].strip()
    return line.isdecimal() if mark in ".)" else not line and mark in "-+" and source[at + 2 : at + 3] == " "


def _is_same(said: str, address: str) -> bool:
    bare = re.sub(r"^https?://", "", address, flags=re.IGNORECASE).rstrip("/")
    return said == address or said.rstrip("/") in (bare, bare.removeprefix("www."))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _pairs(source: str, runs: list[_Run], start: int, end: int) -> list[_Pair]:
    """The runs that open and close emphasis, by the place of the opening one."""
    pending: dict[str, _Run] = {}
    pairs = []
    for run in runs:
        before = source[run.start - 1] if run.start > start else "\n"
        after = source[run.end] if run.end < end else "\n"
        opening = pending.get(run.mark)
        if opening is not None and _closes(run, before, after) and _is_meant(source, opening, run):
            pairs.append(_Pair(opening, run))
            del pending[run.mark]
        elif _opens(run, before, after):
            pending[run.mark] = run
    return sorted(pairs)


def _opens(run: _Run, before: str, after: str) -> bool:
    if after.isspace() or (after in _NEVER_FIRST and not (after in "_~" and after != run.mark[0])):
        return False
    if after == "/" and not before.isspace():
        return False  # a path with a pattern in it
    if run.mark == "__":
        return not (_is_wordy(before) or before in "_/.\\") and (after.isalnum() or after not in "([{/")
    return before not in _AFTER_A_POWER and (not _is_wordy(before) or _is_unspaced(before))


def _closes(run: _Run, before: str, after: str) -> bool:
    if before.isspace() or before in _NEVER_LAST:
        return False
    if run.mark == "__":
        return not (_is_wordy(after) or after in "_/(")
    return not (after.isdecimal() and ((before.isalnum() and not _is_unspaced(before)) or before in _AFTER_A_POWER))


def _is_meant(source: str, opening: _Run, closing: _Run) -> bool:
    """True if there are words between the marks, and not a name that is written with them, such as `__init__`, or a
    pattern of paths, such as `**/build/**`."""
    words = source[opening.end : min(closing.start, opening.end + 100)]
    if opening.mark == "__" and _WORD_OF_CODE.fullmatch(words):
        return False
    if words.startswith("/") and (source[closing.start - 1] == "/" or source[closing.end : closing.end + 1] == "/"):
        return False
    return opening.end < closing.start


def _is_wordy(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


def _is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None
