"""The runner, a rebuild in another process and verify, over a real nats-server."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from events.inbound import Message
from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from projections.verify import verify
from tests.nats_server import NatsServer
from tests.projections.following import following
from tests.projections.past import ANA


async def publish(log: JetStreamLog, first: int, last: int) -> int:
    """Messages `m<first>` to `m<last>`, each tried until it is stored; sequence of the last."""
    seq = 0
    for number in range(first, last + 1):
        stored = None
        while stored is None:
            with suppress(LogUnavailable):
                stored = await log.publish(ANA, Message(id=f"m{number}", text="hello"), msg_id=f"in:{number}")
        seq = stored.seq
    return seq


async def test_a_rebuild_in_another_process(
    jetstream_log: JetStreamLog, nats_server: NatsServer, tmp_path: Path
) -> None:
    """The instance keeps following, goes over to the new file, hands each event on once, and verify agrees."""
    data = tmp_path / "data"
    data.mkdir()
    async with following(jetstream_log, data) as follows:
        await follows.runner.reached(await publish(jetstream_log, 1, 300))
        replay = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.projections.rebuilding_process", nats_server.url, str(data),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        number = 300
        while replay.returncode is None:
            number += 1
            await follows.runner.reached(await publish(jetstream_log, number, number))
        said, _ = await replay.communicate()
        file, _checkpoint = said.decode().split()
        await follows.runner.reached(await publish(jetstream_log, number + 1, number + 10))
        assert follows.runner.path == data / file
        assert follows.sequences == list(range(1, number + 11))
        assert follows.queries.counts().messages == number + 10
        assert (await verify(jetstream_log, data)).is_same


async def test_the_bus_is_killed_while_the_runner_follows(
    jetstream_log: JetStreamLog, nats_server: NatsServer, tmp_path: Path
) -> None:
    """It goes on where it was once the bus is back."""
    data = tmp_path / "data"
    data.mkdir()
    async with following(jetstream_log, data) as follows:
        await follows.runner.reached(await publish(jetstream_log, 1, 50))
        nats_server.kill()
        nats_server.start()
        await follows.runner.reached(await publish(jetstream_log, 51, 100))
        assert follows.sequences == list(range(1, 101))
        assert (await verify(jetstream_log, data)).is_same
