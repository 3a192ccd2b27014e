"""The messages a second that Meta allows a number, those that come in and those that go out counted together.

https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (read 2026-11-29): 80, or 1,000
after an upgrade, which the number's field `throughput` names as its level; 20 while the WhatsApp Business app is used
with the number too, of which the field `is_on_biz_app` tells. Meta changes all of it by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal

import aiohttp
import msgspec
import structlog
from prometheus_client import Gauge

from events.backoff import Backoff
from gateways.cloud.graph import bounded
from gateways.cloud.pacing import STANDARD
from gateways.cloud.token import Token

HIGH, WITH_APP = 1000, 20
FIELDS = "throughput,is_on_biz_app"
AGAIN_EVERY = 600.0
"""Seconds between two requests for the level; news of the account brings the next one forward."""

_LEVELS = {"STANDARD": STANDARD, "HIGH": HIGH}
_WITHIN = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0

ALLOWED = Gauge(
    "recado_account_throughput", "Messages a second, in and out together, that Meta allows this number", ["account"]
)

log = structlog.get_logger("recado.gateway")


class Throughput(msgspec.Struct, frozen=True):
    """Messages a second, in and out together.

    - `level`: Meta's word for it; empty: not known.
    - `source`: Meta told it, the settings have it, or it is what numbers have at first.
    """

    per_second: int
    level: str = ""
    source: Literal["meta", "settings", "default"] = "meta"


FIRST = Throughput(STANDARD, source="default")


class NotTold(Exception):
    """Meta did not tell the level; the words are the reason."""


class _Level(msgspec.Struct, frozen=True):
    level: str = ""


class _Error(msgspec.Struct, frozen=True):
    code: int = 0
    message: str = ""


class _Number(msgspec.Struct):
    throughput: _Level = _Level()
    is_on_biz_app: bool = False
    error: _Error | None = None


def throughput_in(body: bytes) -> Throughput:
    """The throughput in Meta's answer about a number. A level that is not known counts as the first one, which is the
    safe side. Raises NotTold."""
    try:
        number = msgspec.json.decode(body, type=_Number)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotTold("the answer is none of Meta's") from error
    if number.error is not None:
        raise NotTold(f"error {number.error.code}: {number.error.message[:200]}")
    level = number.throughput.level[:64]
    if number.is_on_biz_app:
        return Throughput(WITH_APP, level)
    if not level:
        raise NotTold("the answer has no throughput")
    return Throughput(_LEVELS.get(level.upper(), STANDARD), level)


class NumberAsked:
    """Asks Meta for the throughput of one number. `url` is the Graph API's address with its version."""

    def __init__(self, session: aiohttp.ClientSession, url: str, phone_number_id: str, token: Token) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/{phone_number_id}"
        self._token = token

    async def __call__(self) -> Throughput:
        """The throughput. Raises NotTold."""
        headers = {"Authorization": f"Bearer {self._token.value}"}
        try:
            async with (
                asyncio.timeout(_WITHIN),
                self._session.get(
                    self._url, params={"fields": FIELDS}, headers=headers, allow_redirects=False
                ) as answer,
            ):
                return throughput_in(await bounded(answer))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotTold(f"{type(error).__name__}: {error}".rstrip(": ")) from error


class Followed:
    """Keeps the throughput of `account` at what Meta allows.

    - `ask`: asks Meta; None: nobody is asked.
    - `fixed`: the messages a second that the settings give; they count, and Meta is not asked.
    - `told`: called at first, and with each change.
    """

    def __init__(
        self,
        account: str,
        ask: Callable[[], Awaitable[Throughput]] | None,
        fixed: int | None,
        told: Callable[[Throughput], None],
    ) -> None:
        self._account = account
        self._ask = ask if fixed is None else None
        self._told = told
        self._now: Throughput | None = None
        self._hurried = asyncio.Event()
        self._set(FIRST if fixed is None else Throughput(fixed, source="settings"))

    def hurry(self) -> None:
        """Ask at once: there is news of the account."""
        self._hurried.set()

    async def run(self) -> None:
        """Ask now and again, until cancelled."""
        pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while self._ask is not None:
            seconds = AGAIN_EVERY
            try:
                self._set(await self._ask())
                pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
            except NotTold as reason:
                seconds = pause.seconds
                pause.grow()
                log.warning(
                    "throughput_unknown",
                    account=self._account,
                    reason=str(reason),
                    then=f"goes on with {self._now.per_second if self._now else STANDARD} messages a second",
                    retry_in=seconds,
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):  # wait_for may swallow a cancellation
                    await self._hurried.wait()
            self._hurried.clear()

    def _set(self, found: Throughput) -> None:
        if found == self._now:
            return
        self._now = found
        ALLOWED.labels(self._account).set(found.per_second)
        log.info(
            "throughput", account=self._account, per_second=found.per_second, level=found.level, source=found.source
        )
        self._told(found)
