"""Files of office programs: which of them WhatsApp takes. Pure.

Only the list of a package's members is read, nothing is unpacked.
"""

from __future__ import annotations

from chat.file_types import DOC, DOCX, PPT, PPTX, XLS, XLSX, FileNotTaken, FileType
from chat.iso_media import cut_off
from events.phrases import Phrase

LONGEST_LIST = 4 * 1024**2
"""Bytes of a package's list of members."""

_END = b"PK\x05\x06"
_MEMBER = b"PK\x01\x02"
_LONGEST_END = 22 + 65535
_PACKAGES = {"word/": DOCX, "xl/": XLSX, "ppt/": PPTX}
_OLD = {"WordDocument": DOC, "Workbook": XLS, "Book": XLS, "PowerPoint Document": PPT}


def package_type(content: bytes) -> FileType:
    """The type of a file that is a ZIP archive. Raises FileNotTaken."""
    names = _members(content)
    if any(name.endswith("vbaProject.bin") for name in names):
        raise FileNotTaken(Phrase("it has macros, and WhatsApp takes no such file: save it without macros, or as PDF"))
    if "[Content_Types].xml" in names:
        for folder, found in _PACKAGES.items():
            if any(name.startswith(folder) for name in names):
                return found
    if "mimetype" in names:
        raise FileNotTaken(
            Phrase("it is an OpenDocument file or an e-book, which WhatsApp does not take: save it as PDF")
        )
    raise FileNotTaken(Phrase("it is an archive, which WhatsApp does not take: send the files in it one by one"))


def old_office_type(content: bytes) -> FileType:
    """The type of a file in Microsoft's compound format. Raises FileNotTaken."""
    sector = 512 if content[30:32] == b"\x09\0" else 4096
    if (int.from_bytes(content[48:52], "little") + 2) * sector > len(content):
        raise cut_off(Phrase("the document"))
    for stream, found in _OLD.items():
        if stream.encode("utf-16-le") + b"\0\0" in content:
            return found
    raise FileNotTaken(Phrase("WhatsApp takes of this family .doc, .xls and .ppt alone: save it as PDF"))


def _members(content: bytes) -> frozenset[str]:
    """The names in the archive's central directory: APPNOTE.TXT of PKWARE, 4.3.12 and 4.3.16."""
    end = content.rfind(_END, max(0, len(content) - _LONGEST_END))
    if end < 0 or len(content) < end + 22:
        raise cut_off(Phrase("the file"))
    size, start = (int.from_bytes(content[at : at + 4], "little") for at in (end + 12, end + 16))
    if size > LONGEST_LIST:
        raise FileNotTaken(Phrase("it is an archive with too many files for a document: save it as PDF"))
    names, at = list[bytes](), start
    while at < start + size:
        if content[at : at + 4] != _MEMBER or at + 46 > end:
            raise cut_off(Phrase("the file"))
        name, extra, comment = (int.from_bytes(content[at + of : at + of + 2], "little") for of in (28, 30, 32))
        names.append(content[at + 46 : at + 46 + name])
        at += 46 + name + extra + comment
    return frozenset(name.decode("utf-8", "replace") for name in names)
