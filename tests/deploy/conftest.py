"""A server on deploy/nats's configuration, and connections with each role's user."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from events.jetstream.connection import Bus
from tests.deploy.nats import DeployedNats

As = Callable[[str], Awaitable[Bus]]


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[DeployedNats]:
    """One server, started, with nothing in it."""
    server = DeployedNats(tmp_path / "deployed")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def connected_as(deployed: DeployedNats) -> AsyncIterator[As]:
    """Connect with a role's own .env."""
    async with AsyncExitStack() as stack:

        async def connect(role: str) -> Bus:
            bus = await deployed.connect(role)
            stack.push_async_callback(bus.close)
            return bus

        yield connect
