"""`recado verify` and `recado replay` while fifty people write."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.chaos.load import SETTINGS, load
from tests.chaos.log_watch import watching
from tests.chaos.process import asks, recado
from tests.doubles.openai_server import OpenAIDouble
from tests.nats_server import NatsServer


async def test_the_projection_is_compared_and_rebuilt_under_a_running_instance(tmp_path: Path) -> None:
    """verify is clean at any moment; replay switches to the new file, killed half way it changes nothing; the
    instance goes on through all of it."""
    dice = random.Random(f"{os.environ['RECADO_TEST_SEED']} repair")
    server = NatsServer(tmp_path)
    server.start()
    try:
        async with OpenAIDouble(remember=False) as model:
            with recado(tmp_path / "recado", NATS_URL=server.url, **asks(model), **SETTINGS) as process:
                await process.started()
                async with load(server.url, None, model, dice) as (writing, log):
                    for _ in range(3):
                        await process.is_verified()
                        assert (await process.run("replay")).code == 0
                        await process.run_killed("replay", after=dice.uniform(0.1, 0.8))
                        key, probe = await writing.answered()
                        await log.ended(key, probe)
                async with watching(server.url) as log:
                    await log.until(lambda: log.events, "the log")
                    await log.settled()
                    assert log.wrong() == []
                await process.is_verified()
                assert process.starts == 1
                switched = [line for line in process.lines() if line.get("event") == "projection_switched"]
                assert switched
    finally:
        server.kill()
