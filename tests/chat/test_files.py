"""WhatsApp's types and sizes of files, judged by their content."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.file_content import type_of
from chat.file_types import KB, MB, TYPES, FileNotTaken, FileType
from chat.files import KINDS, LONGEST_CAPTION, SENT_AS, file_part
from events.library import LARGEST, object_of
from events.parts import FILES, faults
from tests.sample_files import PDF, animated, old_office, package, picture, recording, word


def nested(levels: int) -> bytes:
    """Boxes of a film, each in the one before."""
    inner = b""
    for _ in range(levels):
        inner = (len(inner) + 8).to_bytes(4, "big") + b"moov" + inner
    return inner


OFFICE = "[Content_Types].xml"

TAKEN: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "jpeg": (lambda: picture("JPEG"), "image", "image/jpeg"),
    "progressive jpeg": (lambda: picture("JPEG", progressive=True), "image", "image/jpeg"),
    "grey jpeg": (lambda: picture("JPEG", "L"), "image", "image/jpeg"),
    "jpeg with more after it": (lambda: picture("JPEG") + bytes(9), "image", "image/jpeg"),
    "png": (lambda: picture("PNG"), "image", "image/png"),
    "png with transparency": (lambda: picture("PNG", "RGBA"), "image", "image/png"),
    "png with a palette": (lambda: picture("PNG", "P"), "image", "image/png"),
    "sticker": (lambda: picture("WEBP"), "sticker", "image/webp"),
    "animated sticker": (lambda: animated("WEBP"), "sticker", "image/webp"),
    "mp4": (lambda: recording("mp4", "libx264", "aac"), "video", "video/mp4"),
    "silent mp4": (lambda: recording("mp4", "libx264"), "video", "video/mp4"),
    "3gp": (lambda: recording("3gp", "libx264", "aac"), "video", "video/3gpp"),
    "m4a": (lambda: recording("ipod", "aac"), "audio", "audio/mp4"),
    "mp4 without a picture": (lambda: recording("mp4", "aac"), "audio", "audio/mp4"),
    "aac": (lambda: recording("adts", "aac"), "audio", "audio/aac"),
    "mp3 with a tag": (lambda: recording("mp3", "libmp3lame"), "audio", "audio/mpeg"),
    "mp3": (lambda: b"\xff\xfb\x90\x64" + bytes(413), "audio", "audio/mpeg"),
    "amr": (lambda: recording("amr", "libopencore_amrnb"), "audio", "audio/amr"),
    "ogg with opus": (lambda: recording("ogg", "libopus"), "audio", "audio/ogg"),
    "pdf": (lambda: PDF, "document", "application/pdf"),
    "text": ("Preço: R$ 3\n".encode, "document", "text/plain"),
    "text with a mark": (lambda: b"\xef\xbb\xbfPrices", "document", "text/plain"),
    "text that begins as a bitmap does": (lambda: b"BMW, MZ and FLV", "document", "text/plain"),
    "docx": (word, "document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": (
        lambda: package(OFFICE, "xl/workbook.xml"),
        "document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "pptx": (
        lambda: package(OFFICE, "ppt/presentation.xml"),
        "document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "doc": (lambda: old_office("WordDocument"), "document", "application/msword"),
    "xls": (lambda: old_office("Workbook"), "document", "application/vnd.ms-excel"),
    "ppt": (lambda: old_office("PowerPoint Document"), "document", "application/vnd.ms-powerpoint"),
}

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "is empty"),
    "blanks": (lambda: b" \n", "a type that WhatsApp does not take"),
    "heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC picture.*save it as JPEG"),
    "heif": (lambda: b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC picture.*save it as JPEG"),
    "avif": (lambda: picture("AVIF"), "AVIF picture.*save it as JPEG"),
    "gif": (lambda: picture("GIF"), "a GIF.*PNG"),
    "bmp": (lambda: picture("BMP"), "a BMP picture.*PNG"),
    "tiff": (lambda: picture("TIFF"), "a TIFF picture.*JPEG"),
    "icon": (lambda: picture("ICO"), "an icon"),
    "jpeg for print": (lambda: picture("JPEG", "CMYK"), "not in 8-bit RGB"),
    "png of 16 bits": (lambda: picture("PNG", "I;16"), "16 bits"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "drawing in SVG"),
    "html": (lambda: b"\n<!DOCTYPE html><p>Prices", "page of HTML.*PDF"),
    "html without a head": (lambda: b"<!-- x --><html><p>Prices", "page of HTML.*PDF"),
    "xml": (lambda: b"<?xml version='1.0'?><a/>", "XML file"),
    "rtf": (lambda: b"{\\rtf1 Prices}", "an RTF document.*PDF"),
    "text of another encoding": (lambda: "Preço".encode("utf-16"), "UTF-16.*UTF-8"),
    "text of an old encoding": (lambda: "Preço".encode("latin-1"), "a type that WhatsApp does not take"),
    "wav": (lambda: recording("wav", "pcm_s16le"), "a WAV sound.*MP3"),
    "flac": (lambda: recording("flac", "flac"), "a FLAC sound.*MP3"),
    "ogg without opus": (lambda: recording("ogg", "flac"), "without Opus.*MP3"),
    "stereo opus": (lambda: recording("ogg", "libopus", channels=2), "several channels.*mono"),
    "lossless m4a": (lambda: recording("ipod", "alac"), "in AAC"),
    "mp4 with two sounds": (lambda: recording("mp4", "libx264", "aac", "aac"), "has one, in AAC"),
    "mp4 with an old codec": (lambda: recording("mp4", "mpeg4"), "not in H.264"),
    "quicktime": (lambda: recording("mov", "libx264", "aac"), "QuickTime.*MP4"),
    "matroska": (lambda: recording("matroska", "libx264"), "Matroska.*MP4"),
    "webm": (lambda: recording("webm", "libvpx"), "WebM.*MP4"),
    "avi": (lambda: recording("avi", "mpeg4"), "an AVI video.*MP4"),
    "archive": (lambda: package("prices.pdf"), "an archive.*one by one"),
    "open document": (lambda: package("mimetype", "content.xml"), "OpenDocument.*PDF"),
    "macros": (lambda: package(OFFICE, "word/document.xml", "word/vbaProject.bin"), "macros"),
    "outlook": (lambda: old_office("__properties_version1.0"), "alone: save it as PDF"),
    "program": (lambda: b"MZ\x90\0\x03", "a program"),
    "anything": (lambda: bytes(range(256)), "a type that WhatsApp does not take"),
    "pieces within pieces": (lambda: b"\0\0\0\x10ftypisom\0\0\0\0" + nested(3_000), "ends in the middle"),
    "pieces without end": (lambda: b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08free" * 20_001, "more parts"),
}

CUT = ("jpeg", "png", "sticker", "mp4", "3gp", "m4a", "ogg with opus", "pdf", "docx", "xlsx")
"""Types whose content says where it ends."""


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_that_whatsapp_takes(name: str) -> None:
    """It is sent as its kind, whatever its name says, and the part is one that may be sent."""
    sample, kind, mime = TAKEN[name]
    content = sample()  # an archive has the time of its making in it
    part = file_part(content, "price list.exe", caption="Prices" if kind in {"image", "video", "document"} else None)
    assert (part.kind, part.mime, part.object) == (kind, mime, object_of(content))
    assert list(faults(part)) == []


def test_every_type_of_the_table_has_a_sample() -> None:
    assert {type_of(sample()) for sample, _, _ in TAKEN.values()} == set(TYPES)
    assert {row.kind for row in TYPES} == FILES


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_whatsapp_does_not_take(name: str) -> None:
    """The message says what it is, and what to do."""
    sample, says = REFUSED[name]
    with pytest.raises(FileNotTaken, match=says):
        file_part(sample(), "picture.jpg")


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_ends_in_the_middle(name: str) -> None:
    content = TAKEN[name][0]()
    for end in {len(content) - 12, len(content) * 2 // 3, len(content) // 2}:
        with pytest.raises(FileNotTaken, match="ends in the middle"):
            file_part(content[:end], name)


@pytest.mark.parametrize("row", TYPES, ids=lambda row: row.words)
def test_a_file_that_is_too_large(row: FileType, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte over the limit is refused, with both sizes; the limit itself is taken."""
    monkeypatch.setattr("chat.files.type_of", lambda _: row)
    assert file_part(bytes(row.most), "x").kind == row.kind
    with pytest.raises(FileNotTaken, match=r"[MK]B.*make it smaller") as refused:
        file_part(bytes(row.most + 1), "x")
    size, _, most = str(refused.value).partition(", and WhatsApp takes ")
    assert not size.endswith(f" {most.partition(':')[0]}")  # two sizes that differ read differently
    assert row.most <= LARGEST


