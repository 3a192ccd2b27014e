"""Files of a turn's messages as models are shown them: the types that APIs take, and the bytes in a form for JSON.

Documents: https://platform.openai.com/docs/guides/pdf-files; pictures: …/guides/images-vision.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec

from backends.protocol import Files
from chat.context import Attachment, Line

IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PDF = frozenset({"application/pdf"})
OFFICE = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)

GONE = "(The file is not there any more.)"
NOT_TAKEN = "(This model cannot be shown the file.)"


class Opened(msgspec.Struct, frozen=True):
    """An attachment with its bytes; None if they are not there any more."""

    attachment: Attachment
    body: bytes | None

    @property
    def url(self) -> str:
        """The bytes as a data URL (RFC 2397)."""
        return f"data:{self.attachment.mime};base64,{base64.b64encode(self.body or b'').decode()}"


class Message(msgspec.Struct, frozen=True):
    """A line with its files opened."""

    line: Line
    files: tuple[Opened, ...] = ()


async def opened(lines: Sequence[Line], files: Files) -> list[Message]:
    """The lines of a turn with the bytes of their attachments."""
    return [
        Message(line, tuple([Opened(one, await files.read(one.object)) for one in line.attachments])) for line in lines
    ]
