"""Takes out of a Word document what Word does not show, and takes what it shows out of wrappers that python-docx skips.

Not shown are text with the property `vanish`, directly or by a style, hidden rows of tables, and what a tracked change
deleted or moved away. Comments and the instructions of fields are not text of the document. Word shows insertions of
tracked changes, content controls, and the results of fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

from backends.content.left_out import LeftOut

_GONE = (qn("w:del"), qn("w:moveFrom"))
_AROUND = tuple(map(qn, ("w:ins", "w:moveTo", "w:sdt", "w:smartTag", "w:customXml", "w:fldSimple", "w:dir", "w:bdo")))
_PROPERTIES = tuple(map(qn, ("w:rPr", "w:trPr", "w:tcPr", "w:pPr", "w:numPr", "w:tblPr", "w:sectPr")))
"""In these, such an element only says that the row, or the end of the paragraph, was inserted or deleted."""

_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""In it, a drawing is there once more, for older programs."""

_ON = {None, "1", "true", "on"}


def take_out_unseen(document: Any, left_out: LeftOut) -> None:
    """Change the document to what is seen of it."""
    body = document.element.body
    for row in list(body.iter(qn("w:tr"))):
        properties = row.find(qn("w:trPr"))
        if properties is not None and (_is_on(properties, "w:hidden") or properties.find(qn("w:del")) is not None):
            _remove(row, left_out)
    for change in list(body.iter(*_GONE)):
        if change.getparent().tag not in _PROPERTIES:
            _remove(change, left_out)
    for wrapper in list(body.iter(*_AROUND)):
        if wrapper.getparent().tag not in _PROPERTIES:
            _unwrap(wrapper)
    styles = _Styles(document.styles.element)
    for run in list(body.iter(qn("w:r"))):
        if styles.hides(run):
            _remove(run, left_out)
    for box in list(body.iter(qn("w:txbxContent"))):
        if next(box.iterancestors(_FALLBACK), None) is None:
            _put_after_its_paragraph(box)


class _Styles:
    """The styles that hide text."""

    def __init__(self, styles: Any) -> None:
        found = styles.findall(qn("w:style"))
        self._styles = {one.get(qn("w:styleId")): one for one in found}
        self._default = next(
            (
                one.get(qn("w:styleId"))
                for one in found
                if one.get(qn("w:type")) == "paragraph" and one.get(qn("w:default")) in {"1", "true", "on"}
            ),
            None,
        )
        always = styles.find("/".join(map(qn, ("w:docDefaults", "w:rPrDefault", "w:rPr"))))
        self._always = always is not None and _is_on(always, "w:vanish")
        self._known: dict[str | None, bool] = {}

    def hides(self, run: Any) -> bool:
        """True if Word does not show the run: as it says itself, otherwise if an odd number of its styles say so
        (ISO/IEC 29500-1, 17.7.3)."""
        own = run.find(qn("w:rPr"))
        if own is not None and own.find(qn("w:vanish")) is not None:
            return _is_on(own, "w:vanish")
        if self._always:
            return True
        names = [_named(own, "w:rStyle")]
        paragraph = next(run.iterancestors(qn("w:p")), None)
        if paragraph is not None:
            names.append(_named(paragraph.find(qn("w:pPr")), "w:pStyle") or self._default)
        around = next(run.iterancestors(qn("w:tbl")), None)
        if around is not None:
            names.append(_named(around.find(qn("w:tblPr")), "w:tblStyle"))
        return sum(map(self._says, names)) % 2 == 1

    def _says(self, name: str | None) -> bool:
        if name not in self._known:
            self._known[name] = next((_is_on(one, "w:vanish") for one in self._chain(name)), False)
        return self._known[name]

    def _chain(self, name: str | None) -> Iterator[Any]:
        """The properties of text that say whether it is shown, of the style and of those that it is based on."""
        seen = set[str | None]()
        while name in self._styles and name not in seen:
            seen.add(name)
            style = self._styles[name]
            properties = style.find(qn("w:rPr"))
            if properties is not None and properties.find(qn("w:vanish")) is not None:
                yield properties
            name = _named(style, "w:basedOn")


def _named(properties: Any, element: str) -> str | None:
    found = properties.find(qn(element)) if properties is not None else None
    return found.get(qn("w:val")) if found is not None else None


def _is_on(properties: Any, element: str) -> bool:
    found = properties.find(qn(element))
    return found is not None and found.get(qn("w:val")) in _ON


def _unwrap(wrapper: Any) -> None:
    content = wrapper.find(qn("w:sdtContent")) if wrapper.tag == qn("w:sdt") else wrapper
    for child in list(content) if content is not None else []:
        wrapper.addprevious(child)
    wrapper.getparent().remove(wrapper)


def _put_after_its_paragraph(box: Any) -> None:
    """Text boxes lie within a run, where python-docx finds no paragraphs."""
    around = next(box.iterancestors(qn("w:p")), None)
    if around is not None:
        for child in reversed(box):
            around.addnext(child)


def _remove(element: Any, left_out: LeftOut) -> None:
    left_out.count("".join(one.text or "" for one in element.iter(qn("w:t"), qn("w:delText"))))
    element.getparent().remove(element)