def test_the_sizes_are_those_of_the_page() -> None:
    sizes = {(row.kind, row.most) for row in TYPES}
    assert sizes == {
        *(("image", 5 * MB), ("audio", 16 * MB), ("video", 16 * MB), ("document", 100 * MB)),
        *(("sticker", 100 * KB), ("sticker", 500 * KB)),
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Prices.pdf", "Prices.pdf"),
        ("Prices.PDF", "Prices.PDF"),
        ("Prices", "Prices.pdf"),
        ("Prices.docx", "Prices.docx.pdf"),
        ("v1.2", "v1.2.pdf"),
        (".pdf", ".pdf.pdf"),
    ],
)
def test_a_document_has_the_end_of_its_type(name: str, shown: str) -> None:
    """A phone opens a file by the end of its name."""
    assert file_part(PDF, name).filename == shown


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["jpeg", "sticker", "mp4", "mp3", "ogg with opus", "pdf"])
def test_a_kind_that_it_has_to_be(name: str, kind: str) -> None:
    """It is that, or refused with the kind that it is."""
    sample, found, _ = TAKEN[name]
    if kind == found or (name, kind) == ("ogg with opus", "voice"):
        assert file_part(sample(), "x", kind=kind).voice == (kind == "voice")
    else:
        with pytest.raises(FileNotTaken, match=f"as {SENT_AS[found]}, not as {SENT_AS[kind]}|a voice message is"):
            file_part(sample(), "x", kind=kind)


