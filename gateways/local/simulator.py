"""A simulated phone network: a few contacts who can write, and whose phones take every reply."""

from __future__ import annotations

from collections.abc import Iterable
from secrets import token_hex

import msgspec

from events.inbound import Message
from events.log import Appended, EventLog
from events.subjects import ChatKey
from gateways.delivery.receipts import Piece, Receipts
from gateways.delivery.sender import Outcome, Part
from gateways.intake import Intake, People
from gateways.local.taps import Tap, tapped


class Contact(msgspec.Struct, frozen=True):
    """A person who writes to the account."""

    chat: str
    name: str


CONTACTS = (
    Contact("12025550143@s.whatsapp.net", "Ana Lima"),
    Contact("447700900123@s.whatsapp.net", "Tom Becker"),
    Contact("33639980017@s.whatsapp.net", "Mei Chen"),
    Contact("61491570156@s.whatsapp.net", "Rafael Ortiz"),
)
"""Numbers that the NANPA, Ofcom, Arcep and ACMA reserve for fiction."""


class Simulator:
    """The simulated network of `account`, and the Sender of its replies. People write with `publish`."""

    contacts = CONTACTS

    def __init__(self, log: EventLog, account: str, people: People | None = None) -> None:
        self._account = account
        self._intake = Intake(log, people)
        self._receipts = Receipts(log, token_hex(6))
        self._names = {contact.chat: contact.name for contact in self.contacts}

    async def publish(self, chat: str, text: str, name: str | None = None, *, id: str) -> Appended:  # noqa: A002 - WhatsApp's own word
        """Store a message of the person `chat` (a canonical JID); the same `id` counts once. Raises as Intake.store
        does."""
        message = Message(id=id, text=text, name=name or self._names.get(chat))
        return await self._intake.store(ChatKey(self._account, chat), message)

    async def tap(self, chat: str, tap: Tap, *, id: str) -> Appended:  # noqa: A002 - WhatsApp's own word
        """Store the message of the person `chat` who taps a choice, as `publish` does."""
        message = tapped(tap, id=id, name=self._names.get(chat))
        return await self._intake.store(ChatKey(self._account, chat), message)

    async def read(self, chat: str, replies: Iterable[str]) -> None:
        """Write `read` receipts for replies that the person has seen."""
        for reply in replies:
            await self._receipts.write(ChatKey(self._account, chat), Piece(reply), "read")

    async def send(self, part: Part) -> Outcome:  # noqa: ARG002 - every phone takes everything
        """Deliver the message at once."""
        return Outcome("delivered")

    async def resolve(self, part: Part) -> Outcome:
        """Deliver the message again: a simulated phone shows a reply once, however often it comes."""
        return await self.send(part)
