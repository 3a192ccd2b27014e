"""Reads a page of a PDF without its invisible text, unless the page shows a picture of that text.

Text that is neither filled nor outlined (ISO 32000-2, 9.3.6: modes 3 and 7) is on no page that a person looks at. It is
also how the text of a scan lies under its picture, and there it stays: what a person reads is the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, DictionaryObject, TextStringObject

from backends.content.left_out import LeftOut

_INVISIBLE = {3, 7}
_SHARE = 0.25
"""Of the page, that pictures cover at least in a scan."""

_USUAL = 595.0 * 842.0
"""The area of a page that does not say its own: of A4, in points."""

_DEEPEST = 8


def seen_text(page: PageObject, left_out: LeftOut) -> str:
    """The text of the page that is seen."""
    if not _sets_a_mode(page):
        return page.extract_text()
    whole = _Walk(frozenset(_pictures(page)))
    text = page.extract_text(visitor_operand_before=whole.before, visitor_operand_after=whole.after)
    if not whole.has_invisible or whole.covered >= _SHARE * _area(page):
        return text
    seen = _Walk(frozenset(), is_silent=True)
    shown = page.extract_text(visitor_operand_before=seen.before, visitor_operand_after=seen.after)
    left_out.words += max(len(text.split()) - len(shown.split()), 1)
    return shown


class _Walk:
    """Follows the operators of a page, and of the forms in it.

    - `covered`: the area of all pictures.
    - `is_silent`: take the invisible texts out.
    """

    def __init__(self, pictures: frozenset[str], *, is_silent: bool = False) -> None:
        self.has_invisible = False
        self.covered = 0.0
        self._pictures = pictures
        self._is_silent = is_silent
        self._mode = 0
        self._kept: list[int] = []
        self._outside: list[tuple[int, list[int], float]] = []
        self._scale = 1.0

    def before(self, operator: bytes, operands: Any, cm: Any, _tm: Any) -> None:
        if operator == b"q":
            self._kept.append(self._mode)
        elif operator == b"Q":
            self._mode = self._kept.pop() if self._kept else self._mode
        elif operator == b"Tr" and operands and isinstance(operands[0], int | float):
            self._mode = int(operands[0])
        elif operator == b"Do":
            size = abs(cm[0] * cm[3] - cm[1] * cm[2]) * self._scale
            self.covered += size if operands and str(operands[0]) in self._pictures else 0.0
            self._outside.append((self._mode, self._kept, self._scale))
            self._kept, self._scale = [], size  # a form ends with what it began with
        elif operator in {b"INLINE IMAGE", b"BI", b"EI"}:
            self.covered += abs(cm[0] * cm[3] - cm[1] * cm[2]) * self._scale
        elif operator in {b"Tj", b"TJ", b"'", b'"'} and self._mode in _INVISIBLE and operands:
            self.has_invisible = True
            if self._is_silent:
                operands[-1] = ArrayObject() if operator == b"TJ" else TextStringObject("")

    def after(self, operator: bytes, _operands: Any, _cm: Any, _tm: Any) -> None:
        if operator == b"Do" and self._outside:
            self._mode, self._kept, self._scale = self._outside.pop()


def _sets_a_mode(page: PageObject) -> bool:
    """Whether the page may have invisible text: to look at each operator takes longer."""
    try:
        contents = page.get_contents()
        streams = [contents] if contents is not None else []
        return any(b"Tr" in one.get_data() for one in [*streams, *_forms(page)])
    except Exception:  # noqa: BLE001 - the library raises any exception for what is damaged, and reads around it
        return True


def _forms(holder: Any, depth: int = 0) -> Iterator[Any]:
    for _, one in _objects(holder):
        if one.get("/Subtype") == "/Form":
            yield one
            if depth < _DEEPEST:
                yield from _forms(one, depth + 1)


def _objects(holder: Any) -> list[tuple[str, Any]]:
    found = ((str(name), one.get_object()) for name, one in _in(_in(holder, "/Resources"), "/XObject").items())
    return [(name, one) for name, one in found if isinstance(one, DictionaryObject)]


def _in(holder: Any, name: str) -> Any:
    found = holder[name] if name in holder else None  # noqa: SIM401 - `get` does not follow a reference
    return found if isinstance(found, DictionaryObject) else {}


def _pictures(holder: Any, depth: int = 0) -> set[str]:
    """The names of the pictures of a page, and of the forms in it."""
    found = set[str]()
    for name, one in _objects(holder):
        if one.get("/Subtype") == "/Image":
            found.add(name)
        elif depth < _DEEPEST:
            found |= _pictures(one, depth + 1)
    return found


def _area(page: PageObject) -> float:
    try:
        box = page.mediabox
        return abs(float(box.width) * float(box.height))
    except (ValueError, TypeError, KeyError, AttributeError):  # it has none, or one of something else than numbers
        return _USUAL
