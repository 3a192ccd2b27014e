"""Pauses a number's sending while WhatsApp refuses the number or cannot be reached.

WhatsApp may refuse a whole number: too many messages, an expired token, a failed payment. Every message then waits in
the log. After a pause one message is tried, and the others follow if WhatsApp takes it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog
from prometheus_client import Gauge

from events.inbound import ReceiptError
from gateways.cloud.errors import pause

PROBE_WITHIN = 60.0
"""Seconds for the outcome of the message that is tried; after that another message is tried."""

PAUSED = Gauge("recado_account_paused", "1 while WhatsApp takes nothing from this number", ["account"])

log = structlog.get_logger("recado.gateway")


class CircuitBreaker:
    """Lets messages pass until `trip` pauses the number; `reset` ends the pause. In a pause one message at a time is
    tried.

    - `told`: called with `{"state": "paused", …}` when the number needs a person, once for each code, and with
      `{"state": "resumed"}` when it does no more.
    - `needs_a_person`: the code for which it was told last; None: the number sends.
    """

    def __init__(self, account: str, told: Callable[[dict[str, object]], None] = lambda _: None) -> None:
        self._account = account
        self._told = told
        PAUSED.labels(account).set(0)
        self.needs_a_person: int | str | None = None
        self._strikes = 0
        self._open_until = 0.0
        self._probe_until = 0.0
        self._changed = asyncio.Event()

    @property
    def is_closed(self) -> bool:
        """True if messages pass."""
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
                async with asyncio.timeout(wait):
                    await self._changed.wait()
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
        PAUSED.labels(self._account).set(1)
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
        if stop and self.needs_a_person != (said := error.code if error.code is not None else "?"):
            self.needs_a_person = said
            value: dict[str, object] = {
                "state": "paused",
                "code": error.code,
                "class": error.class_,
                "detail": error.detail,
            }
            self._told(value | ({"do": error.do} if error.do else {}))
        self._tell()

    def reset(self) -> None:
        """End the pause: WhatsApp took a message."""
        if self.needs_a_person is not None:
            self.needs_a_person = None
            self._told({"state": "resumed"})
        if not self.is_closed:
            log.info("account_resumed", account=self._account)
            self._strikes, self._open_until, self._probe_until = 0, 0.0, 0.0
            PAUSED.labels(self._account).set(0)
            self._tell()

    def hurry(self) -> None:
        """Try a message at once: the cause of the pause may be gone."""
        self._open_until = 0.0
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
