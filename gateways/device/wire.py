"""The port of the linked device, which hides neonize from the rest of the gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from neonize.proto.Neonize_pb2 import Message as MessageEvent
from neonize.proto.Neonize_pb2 import UploadResponse

from events.parts import Part


class NotSent(Exception):
    """The message certainly was not sent; a later attempt may succeed."""


class Refused(Exception):
    """WhatsApp does not take the message; `class_` is `recipient` or `content`."""

    def __init__(self, class_: str, detail: str) -> None:
        super().__init__(detail)
        self.class_ = class_
        self.detail = detail


class Quote(msgspec.Struct, frozen=True):
    """The quoted message: its id, its sender and its text."""

    id: str
    sender: str
    text: str


class Outgoing(msgspec.Struct, frozen=True):
    """A message that is more than text.

    - `part`: a file, a location, a contact or a reaction.
    - `mime`: of the file.
    - `upload`: WhatsApp's answer to the upload of the file.
    - `target`: the message to which the reaction is.
    """

    part: Part
    mime: str = ""
    upload: UploadResponse | None = None
    target: Quote | None = None


Receive = Callable[[Any], Awaitable[None]]
"""Handles a message or a receipt of WhatsApp. The next one comes after it returns."""


class Phone(Protocol):
    """A device that is linked to a person's WhatsApp. Every JID is canonical."""

    async def ready(self) -> None:
        """Return when there is a connection."""

    async def upload(self, kind: str, content: bytes) -> UploadResponse:
        """Give WhatsApp a file of this kind of part. Raises NotSent, and the device's errors."""

    async def send(self, chat: str, said: str | Outgoing, quote: Quote | None) -> str:
        """Send a message; returns the id that the device gave it, once WhatsApp has taken it.

        Raises NotSent, Refused. After any other exception the message may have been sent: the caller cannot choose the
        id, so it cannot find out.
        """

    async def typing(self, chat: str, *, on: bool) -> None:
        """Show or hide the typing indicator in the chat."""

    async def read(self, chat: str, message: str) -> None:
        """Mark a person's message as read."""

    async def number_of(self, lid: str) -> str | None:
        """The JID with the phone number of the person `lid`; None if the device does not know it."""

    async def own_names(self) -> tuple[str, ...]:
        """The JIDs of the device's owner; empty while the device does not know them."""

    async def load(self, event: MessageEvent) -> bytes:
        """The file of a message. Raises the device's errors."""


class Link(Phone, Protocol):
    """The connection of that device."""

    async def run(self, receive: Receive) -> None:
        """Stay connected until cancelled, and hand events to `receive` in order. Raises faults that only a person can
        repair."""
