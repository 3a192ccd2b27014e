"""Commands, on no bus and on a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.jetstream.log import JetStreamLog
from tests.nats_server import NatsServer
from tests.recado.command import Command


@pytest.fixture
def recado(tmp_path: Path) -> Command:
    """`recado` where nothing runs."""
    return Command(tmp_path, RECADO_DATA=str(tmp_path / "data"))


@pytest.fixture
def on_bus(recado: Command, nats_server: NatsServer, jetstream_log: JetStreamLog) -> Command:
    """`recado` with the bus of the test, whose log is there and empty. No instance runs: the test decides."""
    recado.variables["NATS_URL"] = nats_server.url
    return recado
