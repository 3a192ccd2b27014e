"""Pauses a number's sending while WhatsApp refuses the number or cannot be reached.

WhatsApp may refuse a whole number: too many messages, an expired token, a failed payment. Every message then waits in
the log. After a pause one message is tried, and the others follow if WhatsApp takes it.
"""

from __future__ import annotations

import asyncio
import time

import structlog
from prometheus_client import Gauge

from events.inbound import ReceiptError
from gateways.cloud.errors import pause

PROBE_WITHIN = 60.0
"""Seconds for the outcome of the message that is tried; after that another message is tried."""

PAUSED = Gauge("recado_account_paused", "1 while WhatsApp takes nothing from this number")

log = structlog.get_logger("recado.gateway")


class CircuitBreaker:
    """Lets messages pass until `trip` pauses the number; `reset` ends the pause. In a pause one message at a time is
    tried."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._strikes = 0
        self._open_until = 0.0
        self._probe_until = 0.0
        self._changed = asyncio.Event()

    @property
    def is_closed(self) -> bool:
        """Whether messages pass."""
        return self._strikes == 0

    async def passed(self) -> None:
        """Return when a message may be sent, or tried."""
        while not self.is_closed:
            now = time.monotonic()
            wait = max(self._open_until, self._probe_until) - now
            if wait <= 0:
                self._probe_until = now + PROBE_WITHIN
                return
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                continue

    def trip(self, error: ReceiptError) -> None:
        """Pause sending, longer each time. An error that needs a person is logged as an error, with help."""
        now = time.monotonic()
        if now < self._open_until:
            return  # the first of several messages that were being sent at once has tripped it
        self._strikes += 1
        seconds = pause(error.class_, self._strikes)
        self._open_until, self._probe_until = now + seconds, 0.0
        stop = error.class_ == "account_stop"
        PAUSED.set(1)
        tell = log.error if stop else log.warning
        tell(
            "account_paused",
            account=self._account,
            reason=error.class_,
            code=error.code,
            detail=error.detail,
            tried_again_in=seconds,
            help=(error.do or "see the WhatsApp Manager") if stop else "nothing is lost; the messages wait",
        )
        self._tell()

    def reset(self) -> None:
        """End the pause: WhatsApp took a message."""
        if not self.is_closed:
            log.info("account_resumed", account=self._account)
            self._strikes, self._open_until, self._probe_until = 0, 0.0, 0.0
            PAUSED.set(0)
            self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
