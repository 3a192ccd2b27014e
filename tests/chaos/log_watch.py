"""The log as a test watches it: everything that stands in it, and waiting until something does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

from events.jetstream.api import ApiRefused, StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.streams import EVENTS
from events.jetstream.tail import Tail
from events.log import LogUnavailable
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.chaos.checker import Checker
from tests.chaos.nats_proxy import PATIENCE
from tests.chaos.violation import Violation


class LogWatch:
    """Follows the stream EVENTS by itself; it survives restarts of the server."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.checker = Checker()
        self._grown = asyncio.Condition()
        self._broken: BaseException | None = None

    async def follow(self, bus: Bus) -> None:
        try:
            await _until_there(bus)
            async for batch in Tail(bus, 0, "evt.>").batches():
                async with self._grown:
                    for recorded in batch:
                        self.events.append(recorded)
                        self.checker.take(recorded)
                    self._grown.notify_all()
        except Exception as error:
            self._broken = error
            async with self._grown:
                self._grown.notify_all()
            raise

    async def until(self, condition: Callable[[], Any], what: str, *, patience: float = PATIENCE) -> None:
        """Return once `condition` holds of what was read; AssertionError with the log's end if it never does."""
        try:
            async with asyncio.timeout(patience), self._grown:
                await self._grown.wait_for(lambda: condition() or self._broken is not None)
        except TimeoutError:
            raise AssertionError(f"{self.told()}\nnot within {patience:g} s: {what}") from None
        if self._broken is not None:
            raise self._broken

    async def seen(
        self, type_: str, *, key: ChatKey | None = None, times: int = 1, after: int = 0, patience: float = PATIENCE
    ) -> Recorded:
        """The `times`-th event of this type (in this chat, behind sequence `after`), once it is there."""

        def found() -> list[Recorded]:
            return [e for e in self.events if e.type == type_ and e.seq > after and key in (None, e.key)]

        await self.until(lambda: len(found()) >= times, f"{times} {type_} of {key}", patience=patience)
        return found()[times - 1]

    async def ended(self, key: ChatKey, message: str, *, patience: float = PATIENCE) -> Recorded:
        """The ending of the message, once it is there."""
        await self.until(lambda: self._ending(key, message), f"an ending of {message}", patience=patience)
        ending = self._ending(key, message)
        assert ending is not None
        return ending

    async def has_all(self, messages: Collection[tuple[ChatKey, str]]) -> None:
        """Return once the log has each of these messages, which the server promised to keep."""

        def missing() -> list[tuple[ChatKey, str]]:
            return [message for message in messages if not self.checker.has(*message)]

        try:
            await self.until(lambda: not missing(), "every acknowledged message is in the log")
        except AssertionError as error:
            events = self.told(about={key for key, _ in missing()})
            raise AssertionError("\n".join([str(error), events, f"missing: {missing()}"])) from None

    async def settled(self, *, patience: float = PATIENCE) -> None:
        """Return once no work in the log is pending."""
        try:
            await self.until(lambda: not self.checker.pending(), "no work is pending", patience=patience)
        except AssertionError as error:
            pending = self.checker.pending()
            events = self.told(about={one.key for one in pending})
            raise AssertionError("\n".join([str(error), events, "still pending:", *map(str, pending)])) from None

    def decided(self) -> list[str]:
        """The types of all decisions, in the log's order."""
        return [recorded.type for recorded in self.events if recorded.side == "o"]

    def wrong(self) -> list[Violation]:
        """Every broken promise, pending work included."""
        return self.checker.violations + self.checker.pending()

    def told(self, last: int = 25, *, about: Collection[ChatKey] = ()) -> str:
        """The last events, of these chats or of all, one a line."""
        told = [e for e in self.events if e.key in about] if about else self.events
        return "\n".join(f"{e.seq} {e.key.chat} {e.side} {e.type} {e.msg_id} {str(e.event)[:90]}" for e in told[-last:])

    def _ending(self, key: ChatKey, message: str) -> Recorded | None:
        for recorded in reversed(self.events):
            event = recorded.event
            named = getattr(event, "in_reply_to", ()) or getattr(event, "messages", ())
            if recorded.key == key and message in named and recorded.type in ("reply", "ignored", "turn_failed"):
                return recorded
        return None


@asynccontextmanager
async def watching(url: str, token: str | None = None) -> AsyncIterator[LogWatch]:
    """Watch the log at `url`, from its beginning; the stream need not be there yet."""
    bus = await Bus.open(url, name="watch", token=token)
    watch = LogWatch()
    following = asyncio.create_task(watch.follow(bus))
    try:
        yield watch
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await bus.close()


async def _until_there(bus: Bus) -> None:
    while True:
        try:
            await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo)
        except (ApiRefused, LogUnavailable):
            await asyncio.sleep(0.05)
        else:
            return
