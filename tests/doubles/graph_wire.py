"""The requests that Meta's endpoint `messages` takes, in the parts that recado uses: any other is an error 100.

After the request examples of https://github.com/facebook/openapi (50 of them; its schema refuses all, see the facts).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tests.doubles.graph_parts import faults

Wamid = Annotated[str, msgspec.Meta(pattern=r"^wamid\.", max_length=512)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Nothing that Meta does not know."""


class Text(_Strict):
    body: Annotated[str, msgspec.Meta(min_length=1)]
    preview_url: bool = False


class Language(_Strict):
    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]


class Template(_Strict):
    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Language
    components: list[dict[str, Any]] | None = None


class Context(_Strict):
    message_id: Wamid


class Send(_Strict):
    """A message; `to` is a number or a group, `recipient` a BSUID."""

    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual", "group"]
    type: Literal[
        "text", "template", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive",
        "reaction",
    ]  # fmt: skip
    to: str | None = None
    recipient: str | None = None
    text: Text | None = None
    template: Template | None = None
    image: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    audio: dict[str, Any] | None = None
    document: dict[str, Any] | None = None
    sticker: dict[str, Any] | None = None
    location: dict[str, Any] | None = None
    contacts: list[dict[str, Any]] | None = None
    interactive: dict[str, Any] | None = None
    reaction: dict[str, Any] | None = None
    context: Context | None = None
    biz_opaque_callback_data: Annotated[str, msgspec.Meta(max_length=512)] | None = None


OBJECT_FIELDS = (
    "text", "template", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive",
    "reaction",
)  # fmt: skip


class TypingIndicator(_Strict):
    type: Literal["text"]


class Mark(_Strict):
    """Read, and typing."""

    messaging_product: Literal["whatsapp"]
    status: Literal["read"]
    message_id: Wamid
    typing_indicator: TypingIndicator | None = None


def wrong_with(send: Send) -> str | None:
    """What Meta would not take although each field alone is right."""
    if (send.to is None) == (send.recipient is None):
        return "exactly one of to and recipient"
    if send.to is not None and send.recipient_type == "individual" and not (send.to.isdigit() and len(send.to) >= 5):
        return f"to is no number: {send.to}"
    given = [name for name in OBJECT_FIELDS if getattr(send, name) is not None]
    if given != [send.type]:
        return f"type {send.type} and the objects {given} do not go together"
    if send.type not in ("text", "template"):
        return next(faults(send.type, getattr(send, send.type)), None)
    if send.text is not None and len(send.text.body.encode("utf-16-le")) // 2 > 4096:
        return "the text has more than 4096 characters"
    if send.text is not None and not send.text.body.strip():
        return "the text is blank"
    return None
