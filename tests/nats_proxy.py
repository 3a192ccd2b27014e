"""A wire between a client and a nats-server that loses what a test wants lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

Loses = Callable[[list[bytes], bytes], bool]


class NatsProxy:
    """Forwards every connection to `port`. From server to client, messages for which `loses` is true do not arrive.

    `loses` gets the fields of the line (`MSG <subject> <sid> [<reply>] <size>`, `HMSG …`) and what follows it.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._to_clients: set[asyncio.StreamWriter] = set()
        self.loses: Loses = lambda _fields, _payload: False
        self.lost = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @classmethod
    @contextlib.asynccontextmanager
    async def before(cls, port: int) -> AsyncIterator[NatsProxy]:
        self = cls(port)
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """End every connection at once, as a broken network does."""
        for writer in list(self._writers):
            writer.transport.abort()

    def say(self, line: bytes) -> None:
        """Tell every client something that the server did not say."""
        for writer in self._to_clients:
            writer.write(line + b"\r\n")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
        else:
            self._writers |= {writer, to_server[1]}
            self._to_clients.add(writer)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._upstream(reader, to_server[1]))
                    group.create_task(self._downstream(to_server[0], writer))
            except* (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                self._writers -= {writer, to_server[1]}
                self._to_clients.discard(writer)
                writer.transport.abort()
                to_server[1].transport.abort()

    async def _upstream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        raise ConnectionResetError

    async def _downstream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            line = await reader.readuntil(b"\r\n")
            fields = line.split()
            payload = b""
            if fields[0] in (b"MSG", b"HMSG"):
                payload = await reader.readexactly(int(fields[-1]) + 2)
                if self.loses(fields, payload):
                    self.lost += 1
                    continue
            writer.write(line + payload)
            await writer.drain()
