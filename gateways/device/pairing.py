"""Links the device to a phone: the owner scans a QR code in the terminal, or types a code on the phone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from io import StringIO

import segno
from neonize.aioze.client import NewAClient
from neonize.exc import NeonizeError

WITHIN = 180.0
"""Seconds; WhatsApp takes codes for about 160."""


class PairingTimedOut(Exception):
    """The owner did not link the device in time."""

    def __init__(self) -> None:
        super().__init__(
            "the device was not linked in time: start `recado gateway device` again and, on the phone, open "
            "Settings > Linked devices > Link a device"
        )


class PairingFailed(Exception):
    """WhatsApp refuses the pairing; `reason` is its message."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"WhatsApp refuses to link this device: {reason}. Wait a while before you try again")
        self.reason = reason


class Pairing:
    """Asks the owner to link the device, with a QR code, or with a code to type on the phone `phone` (its digits).

    `show` prints the request. A device that is linked already needs none.
    """

    def __init__(self, show: Callable[[str], None], phone: str | None = None, *, within: float = WITHIN) -> None:
        self._show = show
        self._phone = phone
        self._within = within
        self._asked = asyncio.Event()
        self._done = asyncio.Event()
        self._failed: PairingFailed | None = None

    def watch(self, client: NewAClient) -> None:
        """Ask when the client wants to be linked."""
        self._asked.clear()
        client.qr(self._ask)

    def paired(self) -> None:
        self._done.set()

    async def timed_out(self) -> None:
        """Never returns. Raises PairingFailed, or PairingTimedOut if the owner was asked and did not link in time."""
        await self._asked.wait()
        try:
            async with asyncio.timeout(self._within):
                await self._done.wait()
        except TimeoutError:
            raise PairingTimedOut from None
        if self._failed is not None:
            raise self._failed
        await asyncio.Event().wait()

    async def _ask(self, client: NewAClient, data: bytes) -> None:
        """Called with each new QR code, every 20 seconds or so."""
        first = not self._asked.is_set()
        self._asked.set()
        if self._phone is None:
            self._show(
                f"{_drawn(data)}\nOn the phone: Settings > Linked devices > Link a device, and scan this."
                if first
                else f"{_drawn(data)}\nThe code above is old; this one is good."
            )
        elif first:
            try:
                code = await client.PairPhone(self._phone, True)
            except NeonizeError as error:
                self._failed = PairingFailed(str(error))
                self._done.set()
                return
            self._show(
                f"On the phone {self._phone}: Settings > Linked devices > Link a device > "
                f"Link with phone number instead, and type {code}"
            )


def _drawn(data: bytes) -> str:
    drawing = StringIO()
    segno.make_qr(data).terminal(drawing, compact=True)
    return drawing.getvalue()
