"""Takes out of a page what a browser does not show of it, by the elements' own styles and the page's own rules.

A page can hold orders to a model that a person who checks it in a browser does not see. Text in a closed `<details>`
stays. Colours, scripts and style sheets of other files are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from backends.content.left_out import LeftOut
from backends.content.page_styles import Style, styled

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

FALLBACKS = ("canvas", "video", "audio", "object", "datalist", "meter", "progress", "noframes", "noembed", "rp")
"""Elements in place of whose text a browser shows something else, or nothing."""

SMALLEST = 2.0
"""Pixels of letters, from which one sees them."""

FARTHEST = -500.0
"""Pixels from which something is out of the window."""

_NORMAL = 16.0
_UNITS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "cm": 37.8, "mm": 3.78, "in": 96.0, "rem": _NORMAL, "vw": 10.0, "vh": 8.0}
_SIZES = {"xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large", "initial"}

_LENGTH = re.compile(r"([-+]?\d*\.?\d+)(%|[a-z]*)\Z")


def take_out_unseen(tree: BeautifulSoup, others: str, left_out: LeftOut) -> None:
    """Remove the elements and texts that a browser does not show.

    - `others`: selects elements that are removed, too, and are not counted.
    """
    styles = styled(tree)
    for element in (*tree.find_all(FALLBACKS), *tree.select(others)):
        element.decompose()
    inherited = {id(tree): (True, _NORMAL)}
    for element in tree.find_all(True):
        if element.decomposed or element.parent is None:
            continue
        style = styles(element)
        if any(hides(style) for hides in HIDDEN):
            left_out.count(element.get_text(" "))
            element.decompose()
            continue
        is_visible, size = inherited[id(element.parent)]
        is_visible = _is_visible(style.get("visibility", ""), inherited=is_visible)
        size = _size(style.get("font-size", ""), size)
        inherited[id(element)] = is_visible, size
        if not is_visible or size < SMALLEST:
            for text in element.find_all(string=True, recursive=False):
                left_out.count(text)
                text.extract()


def _is_out(style: Style) -> bool:
    is_placed = style.get("position") in {"absolute", "fixed"}
    away = [style.get(side, "") for side in ("left", "top", "right", "bottom")] if is_placed else []
    places = map(_pixels, (*away, style.get("text-indent", "")))
    return any(place is not None and place <= FARTHEST for place in places)


def _is_closed(style: Style) -> bool:
    sides = (_pixels(style.get(side, "")) for side in ("width", "height", "max-width", "max-height"))
    is_cut = style.get("overflow", "").split(" ")[0] in {"hidden", "clip"}
    return is_cut and any(side is not None and side <= 1 for side in sides)


HIDDEN: tuple[Callable[[Style], bool], ...] = (
    lambda style: style.get("display") == "none",
    lambda style: style.get("content-visibility") == "hidden",
    lambda style: _pixels(style.get("opacity", "").replace("%", "")) == 0,
    lambda style: re.match(r"rect\((?:[01](?:px)?[, ]*){4}\)", style.get("clip", "")) is not None,
    lambda style: re.match(r"(?:inset\((?:[5-9]\d|100)%|circle\(0)", style.get("clip-path", "")) is not None,
    lambda style: re.search(r"scale[xy]?\(0(?:\.0+)?[,)]", style.get("transform", "")) is not None,
    _is_out,
    _is_closed,
)
"""Styles with which an element is not shown, whatever is in it."""


def _is_visible(value: str, *, inherited: bool) -> bool:
    return inherited if value in {"", "inherit", "unset"} else value not in {"hidden", "collapse"}


def _size(value: str, inherited: float) -> float:
    """Pixels of the letters."""
    if value in _SIZES:
        return _NORMAL
    found = _LENGTH.match(value)
    if found is not None and found[2] in {"em", "%", "ex", "ch"}:
        return float(found[1]) * inherited / (100 if found[2] == "%" else 1)
    return pixels if (pixels := _pixels(value)) is not None else inherited


def _pixels(value: str) -> float | None:
    found = _LENGTH.match(value)
    if found is None:
        return None
    number = float(found[1])
    return None if found[2] == "%" and number else number * _UNITS.get(found[2], _NORMAL)
