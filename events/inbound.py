"""Inbound events: side `i` of the log, written by gateways, the CLI and the page.

The subject is the tag, so no struct carries its type. Names and fields are the storage format: a new field has a
default, a field never changes its type. Unknown fields are ignored. Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]
Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number of 64 bits: SQLite stores no larger one, so no event has one."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""How many, or a sequence of the log; JSON readers of other languages keep it exact."""
LONGEST_ID = 256
"""Characters."""
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
ReplyId = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
"""A reply is named after what it answers, and a receipt after its reply, so these may be longer than an Id."""
Kind = str
"""text, image, audio, video, document, sticker, location, contact, reaction, button or unsupported.

A string and not a Literal, so that a kind nobody knows yet is a message that is ignored by name, not bytes that
cannot be read.
"""

Command = Literal["pause", "resume", "reset", "erase", "send", "retry", "handoff", "approve", "block"]
ReceiptState = Literal["sending", "accepted", "sent", "delivered", "read", "failed", "in_doubt", "parked"]


class Media(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A file that came with a message: `object` is its name in the object store (bucket MEDIA), `size` is in bytes.

    The object is there before the message; one whose name begins with `meta:` is fetched by its gateway, and comes
    later.
    """

    object: str
    mime: str | None = None
    size: Integer | None = None
    sha256: str | None = None
    filename: str | None = None
    voice: bool = False


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A WhatsApp message (`in`). Only `id` and, for a text message, `text` are required.

    `chat` defaults to the subject's, `sender` to `chat`, `at` to the server's time.
    """

    id: Id
    chat: str | None = None
    sender: str | None = None
    name: str | None = None
    at: Time | None = None
    kind: Kind = "text"
    text: str | None = None
    media: Media | None = None
    quoted: str | None = None
    mentions: tuple[str, ...] = ()
    group: bool = False
    aliases: tuple[str, ...] = ()
    from_me: bool = False

    def __post_init__(self) -> None:
        if self.kind == "text" and self.text is None:
            raise ValueError("a text message needs the field `text`")


class Edit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message was rewritten by its sender (`edit`): `of` now reads `text`."""

    id: Id
    of: Id
    text: str
    at: Time | None = None


class Revoke(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message was deleted for everyone by its sender (`revoke`)."""

    id: Id
    of: Id
    at: Time | None = None


class ReceiptError(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename={"class_": "class"}):
    """Why a reply could not be sent, as the provider put it."""

    code: Integer | str | None = None
    class_: str | None = None
    detail: str | None = None


class Receipt(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """How far a reply has come on its way to the person (`receipt`).

    A reply that goes out in several messages has receipts for each: `part` of `parts`, counted from 1 (0: the receipt
    is of the whole). A `sending` with an `error` says that it was not sent and will be tried again. `instead` names the
    template that is owed from now on because the reply `failed`; with `template` the receipt is of that template.
    """

    id: ReplyId
    reply: ReplyId
    state: ReceiptState
    provider_id: str | None = None
    error: ReceiptError | None = None
    at: Time | None = None
    part: Count = 0
    parts: Count = 0
    instead: str | None = None
    template: str | None = None


class Control(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An order about the chat (`control`): owed work until a decision names it as its cause."""

    id: Id
    command: Command
    until: Time | None = None
    text: str | None = None
    messages: tuple[str, ...] = ()
    by: str | None = None


Inbound = Message | Edit | Revoke | Receipt | Control

INBOUND: dict[str, type[Inbound]] = {
    "in": Message,
    "edit": Edit,
    "revoke": Revoke,
    "receipt": Receipt,
    "control": Control,
}
"""The struct of each type of side `i`."""

INBOUND_TYPE_OF: dict[type[Inbound], str] = {struct: name for name, struct in INBOUND.items()}
"""The type, as the subject has it, of each thing that came in."""
