"""A Word document has no text that Word does not show, and all that it shows; what was left out is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.backends.content.test_extraction import WORD
from tests.backends.content.test_markdown import saved
from tests.backends.content.test_unseen import read

Change = Callable[[Any, Any], object]


def of_word(change: Change) -> bytes:
    """A document whose first paragraph is as `change` makes it."""
    document = Document()
    change(document, document.add_paragraph("open "))
    document.add_paragraph("end")
    return saved(document)


def element(xml: str) -> Any:
    name, _, rest = xml[1:].partition(">")
    return parse_xml(f"<{name} {nsdecls('w')}>{rest}")


def appended(xml: str) -> Change:
    return lambda _, paragraph: paragraph._p.append(element(xml))


def _styled(document: Any, paragraph: Any) -> None:
    document.styles.add_style("Secret", WD_STYLE_TYPE.CHARACTER).font.hidden = True
    document.styles.add_style("Based", WD_STYLE_TYPE.CHARACTER).base_style = document.styles["Secret"]
    paragraph.add_run("secret word", "Based")


def _paragraph(document: Any, _: Any) -> None:
    document.styles.add_style("Secret", WD_STYLE_TYPE.PARAGRAPH).font.hidden = True
    document.add_paragraph("secret word", "Secret")


def _by_default(document: Any, paragraph: Any) -> None:
    defaults = document.styles.element.find(".//{*}rPrDefault/{*}rPr")
    defaults.append(element("<w:vanish></w:vanish>"))
    paragraph.runs[0].font.hidden = False
    document.add_paragraph("secret")  # and the last one
    document.add_paragraph().add_run("end").font.hidden = False


def _row(document: Any, _: Any) -> None:
    table = document.add_table(2, 1)
    for number, words in enumerate(("seen", "secret word")):
        table.cell(number, 0).text = words
    table.rows[1]._tr.get_or_add_trPr().append(element("<w:hidden></w:hidden>"))


def _deleted_row(document: Any, _: Any) -> None:
    table = document.add_table(1, 1)
    table.cell(0, 0).text = "secret word"
    table.rows[0]._tr.get_or_add_trPr().append(element("<w:del></w:del>"))
    table.add_row().cells[0].text = "seen"


def _in_a_control(document: Any, _: Any) -> None:
    run = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret word</w:t></w:r>"
    document.element.body.insert(0, element(f"<w:sdt><w:sdtContent><w:p>{run}</w:p></w:sdtContent></w:sdt>"))


HIDDEN: dict[str, Change] = {
    "a run": lambda _, paragraph: setattr(paragraph.add_run("secret word").font, "hidden", True),
    "a run in a link": appended(
        "<w:hyperlink><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret word</w:t></w:r></w:hyperlink>"
    ),
    "a style of letters": _styled,
    "a style of paragraphs": _paragraph,
    "by default": _by_default,
    "a row": _row,
    "a deleted row": _deleted_row,
    "deleted": appended("<w:del><w:r><w:delText>secret word</w:delText></w:r></w:del>"),
    "moved away": appended("<w:moveFrom><w:r><w:t>secret word</w:t></w:r></w:moveFrom>"),
    "deleted in what was inserted": appended(
        "<w:ins><w:del><w:r><w:delText>secret word</w:delText></w:r></w:del></w:ins>"
    ),
    "in a control": _in_a_control,
}


@pytest.mark.parametrize("change", HIDDEN.values(), ids=HIDDEN)
def test_what_word_does_not_show(change: Change) -> None:
    text, words = read(of_word(change), WORD)
    assert "secret" not in text
    assert "open" in text
    assert "end" in text
    assert words == 2


def _shown_again(document: Any, paragraph: Any) -> None:
    document.styles.add_style("Secret", WD_STYLE_TYPE.CHARACTER).font.hidden = True
    paragraph.add_run("seen", "Secret").font.hidden = False


def _twice(document: Any, _: Any) -> None:
    document.styles.add_style("One", WD_STYLE_TYPE.PARAGRAPH).font.hidden = True
    document.styles.add_style("Two", WD_STYLE_TYPE.CHARACTER).font.hidden = True
    document.add_paragraph(style="One").add_run("seen", "Two")


def _commented(document: Any, paragraph: Any) -> None:
    document.add_comment(paragraph.add_run("seen"), text="secret word")


SHOWN: dict[str, Change] = {
    "inserted": appended("<w:ins><w:r><w:t>seen</w:t></w:r></w:ins>"),
    "moved here": appended("<w:moveTo><w:r><w:t>seen</w:t></w:r></w:moveTo>"),
    "a control": appended("<w:sdt><w:sdtPr></w:sdtPr><w:sdtContent><w:r><w:t>seen</w:t></w:r></w:sdtContent></w:sdt>"),
    "a field": appended("<w:fldSimple><w:r><w:t>seen</w:t></w:r></w:fldSimple>"),
    "shown in spite of its style": _shown_again,
    "hidden by two styles": _twice,
    "beside a comment": _commented,
}


@pytest.mark.parametrize("change", SHOWN.values(), ids=SHOWN)
def test_what_word_shows(change: Change) -> None:
    text, words = read(of_word(change), WORD)
    assert "seen" in text
    assert "secret" not in text
    assert words == 0


def test_the_row_of_a_control_stays_in_its_table() -> None:
    document = Document()
    table = document.add_table(2, 2)
    for number, words in enumerate(("Bread", "Price", "rye", "18")):
        table.cell(number // 2, number % 2).text = words
    row = table.rows[1]._tr
    control = element("<w:sdt><w:sdtContent></w:sdtContent></w:sdt>")
    row.addprevious(control)
    control[0].append(row)
    assert read(saved(document), WORD) == ("| Bread | Price |\n|---|---|\n| rye | 18 |", 0)


_BOX = (
    "<w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent>"
    "<w:p><w:r><w:t>first in the box</w:t></w:r></w:p><w:p><w:r><w:t>second</w:t></w:r></w:p>"
    "</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
)
_AGAIN = (
    "<w:r><mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>"
    f"<mc:Choice Requires='wps'>{_BOX[5:-6]}</mc:Choice><mc:Fallback>{_BOX[5:-6]}</mc:Fallback>"
    "</mc:AlternateContent></w:r>"
)


@pytest.mark.parametrize("box", [_BOX, _AGAIN])
def test_a_text_box_is_after_its_paragraph_and_once(box: str) -> None:
    text, _ = read(of_word(appended(box)), WORD)
    assert text.split("\n\n") == ["open ", "first in the box", "second", "end"]


def test_a_table_in_a_cell_is_in_its_row() -> None:
    document = Document()
    cell = document.add_table(1, 2).cell(0, 0)
    cell.text = "Breads:"
    inner = cell.add_table(2, 2)
    for number, words in enumerate(("Rye", "R$ 18", "Corn", "R$ 16")):
        inner.cell(number // 2, number % 2).text = words
    assert "| Breads:; Rye, R$ 18; Corn, R$ 16 |" in read(saved(document), WORD)[0]
