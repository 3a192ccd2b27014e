"""A PDF has no invisible text, unless it is the text of a scan; what was left out is counted."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, NumberObject, RectangleObject

from tests.backends.content.test_extraction import PDF, pdf
from tests.backends.content.test_unseen import read


def drawn(writer: PdfWriter, kind: str, fields: dict[str, Any], data: bytes, operators: str) -> bytes:
    """The PDF, whose first page draws one more object, with these operators before it."""
    page: Any = writer.pages[0]
    one = DecodedStreamObject()
    one.set_data(data)
    one.update({NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject(kind)})
    one.update({NameObject(name): value for name, value in fields.items()})
    page["/Resources"][NameObject("/XObject")] = DictionaryObject({NameObject("/One"): writer._add_object(one)})
    stream = DecodedStreamObject()
    stream.set_data(page.get_contents().get_data() + f"\nq {operators} /One Do Q".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    page[NameObject("/MediaBox")] = RectangleObject((0, 0, 600, 800))
    writer.write(file := io.BytesIO())
    return file.getvalue()


def with_form(body: bytes, text: str, operators: str) -> bytes:
    """The PDF, whose page also draws a form with this text."""
    writer = PdfWriter(io.BytesIO(body))
    resources: Any = writer.pages[0]["/Resources"]
    fields = {"/Resources": DictionaryObject({NameObject("/Font"): resources["/Font"]})}
    return drawn(writer, "/Form", fields, f"BT /F1 12 Tf 72 500 Td ({text}) Tj ET".encode(), operators)


def with_picture(body: bytes, placed: str) -> bytes:
    """The PDF, whose page also shows a picture."""
    fields = {
        "/Width": NumberObject(1),
        "/Height": NumberObject(1),
        "/BitsPerComponent": NumberObject(8),
        "/ColorSpace": NameObject("/DeviceGray"),
    }
    return drawn(PdfWriter(io.BytesIO(body)), "/Image", fields, b"\x00", f"{placed} cm")


INVISIBLE = pdf("open) Tj 3 Tr 0 -14 Td (secret word) Tj 0 -14 Td [(secr) 2 (et)] TJ 0 Tr 0 -14 Td (end")
HIDDEN = {
    "in the page": INVISIBLE,
    "by other operators": pdf("open) Tj 3 Tr 14 TL (secret word) ' 0 0 (secret) \" 0 Tr 0 -14 Td (end"),
    "set before the text": pdf("open) Tj ET 3 Tr BT /F1 12 Tf 72 600 Td (secret word) Tj 0 Tr 0 -14 Td (end"),
    "as a mask": pdf("open) Tj 7 Tr 0 -14 Td (secret word) Tj 0 Tr 0 -14 Td (end"),
    "beside a small picture": with_picture(INVISIBLE, "60 0 0 40 500 700"),
    "in a form": with_form(pdf("open) Tj 0 -14 Td (end"), "secret word", "3 Tr"),
}


@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_what_a_pdf_does_not_show(body: bytes) -> None:
    assert "secret" in PdfReader(io.BytesIO(body)).pages[0].extract_text()
    text, words = read(body, PDF)
    assert "secr" not in text
    assert "open" in text
    assert "end" in text
    assert words


SCAN = pdf("3 Tr").replace(b"(3 Tr) Tj", b"3 Tr (seen) Tj")
SHOWN = {
    "a scan": with_picture(SCAN, "600 0 0 800 0 0"),
    "a scan on its side": with_picture(SCAN, "0 800 -600 0 600 0"),
    "outlined letters": pdf("open) Tj 1 Tr (seen"),
    "after what is not": pdf("open) Tj ET q 3 Tr Q BT /F1 12 Tf 72 600 Td (seen"),
    "in a form": with_form(pdf("open"), "seen", "0 Tr"),
    "after a form": with_form(pdf("seen"), "open", "0 Tr"),
}


@pytest.mark.parametrize("body", SHOWN.values(), ids=SHOWN)
def test_what_a_pdf_shows(body: bytes) -> None:
    """The text of a scan lies unseen under its picture."""
    text, words = read(body, PDF)
    assert "seen" in text
    assert words == 0


def test_a_scan_in_a_form() -> None:
    """As programs that recognize text place it: the picture in the page, the text in a form."""
    body = with_form(pdf("3 Tr").replace(b"(3 Tr) Tj", b"()  Tj"), "seen", "3 Tr")
    writer = PdfWriter(io.BytesIO(body))
    page: Any = writer.pages[0]
    objects = page["/Resources"]["/XObject"]
    scan = PdfReader(io.BytesIO(with_picture(pdf("x"), "1 0 0 1 0 0"))).pages[0]
    picture: Any = scan["/Resources"]
    objects[NameObject("/Scan")] = picture["/XObject"]["/One"].clone(writer).indirect_reference
    stream = DecodedStreamObject()
    stream.set_data(page.get_contents().get_data() + b"\nq 600 0 0 800 0 0 cm /Scan Do Q")
    page[NameObject("/Contents")] = writer._add_object(stream)
    writer.write(file := io.BytesIO())
    assert read(file.getvalue(), PDF) == ("seen", 0)


def test_a_pdf_of_which_nothing_is_shown() -> None:
    with pytest.raises(ValueError, match="all of its text is hidden"):
        read(SCAN, PDF)
