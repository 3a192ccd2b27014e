"""The servers around a measured process, each a process of its own: NATS, and the double of OpenAI's API."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.nats_server import NatsServer

SYNC_MODES = ("default", "always")
"""NATS's own default syncs the log to disk every two minutes; recado's embedded server syncs it at every message."""


@contextmanager
def nats_server(folder: Path, sync: str = "default") -> Iterator[NatsServer]:
    """A nats-server with JetStream that keeps its files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    interval = "sync_interval: always" if sync == "always" else ""
    store = json.dumps(str(folder / "store"))
    # A later block replaces an earlier one of the same name.
    server = NatsServer(folder, config=f"jetstream {{ store_dir: {store}, max_file_store: 4GB, {interval} }}")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@asynccontextmanager
async def openai_double(latency: float = 0.0) -> AsyncIterator[str]:
    """The double of OpenAI's API, which answers after `latency` seconds; yields its base URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.doubles.openai_server", "--latency", str(latency), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.communicate()  # wait() alone may leave the pipe open
