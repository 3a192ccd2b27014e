"""Text of documents as people send them; a harmful document does no harm."""

from __future__ import annotations

import io
import zipfile

import pytest

from backends.content.extract_process import LONGEST
from backends.content.extraction import Extraction
from backends.protocol import CannotBeRead

PDF = "application/pdf"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def pdf(text: str) -> bytes:
    """A document of one page."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        start,
    )


def sheet(rows: str) -> bytes:
    """A workbook with one sheet."""
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Prices" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        }
    )


def zipped(files: dict[str, str]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return into.getvalue()


ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>bread</t></is></c><c r="B1"><v>4.2</v></c></row>'


async def test_a_pdf() -> None:
    assert (await Extraction().extract(pdf("We open at seven."), PDF)).strip() == "We open at seven."


async def test_a_sheet() -> None:
    """Each sheet by its name, a row a line."""
    assert await Extraction().extract(sheet(ROW), EXCEL) == "[Prices]\nbread\t4.2\n"


async def test_a_very_long_document_is_not_read_to_its_end() -> None:
    """A reader would not look at the rest."""
    rows = f'<row><c t="inlineStr"><is><t>{"x" * 1000}</t></is></c></row>' * 500
    assert len(await Extraction().extract(sheet(rows), EXCEL)) == LONGEST


async def test_a_document_that_unpacks_to_all_memory() -> None:
    """A small file that becomes 128 MB is a document that cannot be read."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        with archive.open("_rels/.rels", "w", force_zip64=True) as part:
            for _ in range(128):
                part.write(b" " * 1024**2)
    assert len(bomb.getvalue()) < 1024**2
    with pytest.raises(CannotBeRead) as raised:
        await Extraction().extract(bomb.getvalue(), WORD)
    assert raised.value.reason == "file_unreadable"
