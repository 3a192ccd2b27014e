"""A language in which every word of the catalogs is between marks: any other word on a page is data, or English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from console.languages import LANGUAGES, Translate

TAG = "pt-BR"
"""The language in whose place it is."""

_OPEN, _CLOSE = "⟦", "⟧"
_MARKED = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}")
_VALUE = re.compile(r"(%\(\w+\)s)")
_WORD = re.compile("[A-Za-zÀ-ɏ]{2,}")
"""In Latin letters."""
_READ = {"alt", "aria-label", "label", "placeholder", "title"}
_UNREAD = {"code", "script", "style"}
"""Elements whose text is the same in every language, or read by nobody."""


class Marking(Translate):
    """Says the English words, with marks around all but their values."""

    def __init__(self) -> None:
        super().__init__(next(one for one in LANGUAGES if one.tag == TAG))

        self._there = self.all()

    def gettext(self, text: str) -> str:
        return marked(text) if text in self._there else text

    def form(self, one: str, many: str, num: int) -> str:
        said = one if num == 1 else many
        return marked(said) if one in self._there else said


def marked(text: str) -> str:
    """The text with marks around each part between its values, if that has words."""
    return "".join(f"{_OPEN}{one}{_CLOSE}" if at % 2 == 0 and one else one for at, one in enumerate(_VALUE.split(text)))


def words_of(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(text)


def bare(html: str) -> Iterator[str]:
    """The words of a page that are between no marks."""
    for place in _places(html):
        yield from words_of(_MARKED.sub(" ", place))


def _places(html: str) -> list[str]:
    """The text of a page, and the attributes that people read."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return ["".join(reader.text), *reader.attributes]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.attributes: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD
        self.text.append(" ")
        self.attributes += [value for name, value in attrs if name in _READ and value]

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD
        self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.text.append(data)
