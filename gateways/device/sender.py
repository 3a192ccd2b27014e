"""A linked device as a gateway's sender.

Only the id that the device gives a message ties it to its reply, and the id is known only after the sending. So the
outcome of an interrupted sending cannot be found out: the reply is parked, or sent again if the settings say so.
"""

from __future__ import annotations

import asyncio
import time
from typing import Literal

import structlog
from msgspec.structs import replace

from chat.acknowledging import is_one as is_acknowledgement
from events.details import Detail
from events.inbound import ReceiptError
from events.parts import FILES
from events.recorded import Recorded
from gateways.delivery.sender import Outcome, Part
from gateways.delivery.token_bucket import Bucket
from gateways.device.quotable import OURS, Quotable
from gateways.device.sent_files import SentFiles
from gateways.device.wire import NotSent, Outgoing, Phone, Quote, Refused

EVERY, BURST = 1.0, 3
"""A person's pace: three messages at once, then one a second. WhatsApp bans devices that are faster than people."""

WITHIN = 90.0
"""Seconds; whatsmeow itself waits 75 for WhatsApp's answer."""

_AGAIN_AFTER = 5.0
_LONGEST_DETAIL = 500

log = structlog.get_logger("recado.gateway")


class DeviceSender:
    """Sends the parts of replies with `phone`."""

    def __init__(
        self, phone: Phone, quotable: Quotable, files: SentFiles, on_timeout: Literal["park", "resend"] = "park"
    ) -> None:
        self._phone = phone
        self._files = files
        self._quotable = quotable
        self._on_timeout = on_timeout
        self._pace = Bucket(EVERY, BURST)

    async def ready(self, part: Part) -> Part:
        """The part when there is a connection, its file is uploaded, and a person's pace allows a message."""
        await self._phone.ready()
        part = await self._files.prepared(part)
        await asyncio.sleep(self._pace.take(time.monotonic()))
        return part

    async def send(self, part: Part) -> Outcome:
        """Send the part, once. Any exception leaves it in doubt."""
        if not part.text.strip():
            return _told(part, Outcome("failed", error=ReceiptError(class_="content", detail=Detail.NO_TEXT.said())))
        said = self._said(part)
        if isinstance(said, str) and is_acknowledgement(part.reply):
            detail = Detail.NOT_THE_LAST.said()
            return _told(part, Outcome("failed", error=ReceiptError(class_="recipient", detail=detail)))
        try:
            async with asyncio.timeout(WITHIN):
                id_ = await self._phone.send(part.chat, said, await self._quote(part))
        except NotSent as failure:
            error = ReceiptError(class_="unreached", detail=str(failure)[:_LONGEST_DETAIL])
            return _told(part, Outcome("later", error=error, after=_AGAIN_AFTER))
        except Refused as refusal:
            error = ReceiptError(class_=refusal.class_, detail=refusal.detail[:_LONGEST_DETAIL])
            return _told(part, Outcome("failed", error=error))
        return Outcome("accepted", provider_id=id_, reading=part.reading)

    async def _quote(self, part: Part) -> Quote | None:
        quote = self._quotable.of(part)
        if quote is None or quote.sender != OURS:
            return quote
        own = await self._phone.own_names()
        return replace(quote, sender=own[0]) if own else None

    def _said(self, part: Part) -> str | Outgoing:
        """The message; a reaction to a message that is not remembered is its emoji."""
        content = part.content
        if content is None:
            return part.text
        if content.kind == "reaction":
            target = self._quotable.known(part.chat, content.to or "")
            return Outgoing(content, target=target) if target is not None else part.text
        if content.kind in FILES:
            return self._files.uploaded(part) or part.text
        return Outgoing(content)

    async def resolve(self, part: Part) -> Outcome:
        """Park the part or send it again, as `then` says: WhatsApp cannot be asked about it."""
        detail = Detail.SENT_IN_DOUBT.said()
        state: Literal["parked", "later"] = "later" if self._on_timeout == "resend" else "parked"
        return _told(part, Outcome(state, error=ReceiptError(class_="in_doubt", detail=detail)))

    def observe(self, recorded: Recorded) -> None:
        """Follow the account's events."""
        self._quotable.fold(recorded)


def _told(part: Part, outcome: Outcome) -> Outcome:
    if outcome.error is not None:
        log.warning(
            "not_sent",
            reply=part.reply,
            part=f"{part.number}/{part.of}",
            becomes=outcome.state,
            reason=outcome.error.class_,
            detail=outcome.error.detail,
        )
    return outcome
