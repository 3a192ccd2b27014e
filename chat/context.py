"""The context window: what of a conversation a model is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """A file that a model is shown as it is: `object` is its name in the object store, `mime` its type, bare."""

    object: str
    mime: str
    filename: str

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")


class Line(msgspec.Struct, frozen=True, gc=False):
    """One message of a conversation as a model is shown it; `name` is the sender's, in groups only. `text` says of each
    attachment that it is there."""

    role: Literal["user", "assistant"]
    text: str
    name: str = ""
    attachments: tuple[Attachment, ...] = ()


def readable(text: str) -> str:
    """`text` without control characters, which no model needs and some servers refuse; tab and line ends stay."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def window(history: Sequence[Line], limit: int) -> tuple[Line, ...]:
    """The last `limit` lines of `history` (oldest first); `limit` 0 shows none of it."""
    return tuple(history[-limit:]) if limit > 0 else ()
