"""Documents of the business as Markdown: what people see in them, and the reason for each that cannot be read."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from pypdf import PdfWriter

from backends.content.extract_process import UNPACKED
from backends.content.markdown import MarkdownReader
from backends.content.markdown_readers import LONGEST, table
from backends.protocol import CannotBeRead
from tests.backends.content.test_extraction import EXCEL, PDF, WORD, pdf, sheet, zipped

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


async def markdown_of(body: bytes, mime: str) -> str:
    async with MarkdownReader() as reader:
        return (await reader.read(body, mime)).text


async def refused(body: bytes, mime: str) -> str:
    with pytest.raises(CannotBeRead) as raised:
        await markdown_of(body, mime)
    return raised.value.detail


def saved(document: Any) -> bytes:
    document.save(file := io.BytesIO())
    return file.getvalue()


def text(words: str) -> str:
    """The inside of a cell."""
    return f't="inlineStr"><is><t>{words}</t></is>'


async def test_a_document_of_word() -> None:
    """Headings keep their level. A cell over two columns is there once, one over two rows in each."""
    document = Document()
    document.add_heading("Menu", 0)
    document.add_heading("Winter", 2)
    document.add_paragraph("From June.")
    rows = document.add_table(4, 3)
    for number, words in enumerate(("Soups", "", "", "Name", "Small", "Large", "Pumpkin", "9", "14", "", "10", "15")):
        rows.cell(number // 3, number % 3).text = words
    rows.cell(0, 0).merge(rows.cell(0, 2)).text = "Soups"
    rows.cell(2, 0).merge(rows.cell(3, 0)).text = "Pumpkin"
    assert [line for line in (await markdown_of(saved(document), WORD)).splitlines() if line] == [
        "# Menu",
        "## Winter",
        "From June.",
        "Soups",
        "| Name | Small | Large |",
        "|---|---|---|",
        "| Pumpkin | 9 | 14 |",
        "| Pumpkin | 10 | 15 |",
    ]


@pytest.mark.parametrize("level", ["\u00b2", "9" * 5000, "\u0663", "", "2.1", "x"])
async def test_a_style_whose_name_is_almost_a_headings(level: str) -> None:
    """A name is free: its paragraph is plain text."""
    document = Document()
    document.styles.add_style(f"Heading {level}", WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("Open from 8.", f"Heading {level}")
    assert (await markdown_of(saved(document), WORD)).strip() == "Open from 8."


async def test_numbers_of_a_sheet() -> None:
    """No digit of a price or a phone number is lost, and a sum has no digits that nobody entered."""
    numbers = ("12345.67", "5511988887777", "0.30000000000000004", "20", "-1.5", "1234567.89")
    cells = "".join(f'<c r="{"ABCDEF"[at]}1"><v>{number}</v></c>' for at, number in enumerate(numbers))
    read = await markdown_of(sheet(f'<row r="1">{cells}</row>'), EXCEL)
    assert "| 12345.67 | 5511988887777 | 0.3 | 20 | -1.5 | 1234567.89 |" in read


async def test_sheets_dates_and_empty_rows() -> None:
    """A workbook of two sheets, one with a title, empty rows, a date and a time of day."""
    rows = {
        1: {"B": text("Prices of 2026")},
        4: {"B": text("Name"), "D": text("From")},
        9: {"B": text("a|b\nc"), "D": 't="d"><v>2026-11-29T00:00:00</v>'},
        10: {"B": text("d"), "D": 't="d"><v>2026-11-29T18:30:00</v>'},
    }
    cells = {at: "".join(f'<c r="{column}{at}" {cell}</c>' for column, cell in row.items()) for at, row in rows.items()}
    body = sheet("".join(f'<row r="{at}">{row}</row>' for at, row in cells.items()))
    parts = {
        name: zipfile.ZipFile(io.BytesIO(body)).read(name).decode()
        for name in zipfile.ZipFile(io.BytesIO(body)).namelist()
    }
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        "</sheets>", '<sheet name="Empty" sheetId="2" r:id="rId2"/></sheets>'
    )
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId2" Type="{_OFFICE}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>',
    )
    parts["xl/worksheets/sheet2.xml"] = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    assert [line for line in (await markdown_of(zipped(parts), EXCEL)).splitlines() if line] == [
        "# Prices",
        "Prices of 2026",
        "| Name | From |",
        "|---|---|",
        r"| a\|b c | 2026-11-29 |",
        "| d | 2026-11-29 18:30:00 |",
        "# Empty",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
async def test_separated_values(separator: str, encoding: str) -> None:
    given = separator.join(("Pão", '"1,50; à vista"')) + "\r\n" + separator.join(("Bolo", '"20\nfatias"')) + "\r\n"
    read = await markdown_of(given.encode(encoding), "text/csv")
    assert read == "| Pão | 1,50; à vista |\n|---|---|\n| Bolo | 20 fatias |"


def test_a_list_is_no_title() -> None:
    assert table([["a"], ["b"]]) == ["| a |", "|---|", "| b |"]
    assert table([["", ""], []]) == []


PAGE = """<html><head><title>Shop</title><style>p {}</style></head><body>
<header><a href="/">Home</a></header><nav>Menu</nav><form action="x">
<article><header><h1>Opening</h1></header><p>Seven to <b>nine</b>.</p></article>
<article><h2>Prices</h2><table><tr><td>Bread</td><td>4</td></tr>
<tr><td>Cakes</td><td><table><tr><td>small</td><td>20</td></tr></table></td></tr></table></article>
<input value="Search"><select><option>Brazil</option></select></form>
<footer>Cookies</footer><script>var secret = 1</script></body></html>"""


async def test_a_page() -> None:
    """All articles, their own headers, and what a form is around; not what surrounds a page. A table in a table keeps
    its words."""
    read = await markdown_of(PAGE.encode(), "text/html")
    assert "# Opening" in read
    assert "## Prices" in read
    assert "Seven to **nine**." in read
    for word in ("Bread", "small", "20"):
        assert word in read
    for word in ("Home", "Menu", "Cookies", "secret", "Search", "Brazil"):
        assert word not in read


async def test_a_page_that_a_script_writes() -> None:
    assert "save what you see" in await refused(b"<body><div id=root></div><script>draw()</script>", "text/html")


async def test_two_columns() -> None:
    """A PDF is read in the order in which it was written: one column after the other."""
    body = pdf("Bread 4) Tj 0 -14 Td (Rye 5) Tj 250 14 Td (Cake 20) Tj 0 -14 Td (Pie 9")
    assert (await markdown_of(body, PDF)).split("\n") == ["Bread 4", "Rye 5", "Cake 20", "Pie 9"]


async def test_a_scan() -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(file := io.BytesIO())
    assert "(OCR)" in await refused(file.getvalue(), PDF)


@pytest.mark.parametrize("password", ["", "secret"])
async def test_a_password(password: str) -> None:
    """A PDF that anyone may open but not print is read."""
    writer = PdfWriter(io.BytesIO(pdf("Open at 7.")))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    writer.write(file := io.BytesIO())
    if password:
        assert "save it without one" in await refused(file.getvalue(), PDF)
    else:
        assert await markdown_of(file.getvalue(), PDF) == "Open at 7."


async def test_an_archive_that_unpacks_to_very_much() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as part:
        for _ in range(UNPACKED // 1024**2 + 1):
            part.write(b" " * 1024**2)
    for mime in (WORD, EXCEL):
        assert "split it" in await refused(bomb.getvalue(), mime)


@pytest.mark.parametrize(
    ("body", "mime", "says"),
    [
        (b"%PDF-1.4 but no more", PDF, "save it again"),
        (b"PK but no more", WORD, "save it again"),
        (b"PK but no more", EXCEL, "save it again"),
        (b" \n\t ", "text/plain", "no text"),
        (b"\x00\x01\x02", "text/plain", "no text"),
        (b"x" * 30_000_000, "text/plain", f"more than {LONGEST:,} characters: split it"),
        (b"<div>" * 2_000 + b"x", "text/html", "split it"),
        (b"GIF89a", "image/gif", "not read"),
    ],
)
async def test_each_reason_says_what_to_do(body: bytes, mime: str, says: str) -> None:
    assert says in await refused(body, mime)
