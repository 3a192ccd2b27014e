"""The port between delivery and a network: sends one part of a reply, and resolves a sending without an outcome."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec
from msgspec.structs import replace

from events.inbound import READING, ReceiptError
from events.parts import Part as Content
from gateways.delivery.receipts import Piece
from gateways.delivery.splitting import LIMIT, shortened


class Part(msgspec.Struct, frozen=True):
    """One message to the person of `chat`.

    - `reply`: the id of the reply that it belongs to.
    - `text`: its text; empty for a template.
    - `number`: its number among the reply's messages, counted from 1.
    - `of`: the number of the reply's messages.
    - `in_reply_to`: the messages that the reply answers, in the order they arrived.
    - `template`: the template that goes out in the reply's stead.
    - `content`: more than text, whose plain reading is `text`; None: the text is all.
    - `quote`: the message that the reply quotes by choice of its author, as in Reply; empty: none; None: none was
      chosen.
    - `media`: the network's id of the file in `content`; None: it has none.
    - `reading`: the reason for which `text` goes out in place of a file; None: it does not.
    - `previews`: the phone is to show a preview of a link in it.
    """

    account: str
    chat: str
    reply: str
    text: str
    number: int = 1
    of: int = 1
    in_reply_to: tuple[str, ...] = ()
    template: str | None = None
    content: Content | None = None
    quote: str | None = None
    media: str | None = None
    reading: ReceiptError | None = None
    previews: bool = False

    def piece(self, attempt: int) -> Piece:
        """The subject of this part's receipts."""
        several = self.of > 1
        return Piece(
            self.reply,
            self.number if several else 0,
            self.of if several else 0,
            self.template,
            attempt,
            READING if self.reading is not None else "",
        )

    def in_words(self, reason: ReceiptError) -> Part:
        """The part as its plain reading, in one message."""
        return replace(self, text=shortened(self.text, LIMIT), content=None, media=None, reading=reason)


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of sending a part.

    - `state`: `in_doubt` if it may have been sent, `later` if it certainly was not and is to be sent again.
    - `provider_id`: the network's id of the message.
    - `error`: the reason. A part that `failed` with the class `content` is kept as a dead letter.
    - `after`: seconds until the next attempt in this chat, for `later`.
    - `instead`: the template to send because the reply `failed`.
    - `reading`: the reason for which the plain reading was sent in place of the file; None: it was not.
    """

    state: Literal["accepted", "delivered", "failed", "parked", "in_doubt", "later"]
    provider_id: str | None = None
    error: ReceiptError | None = None
    after: float = 0.0
    instead: str | None = None
    reading: ReceiptError | None = None


class Sender(Protocol):
    """The network to the person."""

    async def send(self, part: Part) -> Outcome:
        """Send the part, once. An exception counts as `in_doubt`; one of DEFECTS parks it."""

    async def resolve(self, part: Part) -> Outcome:
        """Find out about a part that was begun and has no outcome. Called again while it stays in doubt."""
