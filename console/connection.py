"""A connection to one of recado's web servers, with limits of time and number.

uvicorn limits neither the time of a client nor the number of clients. Here a client has a time limit for its head, for
its body and for reading the response, and a server has a limit of connections. Beyond that limit the address with the
most connections loses one: that for which the server has waited longest.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Iterable
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_WITHIN = 10.0
BODY_WITHIN = 30.0
TAKEN_WITHIN = 60.0
"""Seconds for a request's head, for its body, and for a client to read the buffered response."""

LARGEST_HEAD = 64 * 1024
"""Bytes that may come before a head is complete or a piece of a body is parsed."""

MOST = 512
TELL_EVERY = 60.0

log = structlog.get_logger("recado.console")


def most_connections() -> int:
    """Connections of one server: a quarter of the files that the process may have open, at most 512."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, max(soft // 4, 8))


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with limits. The server must call `sweep` about once a second."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._since = self.loop.time()
        self._read_by: float | None = self._since + HEAD_WITHIN
        self._write_by: float | None = None
        self._unparsed = 0

    @property
    def address(self) -> str:
        return self.client[0] if self.client else ""

    @property
    def waits_since(self) -> float | None:
        """The time at which the server began to wait for this client; None while the client waits for the server."""
        return None if self._read_by is None and self._write_by is None else self._since

    def overdue(self, now: float) -> bool:
        if self.transport.is_closing() and self._write_by is None:
            self._write_by = now + TAKEN_WITHIN
        return any(by is not None and by < now for by in (self._read_by, self._write_by))

    def drop(self) -> None:
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Connections that were dropped in this round of the loop are still listed.
        there = [one for one in self.connections if isinstance(one, Connection) and not one.transport.is_closing()]
        if len(there) > most_connections():
            storm.met("too_many_connections")
            _one_to_drop(there, self).drop()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # `client` is the word of a proxy; this is who the connection is with.
        self.scope["peer"] = self.address  # type: ignore[typeddict-unknown-key]

    def data_received(self, data: bytes) -> None:
        if self._read_by is None and self.cycle.response_complete:
            self._wait_for(HEAD_WITHIN)
        self._unparsed += len(data)
        super().data_received(data)
        if self._unparsed > LARGEST_HEAD and not self.transport.is_closing():
            storm.met("head_too_large")
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self._unparsed = 0
        self._wait_for(BODY_WITHIN)
        super().on_headers_complete()
        self.scope["more_time"] = self._more_time  # type: ignore[typeddict-unknown-key]
        self.scope["drop"] = self.drop  # type: ignore[typeddict-unknown-key]

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed = 0
        self._read_by = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.pipeline and self._read_by is None and self.cycle.response_complete:
            self._wait_for(HEAD_WITHIN)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._since = self.loop.time()
        self._write_by = self._since + TAKEN_WITHIN

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_by = None

    def _more_time(self, seconds: float) -> None:
        """Give the client this long from now on for the rest of its body: a file from a person who is logged in."""
        if self._read_by is not None:
            self._wait_for(seconds)

    def _wait_for(self, seconds: float) -> None:
        self._since = self.loop.time()
        self._read_by = self._since + seconds


class Storm:
    """Logs dropped connections by reason: the first at once, then a count every TELL_EVERY seconds."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()
        self._told_at: dict[str, float] = {}

    def met(self, what: str) -> None:
        self._met[what] += 1

    def tell(self, now: float) -> None:
        for what, times in list(self._met.items()):
            if now - self._told_at.get(what, -TELL_EVERY) >= TELL_EVERY:
                log.warning("connections_dropped", reason=what, times=times, limit=most_connections())
                self._told_at[what] = now
                del self._met[what]


storm = Storm()


def sweep(connections: Iterable[Any], now: float) -> None:
    """Drop the connections whose clients took too long, and log the drops from time to time."""
    for connection in list(connections):
        if isinstance(connection, Connection) and connection.overdue(now):
            storm.met("too_slow")
            connection.drop()
    storm.tell(now)


def _one_to_drop(connections: Iterable[Connection], newest: Connection) -> Connection:
    slow = [(one, since) for one in connections if one is not newest and (since := one.waits_since) is not None]
    if not slow:
        return newest
    by_address = Counter(one.address for one in connections)
    return max(slow, key=lambda pair: (by_address[pair[0].address], -pair[1]))[0]
