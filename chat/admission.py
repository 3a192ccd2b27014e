"""Which messages are answered at all, by what stands in the message itself."""

from __future__ import annotations

from chat.context import readable
from events.inbound import Message

_ANSWERED_WITH_TEXT = frozenset({"text", "button", "image", "audio", "video", "document"})


def fault_of(message: Message) -> str | None:
    """Why this message is ignored whatever the chat's state: `from_me`, `empty` or `unsupported_kind`. None: it is not.

    A picture, a voice note or a file is answered by its caption.
    """
    if message.from_me:
        return "from_me"
    if message.kind not in _ANSWERED_WITH_TEXT:
        return "unsupported_kind"
    if not readable(message.text or "").strip():
        return "empty" if message.kind == "text" else "unsupported_kind"
    return None
