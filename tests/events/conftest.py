"""The log over a wire that can lose things."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from tests.conftest import LOG_BYTES
from tests.nats_proxy import NatsProxy
from tests.nats_server import NatsServer


@pytest.fixture
async def wire(nats_server: NatsServer) -> AsyncIterator[NatsProxy]:
    """The connection of `remote_log` to the server."""
    async with NatsProxy.before(nats_server.port) as wire:
        yield wire


@pytest.fixture
async def remote_log(wire: NatsProxy) -> AsyncIterator[JetStreamLog]:
    """The log of the test's server, through `wire`."""
    bus = await Bus.open(wire.url, name="remote")
    log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
    yield log
    await log.close()
    await bus.close()
