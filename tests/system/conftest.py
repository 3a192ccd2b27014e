"""A recado with scripted replies, started once for many tests, and judged in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.chaos.process import Recado, recado
from tests.nats_server import NatsServer
from tests.system.service import Service, service_of


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NatsServer, Recado]]:
    """After all inputs of the tests the same process runs, nothing broke in it, and every promise is kept."""
    folder = tmp_path_factory.mktemp("service")
    server = NatsServer(folder)
    server.start()
    try:
        with recado(folder / "recado", NATS_URL=server.url) as process:
            asyncio.run(process.started())
            yield server, process
            asyncio.run(_judge(server, process))
    finally:
        server.kill()


@pytest.fixture
async def service(running: tuple[NatsServer, Recado]) -> AsyncIterator[Service]:
    """That recado, for one test."""
    async with service_of(*running) as service:
        yield service


async def _judge(server: NatsServer, process: Recado) -> None:
    assert process.runs, process.tail()
    assert process.starts == 1
    broken = [line for line in process.lines() if line.get("level") in ("error", "critical") or "text" in line]
    assert broken == [{"text": f"recado is at {(await process.said('started'))['page']}"}]
    async with service_of(server, process) as service:
        await service.log.until(lambda: service.log.events, "the log")
        await service.log.settled()
        assert service.log.wrong() == []
        await process.is_verified()
        assert (await process.asked("/readyz"))[0] == 200
