"""The linked device as the rest of the gateway sees it: the port behind which neonize is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from neonize.proto.Neonize_pb2 import Message as MessageEvent


class NotSent(Exception):
    """The message was not sent for certain, and may be later."""


class Refused(Exception):
    """WhatsApp does not take the message; `class_` is `recipient` or `content`."""

    def __init__(self, class_: str, detail: str) -> None:
        super().__init__(detail)
        self.class_ = class_
        self.detail = detail


class Quote(msgspec.Struct, frozen=True):
    """The message that is answered: its id, who wrote it and what it said."""

    id: str
    sender: str
    text: str


Receive = Callable[[Any], Awaitable[None]]
"""What is done with a message or a receipt of WhatsApp's; the next one is brought when it returns."""


class Phone(Protocol):
    """A device that is linked to somebody's WhatsApp. Every JID is canonical."""

    async def ready(self) -> None:
        """Return when there is a connection."""

    async def send(self, chat: str, text: str, quote: Quote | None) -> str:
        """The id that the device gave the message, once WhatsApp has taken it. Raises NotSent, Refused; after any other
        exception nobody knows whether it was sent, for the caller cannot choose the id."""

    async def typing(self, chat: str, *, on: bool) -> None:
        """Show in the chat that somebody types, or that nobody does any more."""

    async def read(self, chat: str, message: str) -> None:
        """Mark a person's message as read."""

    async def number_of(self, lid: str) -> str | None:
        """The phone number's JID of a person who hides it, where the device knows it."""

    async def own_names(self) -> tuple[str, ...]:
        """The JIDs of the device's owner; none while it does not know them."""

    async def load(self, event: MessageEvent) -> bytes:
        """The file that came with a message. Raises what went wrong."""


class Link(Phone, Protocol):
    """The connection of that device."""

    async def run(self, receive: Receive) -> None:
        """Be connected for ever, and bring what comes, in order. Raises what only a person can mend."""