def test_captions() -> None:
    assert file_part(PDF, "x", caption="x" * LONGEST_CAPTION).caption
    with pytest.raises(FileNotTaken, match="1,025 characters"):
        file_part(PDF, "x", caption="x" * (LONGEST_CAPTION + 1))
    with pytest.raises(FileNotTaken, match="only pictures"):
        file_part(TAKEN["mp3"][0](), "x", caption="Listen")


@given(st.binary(max_size=300), st.sampled_from(sorted(TAKEN)), st.integers(0, 40))
def test_no_bytes_break_the_check(junk: bytes, name: str, kept: int) -> None:
    """Any bytes, also behind the beginning of a real file, are taken or refused, and nothing else is raised."""
    for content in (junk, TAKEN[name][0]()[:kept] + junk):
        with suppress(FileNotTaken):
            assert file_part(content, "x").kind in FILES


@pytest.mark.parametrize("name", TAKEN)
def test_damaged_bytes_break_nothing(name: str) -> None:
    """A real file in which some bytes are others is taken or refused, and nothing else is raised."""
    chance, whole = random.Random(name), TAKEN[name][0]()
    for _ in range(50):
        content = bytearray(whole)
        for _ in range(4):
            content[chance.randrange(len(content))] = chance.randrange(256)
        with suppress(FileNotTaken):
            assert file_part(bytes(content), "x").kind in FILES
