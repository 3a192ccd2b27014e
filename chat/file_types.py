"""The files that WhatsApp takes: their types, kinds and sizes.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types, as updated
2025-12-11, read 2026-11-29. A megabyte counts as a million bytes here, so no file is just too large for Meta.
"""

from __future__ import annotations

from typing import NamedTuple

from events.phrases import Phrase

KB = 1000
MB = 1000 * KB


class FileNotTaken(ValueError):
    """WhatsApp does not take the file; `reason` says why, and what to do."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


class FileType(NamedTuple):
    """A type of file that WhatsApp takes.

    - `kind`: of the part that sends it.
    - `most`: bytes.
    - `suffixes`: ends of its file names; the first is the usual one.
    - `words`: what people call it.
    """

    mime: str
    kind: str
    most: int
    suffixes: tuple[str, ...]
    words: Phrase


_OFFICE = "application/vnd.openxmlformats-officedocument."

JPEG = FileType("image/jpeg", "image", 5 * MB, (".jpg", ".jpeg"), Phrase("a JPEG picture"))
PNG = FileType("image/png", "image", 5 * MB, (".png",), Phrase("a PNG picture"))
AAC = FileType("audio/aac", "audio", 16 * MB, (".aac",), Phrase("an AAC sound"))
AMR = FileType("audio/amr", "audio", 16 * MB, (".amr",), Phrase("an AMR sound"))
MP3 = FileType("audio/mpeg", "audio", 16 * MB, (".mp3",), Phrase("an MP3 sound"))
M4A = FileType("audio/mp4", "audio", 16 * MB, (".m4a",), Phrase("an MP4 sound"))
OPUS = FileType("audio/ogg", "audio", 16 * MB, (".ogg", ".opus", ".oga"), Phrase("an OGG sound with Opus"))
MP4 = FileType("video/mp4", "video", 16 * MB, (".mp4", ".m4v"), Phrase("an MP4 video"))
THREE_GP = FileType("video/3gpp", "video", 16 * MB, (".3gp",), Phrase("a 3GP video"))
STICKER = FileType("image/webp", "sticker", 100 * KB, (".webp",), Phrase("a WebP picture"))
ANIMATED = FileType("image/webp", "sticker", 500 * KB, (".webp",), Phrase("an animated WebP picture"))
PDF = FileType("application/pdf", "document", 100 * MB, (".pdf",), Phrase("a PDF"))
TEXT = FileType(
    "text/plain", "document", 100 * MB, (".txt", ".csv", ".tsv", ".md", ".log", ".ics", ".vcf"), Phrase("a text")
)
DOC = FileType("application/msword", "document", 100 * MB, (".doc",), Phrase("a Word document (.doc)"))
XLS = FileType("application/vnd.ms-excel", "document", 100 * MB, (".xls",), Phrase("an Excel workbook (.xls)"))
PPT = FileType(
    "application/vnd.ms-powerpoint", "document", 100 * MB, (".ppt",), Phrase("a PowerPoint presentation (.ppt)")
)
DOCX = FileType(f"{_OFFICE}wordprocessingml.document", "document", 100 * MB, (".docx",), Phrase("a Word document"))
XLSX = FileType(f"{_OFFICE}spreadsheetml.sheet", "document", 100 * MB, (".xlsx",), Phrase("an Excel workbook"))
PPTX = FileType(
    f"{_OFFICE}presentationml.presentation", "document", 100 * MB, (".pptx",), Phrase("a PowerPoint presentation")
)

TYPES = (
    *(JPEG, PNG, AAC, AMR, MP3, M4A, OPUS, MP4, THREE_GP, STICKER, ANIMATED),
    *(PDF, TEXT, DOC, XLS, PPT, DOCX, XLSX, PPTX),
)
"""Every type; each belongs to one kind."""

FORBIDDEN = (
    (b"GIF8", Phrase("a GIF"), Phrase("save it as PNG, or as an MP4 video if it moves")),
    (b"BM", Phrase("a BMP picture"), Phrase("save it as PNG")),
    (b"II*\0", Phrase("a TIFF picture"), Phrase("save it as JPEG or PNG")),
    (b"MM\0*", Phrase("a TIFF picture"), Phrase("save it as JPEG or PNG")),
    (b"8BPS", Phrase("a PSD picture"), Phrase("save it as JPEG or PNG")),
    (b"\0\0\1\0", Phrase("an icon"), Phrase("save it as PNG")),
    (b"\xff\x0a", Phrase("a JPEG XL picture"), Phrase("save it as JPEG")),
    (b"\0\0\0\x0cJXL ", Phrase("a JPEG XL picture"), Phrase("save it as JPEG")),
    (b"fLaC", Phrase("a FLAC sound"), Phrase("save it as MP3")),
    (b"#!AMR-WB", Phrase("an AMR-WB sound"), Phrase("save it as MP3")),
    (b"\x1aE\xdf\xa3", Phrase("a Matroska or WebM file"), Phrase("convert it to MP4 with H.264 and AAC")),
    (b"\0\0\1\xba", Phrase("an MPEG video"), Phrase("convert it to MP4 with H.264 and AAC")),
    (b"FLV", Phrase("a Flash video"), Phrase("convert it to MP4 with H.264 and AAC")),
    (b"7z\xbc\xaf", Phrase("an archive"), Phrase("send the files in it one by one")),
    (b"Rar!", Phrase("an archive"), Phrase("send the files in it one by one")),
    (b"\x1f\x8b", Phrase("an archive"), Phrase("send the files in it one by one")),
    (b"BZh", Phrase("an archive"), Phrase("send the files in it one by one")),
    (b"\xfd7zXZ", Phrase("an archive"), Phrase("send the files in it one by one")),
    (b"MZ", Phrase("a program"), Phrase("send a PDF or a link")),
    (b"\x7fELF", Phrase("a program"), Phrase("send a PDF or a link")),
    (b"{\\rtf", Phrase("an RTF document"), Phrase("save it as PDF")),
    (b"%!PS", Phrase("a PostScript document"), Phrase("save it as PDF")),
)
"""Beginnings of files that people have and WhatsApp does not take, with the remedy."""
