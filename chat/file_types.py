"""The files that WhatsApp takes: their types, kinds and sizes.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types, as updated
2025-12-11, read 2026-11-29. A megabyte counts as a million bytes here, so no file is just too large for Meta.
"""

from __future__ import annotations

from typing import NamedTuple

KB = 1000
MB = 1000 * KB


class FileNotTaken(ValueError):
    """WhatsApp does not take the file; the message says why, and what to do."""


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
    words: str


_OFFICE = "application/vnd.openxmlformats-officedocument."

JPEG = FileType("image/jpeg", "image", 5 * MB, (".jpg", ".jpeg"), "a JPEG picture")
PNG = FileType("image/png", "image", 5 * MB, (".png",), "a PNG picture")
AAC = FileType("audio/aac", "audio", 16 * MB, (".aac",), "an AAC sound")
AMR = FileType("audio/amr", "audio", 16 * MB, (".amr",), "an AMR sound")
MP3 = FileType("audio/mpeg", "audio", 16 * MB, (".mp3",), "an MP3 sound")
M4A = FileType("audio/mp4", "audio", 16 * MB, (".m4a",), "an MP4 sound")
OPUS = FileType("audio/ogg", "audio", 16 * MB, (".ogg", ".opus", ".oga"), "an OGG sound with Opus")
MP4 = FileType("video/mp4", "video", 16 * MB, (".mp4", ".m4v"), "an MP4 video")
THREE_GP = FileType("video/3gpp", "video", 16 * MB, (".3gp",), "a 3GP video")
STICKER = FileType("image/webp", "sticker", 100 * KB, (".webp",), "a WebP picture")
ANIMATED = FileType("image/webp", "sticker", 500 * KB, (".webp",), "an animated WebP picture")
PDF = FileType("application/pdf", "document", 100 * MB, (".pdf",), "a PDF")
TEXT = FileType("text/plain", "document", 100 * MB, (".txt", ".csv", ".tsv", ".md", ".log", ".ics", ".vcf"), "a text")
DOC = FileType("application/msword", "document", 100 * MB, (".doc",), "a Word document (.doc)")
XLS = FileType("application/vnd.ms-excel", "document", 100 * MB, (".xls",), "an Excel workbook (.xls)")
PPT = FileType("application/vnd.ms-powerpoint", "document", 100 * MB, (".ppt",), "a PowerPoint presentation (.ppt)")
DOCX = FileType(f"{_OFFICE}wordprocessingml.document", "document", 100 * MB, (".docx",), "a Word document")
XLSX = FileType(f"{_OFFICE}spreadsheetml.sheet", "document", 100 * MB, (".xlsx",), "an Excel workbook")
PPTX = FileType(f"{_OFFICE}presentationml.presentation", "document", 100 * MB, (".pptx",), "a PowerPoint presentation")

TYPES = (
    *(JPEG, PNG, AAC, AMR, MP3, M4A, OPUS, MP4, THREE_GP, STICKER, ANIMATED),
    *(PDF, TEXT, DOC, XLS, PPT, DOCX, XLSX, PPTX),
)
"""Every type; each belongs to one kind."""

FORBIDDEN = (
    (b"GIF8", "a GIF", "save it as PNG, or as an MP4 video if it moves"),
    (b"BM", "a BMP picture", "save it as PNG"),
    (b"II*\0", "a TIFF picture", "save it as JPEG or PNG"),
    (b"MM\0*", "a TIFF picture", "save it as JPEG or PNG"),
    (b"8BPS", "a Photoshop picture", "save it as JPEG or PNG"),
    (b"\0\0\1\0", "an icon", "save it as PNG"),
    (b"\xff\x0a", "a JPEG XL picture", "save it as JPEG"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", "save it as JPEG"),
    (b"fLaC", "a FLAC sound", "save it as MP3"),
    (b"#!AMR-WB", "an AMR-WB sound", "save it as MP3"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM file", "convert it to MP4 with H.264 and AAC"),
    (b"\0\0\1\xba", "an MPEG video", "convert it to MP4 with H.264 and AAC"),
    (b"FLV", "a Flash video", "convert it to MP4 with H.264 and AAC"),
    (b"7z\xbc\xaf", "an archive", "send the files in it one by one"),
    (b"Rar!", "an archive", "send the files in it one by one"),
    (b"\x1f\x8b", "an archive", "send the files in it one by one"),
    (b"BZh", "an archive", "send the files in it one by one"),
    (b"\xfd7zXZ", "an archive", "send the files in it one by one"),
    (b"MZ", "a program", "send a PDF or a link"),
    (b"\x7fELF", "a program", "send a PDF or a link"),
    (b"{\\rtf", "an RTF document", "save it as PDF"),
    (b"%!PS", "a PostScript document", "save it as PDF"),
)
"""Beginnings of files that people have and WhatsApp does not take, with the remedy."""
