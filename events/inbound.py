"""Inbound events: side `i` of the log, written by gateways, the CLI and the page.

The subject is the tag, so no struct carries its type. Names and fields are the storage format: a new field has a
default, a field never changes its type. Unknown fields are ignored. Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec

from events.parts import Part
from events.references import Answers, Choice, Forwarded, Location, Product, Referral

Time = Annotated[datetime, msgspec.Meta(tz=True)]
Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number of 64 bits, because SQLite stores no larger one."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""A number of things, or a sequence of the log. JSON readers of other languages keep it exact."""
LONGEST_ID = 256
"""Characters."""
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
ReplyId = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
"""A reply's id is made of the id that it answers, and a receipt's of its reply's, so these may be longer than an Id."""
Kind = str
"""text, image, audio, video, document, sticker, location, contact, reaction, button, call, poll, system or unsupported.

A string and not a Literal, so that a message of a kind that recado does not know is ignored by name, not unreadable.
"""

Command = Literal[
    "pause", "resume", "reset", "erase", "send", "retry", "handoff", "approve", "block", "join",
    "assign", "note", "label", "resolve", "reopen", "snooze",
]  # fmt: skip
"""The commands that recado gives. An order with another one is refused by name, not unreadable."""

COMMANDS: tuple[Command, ...] = get_args(Command)
ReceiptState = Literal["sending", "accepted", "sent", "delivered", "read", "failed", "in_doubt", "parked"]


class Media(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A file that came with a message.

    - `object`: its name in the object store (bucket MEDIA). The object is stored before the message; one whose name
      begins with `meta:` is fetched by its gateway afterwards.
    - `size`: in bytes.
    - `voice`: a voice message, not an audio file.
    """

    object: str
    mime: str | None = None
    size: Integer | None = None
    sha256: str | None = None
    filename: str | None = None
    voice: bool = False


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A WhatsApp message (`in`). Only `id` and, for a text message, `text` are required.

    - `chat`: defaults to the subject's chat.
    - `sender`: the JID of the person who wrote it; defaults to `chat`.
    - `name`: the name that the person gave on WhatsApp.
    - `at`: the time when it was sent; defaults to the server's time.
    - `text`: the text, or the caption of a file.
    - `quoted`: the id of the message that it quotes.
    - `mentions`: the JIDs that it mentions; `me` is the business itself.
    - `group`: it was sent to a group.
    - `aliases`: other JIDs of the sender.
    - `from_me`: the business itself sent it, on a phone.
    - `unsupported`: the provider's own type of a message of kind `unsupported`.
    - `unsupported_code`: the provider's code for that.
    - `choice`: the button or line that the person tapped; `text` is its title.
    - `referral`: the advertisement or post from which the person came.
    - `product`: the product that the message asks about.
    - `location`: the place in a message of kind `location`.
    - `forwarded`: 1: forwarded; 2: forwarded many times.
    - `answers`: a filled form, by the names of its fields.
    - `marketing`: of kind `system`: whether the person wants marketing messages from now on.
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
    unsupported: str | None = None
    unsupported_code: Integer | None = None
    choice: Choice | None = None
    referral: Referral | None = None
    product: Product | None = None
    location: Location | None = None
    forwarded: Forwarded = 0
    answers: Answers | None = None
    marketing: bool | None = None

    def __post_init__(self) -> None:
        if self.kind == "text" and self.text is None:
            raise ValueError("a text message needs the field `text`")


class Edit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The sender rewrote a message (`edit`): message `of` now reads `text`."""

    id: Id
    of: Id
    text: str
    at: Time | None = None


class Revoke(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The sender deleted message `of` for everyone (`revoke`)."""

    id: Id
    of: Id
    at: Time | None = None


class ReceiptError(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename={"class_": "class"}):
    """The reason why a reply could not be sent.

    - `code`: the provider's code.
    - `class`: the class of the fault.
    - `detail`: the fault in the provider's or recado's words.
    - `do`: advice for a person.
    """

    code: Integer | str | None = None
    class_: str | None = None
    detail: str | None = None
    do: str | msgspec.UnsetType = msgspec.UNSET


Word = Annotated[str, msgspec.Meta(max_length=64)]


class Pricing(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The price class of a message, in the provider's words.

    - `billable`: it costs something.
    - `category`: the rate, such as `service`, `utility` or `marketing`.
    - `type`: the reason why it is free or not, such as `regular` or `free_customer_service`.
    """

    billable: bool | None = None
    category: Word | None = None
    type: Word | None = None


class Receipt(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The state of a reply on its way to the person (`receipt`). Each message of a reply has receipts of its own.

    - `provider_id`: WhatsApp's id of the message.
    - `error`: with the state `sending`: the reply was not sent, and will be tried again. With `file`: the reason.
    - `part`, `parts`: the message's number, from 1, and the number of messages; 0: the receipt is of the whole reply.
    - `instead`: the template that is sent next, because the reply `failed`.
    - `template`: the receipt is of this template, not of the reply's own text.
    - `pricing`: the message's price class.
    - `file`: `refused`: WhatsApp took the message and then refused its file, so its plain reading is sent next under
      the same number; `reading`: the receipt is of a plain reading that went in place of a file.
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
    pricing: Pricing | None = None
    file: Word = ""


REFUSED_FILE = "refused"
READING = "reading"
"""The words of `Receipt.file`."""


class Control(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """An order about the chat (`control`), pending until a decision names it as its cause.

    - `until`: of `pause` and `snooze`: its end; of `erase`: if a message is open or was answered since, the order is
      refused.
    - `text`: of `send` and `note`: the words; of `handoff`: the reason.
    - `parts`: of `send`: more than words; `text` follows them, and is the question of choices that have none.
    - `quote`: of `send`: the message that it quotes: an id of `wa.in`, `<reply>`, or `<reply>#<message>` for one of
      several messages of a reply.
    - `takeover`: of `send`: it is a human's word, which ends what is open and leaves the chat to them for a time.
      False: the assistant says it, which ends, stops and pauses nothing.
    - `due`: of `send`: the time at which it is to be sent. This version sends nothing later, and refuses it.
    - `messages`: of `retry`: the messages; none: those of the last failed turn.
    - `by`: the name of the person or program that gave it.
    - `into`: of `join`: the chat that this one closes into.
    - `from`: of `join`: the chat that closes into this one; of `erase`: the chat that this one had closed into.
    - `admission`, `stopped`, `opted_out`, `held`: of `join` and `erase`: the gates of that chat, as in `joined`; with
      them `until` is the end of its pause, and `messages` of `join` are the chats that had closed into it.
    - `reset`, `unsent`, `state`, `snoozed_until`, `unanswered`: of `join`: as in `joined`.
    - `to`: of `assign`: the user's name; absent or empty: no user has the chat. Of `join`: the user who has it.
    - `add`, `remove`: of `label`: labels that the chat gets and loses. Of `join`: `add` has its labels.
    """

    id: ReplyId
    command: str
    until: Time | None = None
    text: str | None = None
    messages: tuple[str, ...] = ()
    by: str | None = None
    into: str | None = None
    from_: str | None = None
    admission: str = ""
    stopped: bool = False
    held: str = ""
    reset: Count = 0
    unsent: str = ""
    parts: tuple[Part, ...] = ()
    quote: ReplyId | None = None
    takeover: bool = True
    due: Time | None = None
    opted_out: bool = False
    to: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    state: str = ""
    snoozed_until: Time | None = None
    unanswered: Time | None = None


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
"""The type of each inbound event, as in its subject."""
