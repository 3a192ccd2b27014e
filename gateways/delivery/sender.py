"""The port between delivery and a network: send one part of a reply, and find out what became of it."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from events.inbound import ReceiptError
from gateways.delivery.receipts import Piece


class Part(msgspec.Struct, frozen=True):
    """One message to the person of `chat`: part `number` of `of` of the reply `reply`.

    `in_reply_to` are the messages that the reply answers, in the order they arrived. With `template` there is no text:
    the template of that name goes out in the reply's stead.
    """

    account: str
    chat: str
    reply: str
    text: str
    number: int = 1
    of: int = 1
    in_reply_to: tuple[str, ...] = ()
    template: str | None = None

    def piece(self, attempt: int) -> Piece:
        """What receipts of this part are of."""
        several = self.of > 1
        return Piece(self.reply, self.number if several else 0, self.of if several else 0, self.template, attempt)


class Outcome(msgspec.Struct, frozen=True):
    """What became of a part.

    `in_doubt` when nobody knows whether it arrived; `later` when it was not sent for certain and is to be tried again
    `after` seconds (of that chat only). `error` says why; where its class is `content`, the part is kept as a dead
    letter. `instead` names the template that is owed because the reply `failed`.
    """

    state: Literal["accepted", "delivered", "failed", "parked", "in_doubt", "later"]
    provider_id: str | None = None
    error: ReceiptError | None = None
    after: float = 0.0
    instead: str | None = None


class Sender(Protocol):
    """The wire to the person."""

    async def send(self, part: Part) -> Outcome:
        """Send the part, once. An exception counts as `in_doubt`; one of DEFECTS parks it."""

    async def resolve(self, part: Part) -> Outcome:
        """Find out about a part whose sending was begun and has no outcome; asked again as long as it is in doubt."""
