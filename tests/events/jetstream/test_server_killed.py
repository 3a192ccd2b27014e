"""kill -9 of the server, under appends and under a tail: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import aclosing

from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.events.given import ignored
from tests.nats_server import NatsServer
from tests.waiting import until

CHATS = 20
KILLS = 3


class _Writer:
    """A chat that decides one thing after the other, and insists on each."""

    def __init__(self, log: JetStreamLog, number: int) -> None:
        self.key = ChatKey("local", f"{5511900000000 + number}@s.whatsapp.net")
        self.appended: list[tuple[int, str]] = []
        self._log = log
        self.stop = False

    async def run(self) -> None:
        last = 0
        while not self.stop:
            msg_id = f"{self.key.chat}:{len(self.appended)}"
            try:
                last = (await self._log.append(self.key, ignored(msg_id), expected=last, msg_id=msg_id)).seq
            except LogUnavailable:
                continue
            self.appended.append((last, msg_id))


async def test_under_appends_and_a_tail(jetstream_log: JetStreamLog, nats_server: NatsServer) -> None:
    """Given 20 chats that write and a tail, when the server is killed three times, then each event is there once."""
    moments = random.Random(f"{os.environ['RECADO_TEST_SEED']} appends")
    seen: list[Recorded] = []

    async def follow() -> None:
        async with aclosing(jetstream_log.tail(0)) as tail:
            async for batch in tail:
                seen.extend(batch)

    writers = [_Writer(jetstream_log, number) for number in range(CHATS)]
    reader = asyncio.create_task(follow())
    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(writer.run())
        for _ in range(KILLS):
            goal = len(seen) + moments.randrange(200, 1000)
            await until(lambda goal=goal: len(seen) >= goal)
            await asyncio.to_thread(nats_server.kill)
            await asyncio.to_thread(nats_server.start)
        goal = len(seen) + 200
        await until(lambda: len(seen) >= goal)
        for writer in writers:
            writer.stop = True
    await until(lambda: seen[-1].seq >= max(writer.appended[-1][0] for writer in writers))
    reader.cancel()

    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    for writer in writers:
        assert [(event.seq, event.msg_id) for event in seen if event.key == writer.key] == writer.appended
