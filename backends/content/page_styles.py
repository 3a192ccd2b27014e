"""The styles of a page's elements that could hide them: the page's own rules, and those at the elements themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from soupsieve import SelectorSyntaxError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

Style = dict[str, str]
"""Values by their properties."""

_Exactness = tuple[int, int, int]
_Declared = dict[str, tuple[str, bool]]
_Rule = tuple[str, _Exactness, _Declared]

_APPLIES = re.compile(r"@(?:media\s+(?:only\s+)?(?:all|screen)|layer[^{};]*|supports[^{};]*)\s*\Z", re.IGNORECASE)
_NAMED = re.compile(r"[.#]([\w-]+)(?![^\[]*\])")
_NOT = re.compile(r":[a-z-]+\([^)]*\)|\\.")
_ESCAPED = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))")
PROPERTIES = frozenset({
    "display", "visibility", "opacity", "font", "font-size", "content-visibility", "clip", "clip-path", "transform",
    "position", "left", "top", "right", "bottom", "text-indent", "width", "height", "max-width", "max-height",
    "overflow",
})  # fmt: skip
"""Those that count."""


def styled(tree: BeautifulSoup) -> Callable[[Tag], Style]:
    """The styles of an element: a later rule wins, unless an earlier one is more exact or is important."""
    rules = _rules("\n".join(sheet.get_text() for sheet in tree.find_all("style")))
    found: dict[int, list[tuple[bool, tuple[int, int, int, int], str, str]]] = {}
    names = {
        str(name)
        for element in tree.find_all(True)
        for name in (*element.get_attribute_list("class"), element.get("id"))
    }
    for selector, (ids, classes, types), declared in rules:
        if not names.issuperset(_NAMED.findall(_NOT.sub("", selector))):  # a look at each element takes 3 µs
            continue
        try:
            matching = tree.select(selector)
        except (SelectorSyntaxError, NotImplementedError, ValueError):
            continue  # no element has such a style: it is of what is before or after a text, or no browser knows it
        for element in matching:
            for name, (value, is_important) in declared.items():
                found.setdefault(id(element), []).append((is_important, (0, ids, classes, types), name, value))

    def of(element: Tag) -> Style:
        values = list(found.get(id(element), ()))
        own = _declared(str(element.get("style") or ""))
        values += [(is_important, (1, 0, 0, 0), name, value) for name, (value, is_important) in own.items()]
        style = _by_default(element)
        style.update((name, value) for _, _, name, value in sorted(values, key=lambda one: one[:2]))
        return style

    return of


def _by_default(element: Tag) -> Style:
    is_hidden = element.has_attr("hidden") and str(element["hidden"]).lower() != "until-found"
    is_hidden = is_hidden or (element.name == "dialog" and not element.has_attr("open")) or element.has_attr("popover")
    return {"display": "none"} if is_hidden else {}


def _rules(sheet: str) -> Iterator[_Rule]:
    """The rules of a style sheet that could hide or show something, in their order."""
    sheet = re.sub(r"/\*.*?(?:\*/|\Z)|<!--|-->", " ", sheet, flags=re.DOTALL)
    for prelude, body in _blocks(re.sub(r"@(?:import|charset|namespace)[^;]*;", " ", sheet)):
        if _APPLIES.match(prelude):
            yield from _rules(body)
        elif not prelude.startswith("@") and (declared := _declared(body)):
            for one in re.split(r",(?![^(]*\))", prelude):
                yield one.strip(), _exactness(one), declared


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    start, depth, prelude = 0, 0, ""
    for brace in re.finditer(r"[{}]", sheet):
        if brace[0] == "{":
            if depth == 0:
                prelude, start = sheet[start : brace.start()].strip(), brace.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                yield prelude, sheet[start : brace.start()]
                start = brace.end()


def _declared(body: str) -> _Declared:
    """By each property that could hide something, its value and whether it is important."""
    declared = _Declared()
    for one in re.sub(r"/\*.*?\*/", " ", body, flags=re.DOTALL).split(";"):
        name, _, value = _ESCAPED.sub(_unescaped, one).partition(":")
        name, (value, mark, _) = name.strip().lower(), value.lower().partition("!")
        value = " ".join(value.split())
        if name == "font":
            name, value = "font-size", next((size for size in re.findall(r"[^\s/]*\d[^\s/]*", value)), "")
        if name in PROPERTIES and value:
            declared[name] = value, bool(mark)
    return declared


def _unescaped(found: re.Match[str]) -> str:
    return chr(min(int(found[1], 16), 0x10FFFF)) if found[1] else found[2]


def _exactness(selector: str) -> _Exactness:
    names = re.sub(r":(?:not|is)\(|\)", " ", selector)
    classes = len(re.findall(r"\.[\w-]|\[|(?<!:):[a-z]", names))
    return len(re.findall(r"#[\w-]", names)), classes, len(re.findall(r"(?:^|[\s>+~])[a-z]", names, re.IGNORECASE))
