"""Between recado and its bus: a relay on loopback that understands NATS and can hold a message back.

So a process can be killed at exactly one step of a turn: with an append on its way that the server never sees, with one
that the server has stored and whose answer never comes, or with events in the log that its tail does not bring.

Frames: https://docs.nats.io/reference/reference-protocols/nats-protocol
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

PATIENCE = 60.0
"""Seconds; only for tests that fail."""

Step = Callable[["Frame"], bool]


class Frame(NamedTuple):
    """One protocol message. `subject` is empty for those that have none."""

    verb: bytes
    subject: str
    raw: bytes


class NatsProxy:
    """Relays to `target` (host, port). While it holds something back, what recado does has come to a stand there."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.url = ""
        self._held = asyncio.Event()
        self._clients: set[asyncio.StreamWriter] = set()
        self._target = target
        self._before: Step | None = None
        self._after: Step | None = None
        self._unseen: Step | None = None
        self._passable = asyncio.Event()
        self._passable.set()

    def hold_before(self, publish: Step) -> None:
        """The first publish like this, and all that the client sends after it, never reach the server."""
        self._before = publish

    def hold_after(self, publish: Step) -> None:
        """The first publish like this reaches the server; nothing that the server says after it reaches the client."""
        self._after = publish

    def hold_deliveries(self, event: Step) -> None:
        """From the first one like this on, no event of the log reaches the client; answers to its publishes do."""
        self._unseen = event

    async def holds(self) -> None:
        """Return once something is held back; AssertionError if it never comes to that."""
        try:
            await asyncio.wait_for(self._held.wait(), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"recado did not come to that step within {PATIENCE:g} s") from None

    def pass_all(self) -> None:
        """Hold back nothing in connections made from now on; what was held is lost."""
        self._before = self._after = self._unseen = None
        self._held.clear()

    def cut(self) -> None:
        """End every connection at once: what is on its way in either direction is lost."""
        for writer in self._clients:
            writer.transport.abort()

    def part(self) -> None:
        """Let nothing through in either direction, as a network does that has fallen apart: nobody is told."""
        self._passable.clear()

    def heal(self) -> None:
        """Let everything through again, and first what was sent meanwhile: it comes late."""
        self._passable.set()

    async def relay(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        await self._passable.wait()
        try:
            server_in, server_out = await asyncio.open_connection(*self._target)
        except OSError:
            client_out.close()
            return
        mute = asyncio.Event()
        self._clients.add(client_out)
        try:
            async with asyncio.TaskGroup() as both:
                upward = both.create_task(self._upward(client_in, server_out, mute))
                downward = both.create_task(self._downward(server_in, client_out, mute))
                await asyncio.wait([upward, downward], return_when=asyncio.FIRST_COMPLETED)
                # What was said before the end still arrives, as late as the network brings it.
                await self._passable.wait()
                upward.cancel()
                downward.cancel()
        except* OSError:
            pass  # one side went away: so does the other
        finally:
            self._clients.discard(client_out)
            for writer in (client_out, server_out):
                writer.close()

    async def _upward(
        self, client_in: asyncio.StreamReader, server_out: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        async for frame in _frames(client_in):
            await self._passable.wait()
            if _is_publish(frame):
                if self._before is not None and self._before(frame):
                    mute.set()
                    self._held.set()
                    await asyncio.Event().wait()
                if self._after is not None and self._after(frame):
                    mute.set()
                    self._held.set()
            server_out.write(frame.raw)
            await server_out.drain()

    async def _downward(
        self, server_in: asyncio.StreamReader, client_out: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        unseen = False
        async for frame in _frames(server_in):
            await self._passable.wait()
            if mute.is_set():
                continue
            if frame.subject.startswith("evt.") and self._unseen is not None:
                unseen = unseen or self._unseen(frame)
                if unseen:
                    self._held.set()
                    continue
            client_out.write(frame.raw)
            await client_out.drain()


@asynccontextmanager
async def nats_proxy(url: str) -> AsyncIterator[NatsProxy]:
    """A proxy in front of the server at `url`."""
    parts = urlsplit(url)
    proxy = NatsProxy((str(parts.hostname), int(parts.port or 4222)))
    relays: set[asyncio.Task[None]] = set()

    def connected(client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        relays.add(asyncio.ensure_future(proxy.relay(client_in, client_out)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=16 * 1024 * 1024)
    proxy.url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)


def appends(type_: str, *, times: int = 1) -> Step:
    """Whether a publish is a decision of this type, from the `times`-th one on."""
    seen = 0

    def step(frame: Frame) -> bool:
        nonlocal seen
        seen += frame.subject.startswith("evt.") and frame.subject.endswith(f".o.{type_}")
        return seen >= times

    return step


def brings(type_: str) -> Step:
    """Whether a delivery is an event of this type."""
    return lambda frame: frame.subject.endswith(f".{type_}")


def _is_publish(frame: Frame) -> bool:
    return frame.verb in (b"PUB", b"HPUB")


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[Frame]:
    with suppress(asyncio.IncompleteReadError):
        while True:
            line = await reader.readuntil(b"\r\n")
            words = line.split()
            verb = words[0].upper() if words else b""
            if verb not in (b"PUB", b"HPUB", b"MSG", b"HMSG"):
                yield Frame(verb, "", line)
                continue
            payload = await reader.readexactly(int(words[-1]) + 2)
            yield Frame(verb, words[1].decode(), line + payload)
