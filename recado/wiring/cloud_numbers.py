"""The business numbers that a process serves. They may change while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gateways.cloud.lines import Lines
from gateways.until_stopped import end
from recado.settings.numbers import NumbersUnusable
from recado.settings.whatsapp import Number
from recado.wiring.cloud_number import CloudNumber
from recado.wiring.gateway import DRAIN

EVERY = 30.0
"""Seconds between two looks at the numbers and their tokens."""

log = structlog.get_logger("recado")


class CloudNumbers:
    """Serves each number that `look` returns by a gateway that `begin` makes."""

    def __init__(self, look: Callable[[], tuple[Number, ...]], begin: Callable[[Number], CloudNumber]) -> None:
        self.lines = Lines()
        """The numbers, for the webhook."""
        self._look = look
        self._begin = begin
        self._running: dict[Number, tuple[CloudNumber, asyncio.Task[None]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._looking = asyncio.Lock()
        self._stopped = False

    async def run(self) -> None:
        """Serve until cancelled or `drain`. Raises LogMismatch, LogUnavailable (the log is closed for good)."""
        try:
            while True:
                await self.look_again()
                tasks = [task for _, task in self._running.values()]
                waiting = asyncio.create_task(asyncio.sleep(EVERY))
                done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                for _, task in list(self._running.values()):
                    if task in done:
                        if self._stopped:
                            # The others may still have messages on the wire.
                            await asyncio.wait([task for _, task in self._running.values()])
                        return task.result()
                for gateway, _ in list(self._running.values()):
                    await gateway.look_again()
        finally:
            await end(*(task for _, task in self._running.values()), *self._leaving)

    async def look_again(self) -> bool:
        """Begin with the numbers that came, and leave those that went. Returns whether one came."""
        async with self._looking:
            try:
                found = await asyncio.to_thread(self._look)
                if not found:
                    raise NumbersUnusable("there is no number any more")  # noqa: TRY301
            except NumbersUnusable as wrong:
                log.error("numbers_unusable", reason=str(wrong), then="goes on with the last")  # noqa: TRY400
                return False
            if self._stopped:
                return False
            for number in self._running.keys() - set(found):
                self._leave(number)
            came = [number for number in found if number not in self._running]
            for number in came:
                gateway = self._begin(number)
                self._running[number] = gateway, asyncio.create_task(gateway.run())
                self.lines[number.id] = gateway.line
                log.info("number_served", account=number.account)
            return bool(came)

    def heard(self, account: str) -> None:
        """There is news of the account."""
        for number, (gateway, _) in self._running.items():
            if number.account == account:
                gateway.heard()

    async def drain(self) -> None:
        """Begin nothing new, and give messages that are being sent time for their outcomes."""
        self._stopped = True
        await asyncio.gather(*(_drained(*running) for running in self._running.values()))

    def _leave(self, number: Number) -> None:
        gateway, task = self._running.pop(number)
        if self.lines.get(number.id) is gateway.line:
            del self.lines[number.id]
        log.warning("number_left", account=number.account, help="it is not in WHATSAPP_NUMBERS any more")

        async def leave() -> None:
            await _drained(gateway, task)
            await end(task)

        leaving = asyncio.create_task(leave())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _drained(gateway: CloudNumber, task: asyncio.Task[None]) -> None:
    if gateway.stop():
        await asyncio.wait([task], timeout=DRAIN)
