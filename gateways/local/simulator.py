"""A phone network in the process: a few contacts whose messages come in, and whose phones take every reply."""

from __future__ import annotations

from collections.abc import Iterable
from secrets import token_hex

import msgspec

from events.inbound import Message
from events.log import Appended, EventLog
from events.subjects import ChatKey
from gateways.delivery.receipts import Piece, Receipts
from gateways.delivery.sender import Outcome, Part
from gateways.intake import Intake


class Contact(msgspec.Struct, frozen=True):
    """Somebody who writes to the account."""

    chat: str
    name: str


CONTACTS = (
    Contact("12025550143@s.whatsapp.net", "Ana Lima"),
    Contact("447700900123@s.whatsapp.net", "Tom Becker"),
    Contact("33639980017@s.whatsapp.net", "Mei Chen"),
    Contact("61491570156@s.whatsapp.net", "Rafael Ortiz"),
)
"""Numbers that the NANPA, Ofcom, Arcep and ACMA keep free for fiction: they belong to nobody."""


class Simulator:
    """The simulated network of `account`: `publish` is a person writing, and it is the Sender of the replies."""

    contacts = CONTACTS

    def __init__(self, log: EventLog, account: str) -> None:
        self._account = account
        self._intake = Intake(log)
        self._receipts = Receipts(log, token_hex(6))
        self._names = {contact.chat: contact.name for contact in self.contacts}

    async def publish(self, chat: str, text: str, name: str | None = None, *, id: str) -> Appended:  # noqa: A002 - WhatsApp's own word
        """Store what the person of `chat` (a canonical JID) wrote; the same `id` again counts once. Raises as
        Intake.store does."""
        message = Message(id=id, text=text, name=name or self._names.get(chat))
        return await self._intake.store(ChatKey(self._account, chat), message)

    async def read(self, chat: str, replies: Iterable[str]) -> None:
        """The person has the chat open and sees these replies."""
        for reply in replies:
            await self._receipts.write(ChatKey(self._account, chat), Piece(reply), "read")

    async def send(self, part: Part) -> Outcome:  # noqa: ARG002 - every phone takes everything
        """The network takes the message, and the phone has it."""
        return Outcome("delivered")

    async def resolve(self, part: Part) -> Outcome:
        """A phone shows a reply once, however often the network brings it."""
        return await self.send(part)
