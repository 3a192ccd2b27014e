"""SIGKILL at random moments, under load: recado, its nats-server, both. Afterwards every promise holds.

The seed stands in pytest's header; RECADO_TEST_SEED repeats it, RECADO_TEST_KILLS says how often `make chaos` kills.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from events.inbound import Receipt
from tests.chaos.load import SETTINGS, Load, load
from tests.chaos.log_watch import LogWatch, watching
from tests.chaos.nats_proxy import nats_proxy
from tests.chaos.process import Recado, asks, recado
from tests.chaos.promises import promises_kept
from tests.doubles.openai_server import OpenAIDouble
from tests.nats_server import NatsServer

SEED = os.environ["RECADO_TEST_SEED"]
MANY = int(os.environ.get("RECADO_TEST_KILLS", "200"))


def kills(some: int, many: int) -> pytest.MarkDecorator:
    """`some` in the ordinary run, `many` in `make chaos`."""
    chaos = pytest.param(many, marks=[pytest.mark.chaos, pytest.mark.timeout(3600)])
    return pytest.mark.parametrize("times", [some, chaos])


@kills(12, MANY)
@pytest.mark.slow("every death is followed by a start")
async def test_recado_is_killed(tmp_path: Path, times: int) -> None:
    """The server lives on. Now and then the process dies while it starts, or finds its projection deleted."""
    dice = random.Random(f"{SEED} recado")
    server = NatsServer(tmp_path)
    server.start()
    try:
        async with OpenAIDouble(latency=0.1, remember=False) as model:
            with recado(tmp_path / "recado", NATS_URL=server.url, **asks(model), **SETTINGS) as process:
                process.start()
                async with load(server.url, None, model, dice) as (writing, log):
                    for _ in range(times):
                        if dice.random() < 0.85:
                            await process.ready()
                            await asyncio.sleep(dice.uniform(0, 1))
                        else:
                            await asyncio.sleep(dice.uniform(0, 1))
                        process.kill()
                        if dice.random() < 0.1:
                            _delete_projection(process)
                        process.start()
                    await _answers(writing, log)
                await _kept_their_promises(process, writing, server.url)
    finally:
        server.kill()


@kills(8, MANY // 4)
@pytest.mark.slow("every death is followed by a start")
async def test_the_server_is_killed(tmp_path: Path, times: int) -> None:
    """recado lives on and finds the server again; sometimes both die, and the server comes back first or last."""
    dice = random.Random(f"{SEED} server")
    server = NatsServer(tmp_path)
    server.start()
    try:
        async with OpenAIDouble(latency=0.1, remember=False) as model:
            with recado(tmp_path / "recado", NATS_URL=server.url, **asks(model), **SETTINGS) as process:
                process.start()
                async with load(server.url, None, model, dice) as (writing, log):
                    for _ in range(times):
                        await _answers(writing, log)
                        await asyncio.sleep(dice.uniform(0, 0.5))
                        server.kill()
                        both = dice.random() < 0.3
                        if both:
                            process.kill()
                        await asyncio.sleep(dice.uniform(0, 0.3))
                        server.start()
                        if both:
                            process.start()
                    await _answers(writing, log)
                await _kept_their_promises(process, writing, server.url)
    finally:
        server.kill()


@kills(6, MANY // 4)
@pytest.mark.slow("every death is followed by a start")
async def test_recado_up_and_its_server_are_killed(tmp_path: Path, times: int) -> None:
    """The embedded server dies and is started again; recado dies and adopts the server that it left; both die."""
    dice = random.Random(f"{SEED} up")
    async with OpenAIDouble(latency=0.1, remember=False) as model:
        with recado(tmp_path / "recado", command="up", **asks(model), **SETTINGS) as process:
            await process.started()
            bus = process.embedded_bus()
            async with load(bus.url, bus.token, model, dice) as (writing, log):
                victims: list[Callable[[], None]] = [process.kill, process.kill_server, process.kill_both]
                for number in range(times):
                    await _answers(writing, log)
                    await asyncio.sleep(dice.uniform(0, 0.5))
                    victims[number % len(victims)]()
                    if not process.runs:
                        process.start()
                await _answers(writing, log)
            await _kept_their_promises(process, writing, bus.url, bus.token)
            async with watching(bus.url, bus.token) as log:
                await log.until(lambda: _unsent(log) == set(), "every phone has got its replies")
            assert await process.stop() == 0


@kills(12, MANY)
@pytest.mark.slow("a reply is due again some seconds after a cut")
async def test_the_connection_is_cut(tmp_path: Path, times: int) -> None:
    """Nobody dies, but appends and their answers are lost on the way, and nobody knows which."""
    dice = random.Random(f"{SEED} connection")
    server = NatsServer(tmp_path)
    server.start()
    try:
        async with OpenAIDouble(latency=0.1, remember=False) as model, nats_proxy(server.url) as proxy:
            with recado(tmp_path / "recado", NATS_URL=proxy.url, **asks(model), **SETTINGS) as process:
                await process.started()
                async with load(server.url, None, model, dice) as (writing, log):
                    for _ in range(times):
                        await _answers(writing, log)
                        await asyncio.sleep(dice.uniform(0, 0.2))
                        proxy.cut()
                    await _answers(writing, log)
                await _kept_their_promises(process, writing, server.url)
    finally:
        server.kill()


async def _answers(writing: Load, log: LogWatch) -> None:
    """Return once a message that is written now has its ending."""
    key, probe = await writing.answered()
    await log.ended(key, probe)


def _unsent(log: LogWatch) -> set[str]:
    """Replies of the simulated account of which the log does not say that the phone has them."""
    local = [recorded for recorded in log.events if recorded.key.account == "local"]
    written = {recorded.event.id for recorded in local if recorded.type == "reply"}
    receipts = [recorded.event for recorded in local if isinstance(recorded.event, Receipt)]
    return (written or {"none yet"}) - {receipt.reply for receipt in receipts if receipt.state == "delivered"}


async def _kept_their_promises(process: Recado, writing: Load, url: str, token: str | None = None) -> None:
    """Everything acknowledged is in the log, every promise is kept, and the projection is what the log says."""
    async with watching(url, token) as log:
        await log.has_all(writing.acknowledged)
        await promises_kept(log, process, seed=SEED)
        assert min(len(log.events), len(writing.acknowledged)) > 50, "there was no load"


def _delete_projection(process: Recado) -> None:
    for file in process.data.glob("projection*"):
        file.unlink()
