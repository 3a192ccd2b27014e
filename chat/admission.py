"""Which messages are answered at all, by what stands in the message itself."""

from __future__ import annotations

from chat.context import readable
from events.inbound import Message

_FILES = frozenset({"image", "audio", "document"})
"""Kinds whose file is read: looked at, listened to, or opened."""

_ANSWERED_WITH_TEXT = _FILES | {"text", "button", "video", "location", "contact"}

_SILENT = frozenset({"reaction", "sticker"})


def fault_of(message: Message) -> str | None:
    """Why this message is ignored whatever the chat's state: `from_me`, `empty` or `unsupported_kind`. None: it is not.

    A picture, a voice note or a document is answered by what is in it; a video, and what came without its file, by the
    caption.
    """
    if message.from_me:
        return "from_me"
    if message.kind not in _ANSWERED_WITH_TEXT:
        return "unsupported_kind"
    if has_file(message) or readable(message.text or "").strip():
        return None
    return "empty" if message.kind == "text" else "unsupported_kind"


def has_file(message: Message) -> bool:
    """Whether the message has a file that is read before it is answered."""
    return is_read(message.kind) and message.media is not None


def is_read(kind: str) -> bool:
    """Whether files of messages of this kind are read at all."""
    return kind in _FILES


def is_silent(message: Message) -> bool:
    """Whether nobody expects a word about it, even if it is not answered."""
    return message.from_me or message.kind in _SILENT
