"""A workbook has no text that its program does not show, and all that it shows; what was left out is counted."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.backends.content.test_extraction import EXCEL, sheet, zipped
from tests.backends.content.test_unseen import read

ODS = "application/vnd.oasis.opendocument.spreadsheet"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SEEN = "# Prices\n\n| Bread | Price |\n|---|---|\n| rye | 18 |"


def cells(*words: str, style: int = 0) -> str:
    return "".join(f'<c s="{style}" t="inlineStr"><is><t>{one}</t></is></c>' for one in words)


def row(*words: str, how: str = "") -> str:
    return f"<row{how}>{cells(*words)}</row>"


def parts_of(body: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def with_columns(rows: str, columns: str) -> bytes:
    parts = parts_of(sheet(rows))
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace("<sheetData>", f"<cols>{columns}</cols><sheetData>")
    return zipped(parts)


def with_part(body: bytes, kind: str, target: str, content: str) -> dict[str, str]:
    """The parts of the workbook, with another one."""
    parts = parts_of(body)
    name = "xl/_rels/workbook.xml.rels"
    added = f'<Relationship Id="rId9" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>'
    parts[name] = parts[name].replace("</Relationships>", added)
    return {**parts, f"xl/{target}": content}


def with_styles(body: bytes) -> bytes:
    """The workbook, with a second format of cells, which shows nothing."""
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="170" formatCode=";;;"/></numFmts>'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>'
    )
    return zipped(with_part(body, "styles", "styles.xml", styles))


def with_sheet(body: bytes, state: str) -> bytes:
    content = f'<worksheet xmlns="{MAIN}"><sheetData>{row("secret", "word")}</sheetData></worksheet>'
    parts = with_part(body, "worksheet", "worksheets/sheet2.xml", content)
    second = f'<sheet name="Secret" sheetId="2" r:id="rId9" state="{state}"/></sheets>'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("</sheets>", second)
    return zipped(parts)


ROWS = row("Bread", "Price") + row("rye", "18")
HIDDEN_IN_EXCEL = {
    "a row": sheet(ROWS + row("secret", "word", how=' hidden="1"')),
    "a row of no height": sheet(ROWS + row("secret word", how=' ht="0" customHeight="1"')),
    "a column": with_columns(
        row("Bread", "secret", "Price") + row("rye", "word", "18"), '<col min="2" max="2" width="9" hidden="true"/>'
    ),
    "a column of no width": with_columns(
        f'{ROWS}<row><c r="AB3" t="inlineStr"><is><t>secret word</t></is></c></row>',
        '<col min="27" max="16384" width="0"/>',
    ),
    "a format that shows nothing": with_styles(sheet(f"{ROWS}<row>{cells('secret word', style=1)}</row>")),
    "a sheet": with_sheet(sheet(ROWS), "hidden"),
    "a sheet that Excel's menu does not show": with_sheet(sheet(ROWS), "veryHidden"),
}


@pytest.mark.parametrize("body", HIDDEN_IN_EXCEL.values(), ids=HIDDEN_IN_EXCEL)
def test_what_excel_does_not_show(body: bytes) -> None:
    assert read(body, EXCEL) == (SEEN, 2)


SHOWN_IN_EXCEL = {
    "rows and columns of their own size": with_columns(
        row("Bread", "Price", how=' ht="0.5"') + row("rye", "18", how=' hidden="0"'),
        '<col min="1" max="2" width="0.5" hidden="0"/>',
    ),
    "another format": with_styles(sheet(ROWS)),
    "the word itself": sheet(ROWS.replace("rye", "hidden collapse ;;;")),
}


@pytest.mark.parametrize("body", SHOWN_IN_EXCEL.values(), ids=SHOWN_IN_EXCEL)
def test_what_excel_shows(body: bytes) -> None:
    text, words = read(body, EXCEL)
    assert text.replace("hidden collapse ;;;", "rye") == SEEN
    assert words == 0


def test_a_workbook_of_which_nothing_is_shown() -> None:
    parts = parts_of(sheet(ROWS))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace('sheetId="1"', 'sheetId="1" state="hidden"')
    with pytest.raises(ValueError, match="all of its text is hidden"):
        read(zipped(parts), EXCEL)


def ods(rows: str, columns: str = "", more: str = "") -> bytes:
    """A workbook of OpenDocument with one sheet, and perhaps more."""
    names = "".join(
        f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("office", "table", "text", "style")
    )
    content = (
        f'<office:document-content{names} office:version="1.3"><office:automatic-styles>'
        '<style:style style:name="off" style:family="table"><style:table-properties table:display="false"/>'
        "</style:style></office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="Prices">{columns}{rows}</table:table>{more}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return zipped({"mimetype": ODS, "content.xml": content, "META-INF/manifest.xml": manifest})


def line(*words: str, how: str = "", note: str = "") -> str:
    kind = 'office:value-type="string"'
    inside = "".join(f"<table:table-cell {kind}>{note}<text:p>{one}</text:p></table:table-cell>" for one in words)
    return f"<table:table-row{how}>{inside}</table:table-row>"


LINES = line("Bread", "Price") + line("rye", "18")
SHUT = ' table:visibility="collapse"'
COLUMN = "<table:table-column/>"
HIDDEN_IN_OPENDOCUMENT = {
    "a row": ods(LINES + line("secret", "word", how=SHUT)),
    "a filtered row": ods(LINES + line("secret word", how=' table:visibility="filter"')),
    "rows of a closed group": ods(
        f'{LINES}<table:table-row-group table:display="false">{line("secret word")}</table:table-row-group>'
    ),
    "a column": ods(
        line("Bread", "secret", "Price") + line("rye", "word", "18"),
        f"{COLUMN}<table:table-column{SHUT}/>{COLUMN}",
    ),
    "a column of a closed group": ods(
        line("Bread", "Price", "secret") + line("rye", "18", "word"),
        f'{COLUMN * 2}<table:table-column-group table:display="false">{COLUMN}</table:table-column-group>',
    ),
    "a sheet": ods(
        LINES, more=f'<table:table table:name="S" table:style-name="off">{line("secret", "word")}</table:table>'
    ),
}


@pytest.mark.parametrize("body", HIDDEN_IN_OPENDOCUMENT.values(), ids=HIDDEN_IN_OPENDOCUMENT)
def test_what_opendocument_does_not_show(body: bytes) -> None:
    assert read(body, ODS) == (SEEN, 2)


def test_a_comment_at_a_cell() -> None:
    note = "<office:annotation><text:p>secret</text:p></office:annotation>"
    assert read(ods(line("Bread", "Price", note=note) + line("rye", "18")), ODS) == (SEEN, 0)


def test_a_cell_that_is_repeated_over_a_hidden_column() -> None:
    repeated = '<table:table-cell table:number-columns-repeated="3" office:value-type="string"><text:p>8</text:p>'
    rows = f"{line('a', 'b', 'c')}<table:table-row>{repeated}</table:table-cell></table:table-row>"
    columns = f"{COLUMN}<table:table-column{SHUT}/>{COLUMN}"
    assert read(ods(rows, columns), ODS) == ("# Prices\n\n| a | c |\n|---|---|\n| 8 | 8 |", 2)
