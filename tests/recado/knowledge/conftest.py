"""`recado knowledge` on a real bus, with what an instance makes there."""

from __future__ import annotations

import pytest

from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from tests.conftest import LOG_BYTES
from tests.recado.command import Command, Done


class Knowledge:
    """`recado knowledge`."""

    def __init__(self, command: Command) -> None:
        self.home = command.home
        self._command = command

    async def __call__(self, *args: str, code: int = 0) -> Done:
        done = await self._command("knowledge", *args)
        assert done.code == code, done
        return done


@pytest.fixture
async def knowledge(on_bus: Command, bus: Bus) -> Knowledge:
    await (await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)).close()
    return Knowledge(on_bus)
