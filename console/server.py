"""Serves the page inside the instance's own loop."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from console.connection import Connection, sweep

LOOPBACK = "127.0.0.1"

_PATIENCE = 2
"""Seconds for open requests to finish when recado is stopped."""

_AT_ONCE = 8
"""Connections that are accepted in one round of the loop (asyncio's backlog); each is counted some rounds later."""

_QUEUED = 1024
"""Connections that the kernel keeps until they are accepted."""


class PortInUse(Exception):
    """Another program listens on `port`; `variable` is the setting that chose it."""

    def __init__(self, port: int, variable: str) -> None:
        super().__init__(
            f"port {port} is in use: stop what uses it, or set {variable} to another one (0: any free one)"
        )
        self.port = port


class PortForbidden(Exception):
    """Listening on `port` is forbidden to this user."""

    def __init__(self, port: int, variable: str) -> None:
        super().__init__(f"this user may not listen on port {port}: set {variable} to one from 1024 on")
        self.port = port


def bind(port: int, host: str = LOOPBACK, variable: str = "RECADO_PORT") -> socket.socket:
    """A socket that listens on `port` (0: any free one). Raises PortInUse, PortForbidden."""
    # asyncio sends without delay (TCP_NODELAY) only on sockets that name the protocol; else a page takes 40 ms more.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, variable) from error
        if error.errno == errno.EACCES:
            raise PortForbidden(port, variable) from error
        raise
    return listener


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[str]:
    """Serve `app` on a socket of `bind` until the block is left; yields the page's address."""
    server = _Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            backlog=_AT_ONCE,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
    )
    host, port, *_ = listener.getsockname()
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        # Streams never end by themselves, and uvicorn waits for every open response.
        app.state.closing.set()
        server.should_exit = True
        await running
        listener.close()


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_QUEUED)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # once a second
            sweep(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # recado itself handles Ctrl-C and SIGTERM.
        yield
