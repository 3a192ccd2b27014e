"""kill -9 between the sending and the log: nothing is sent twice, and what is in doubt has a name."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from events.inbound import Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from tests.gateways.device.events import ANA, TOM
from tests.gateways.device.gateway import linked
from tests.gateways.replies import decide, events, reply
from tests.nats_server import NatsServer
from tests.waiting import until

KEY, OTHER = ChatKey("me", ANA), ChatKey("me", TOM)


async def test_killed_between_send_and_log(
    nats_server: NatsServer, bus: Bus, jetstream_log: JetStreamLog, data_dir: Path
) -> None:
    command = [sys.executable, "-m", "tests.gateways.device.dying", nats_server.url, str(data_dir)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None

    async def said(line: str) -> None:
        async with asyncio.timeout(120):
            while (await process.stdout.readline()).decode().strip() != line:  # type: ignore[union-attr]
                assert process.returncode is None

    try:
        await said("ready")
        await decide(jetstream_log, reply("r1", KEY), KEY)
        await said("text of r1")
    finally:
        process.kill()
        await process.wait()
    await decide(jetstream_log, reply("r2", KEY), KEY)
    await decide(jetstream_log, reply("r3", OTHER), OTHER)

    async def noted() -> list[str]:
        found = [recorded.event for recorded in await events(jetstream_log, "me")]
        return [f"{event.reply} {event.state}" for event in found if isinstance(event, Receipt)]

    async with linked(bus, jetstream_log, data_dir) as me:
        await until(lambda: len(me.phone.sent) == 2)

        async def all_accepted() -> bool:
            return {"r2 accepted", "r3 accepted"} <= set(await noted())

        await until(all_accepted)
        assert sorted(me.phone.texts) == ["text of r2", "text of r3"]
    of_first = [line for line in await noted() if line.startswith("r1 ")]
    assert of_first == ["r1 sending", "r1 in_doubt", "r1 parked"]
    (parked,) = [
        recorded.event
        for recorded in await events(jetstream_log, "me")
        if isinstance(recorded.event, Receipt) and recorded.event.state == "parked"
    ]
    assert parked.error is not None
    assert parked.error.class_ == "in_doubt"
