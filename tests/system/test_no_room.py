"""No room: in the log, and on the disk under the projection. Nothing is lost, nothing is done twice, and recado goes on
when there is room again."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from events.jetstream.api import StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.streams import ensure_streams
from events.subjects import ChatKey
from tests.chaos.outsider import ANA, BOB, Outsider, Refused
from tests.chaos.stage import Stage, stage
from tests.waiting import until

LIMIT = 512 * 1024
SOMEBODY = ChatKey("elsewhere", "351210000000@s.whatsapp.net")


@asynccontextmanager
async def small_log(folder: Path) -> AsyncIterator[Stage]:
    """A stage whose log may hold LIMIT bytes."""
    async with stage(folder) as on:
        await give(on, LIMIT)
        yield on


async def give(on: Stage, limit: int) -> None:
    """Let the log have `limit` bytes."""
    bus = await Bus.open(on.server.url)
    info = await ensure_streams(bus, max_bytes=limit)
    await call(bus, "STREAM.UPDATE.EVENTS", StreamInfo, {**info.config, "max_bytes": limit})
    await bus.close()


async def fill(outsider: Outsider, share: float) -> None:
    """Edits of nothing, until the log is that full; at 1.0 it takes no more than a few bytes."""
    streams = outsider.bus.jetstream()
    for size in (16 * 1024, 1024, 128, 1):
        body = b'{"id": "e", "of": "m", "text": "%s"}' % (b"x" * size)
        while True:
            full = (await streams.stream_info("EVENTS")).state.bytes + len(body) + 200 > share * LIMIT
            if full and share < 1:
                break
            try:
                await outsider.put("edit", SOMEBODY, body)
            except Refused:
                break


async def test_a_log_that_is_full_while_the_model_writes(tmp_path: Path) -> None:
    """The reply cannot be stored: the append is tried again until there is room, the model is asked once."""
    async with small_log(tmp_path) as on:
        await fill(on.outsider, 0.8)
        await on.recado.started()
        with on.model.holding():
            await on.outsider.write(ANA, "m1")
            await on.asked(1)
            await fill(on.outsider, 1.0)
        with pytest.raises(Refused, match="maximum bytes"):
            await on.outsider.write(BOB, "m1", "x" * 1000)
        await on.recado.said("append_refused", decision="Reply")
        assert on.log.decided() == ["turn_started", "thread_created"]
        await give(on, 4 * LIMIT)
        await on.log.ended(ANA, "m1")
        assert len(on.model.requests) == 1
        await on.kept_its_promises()


async def test_a_log_that_is_full_when_recado_is_killed(tmp_path: Path) -> None:
    """Nothing can be stored, and it is killed and started again: it waits for room, then it adopts and answers."""
    async with small_log(tmp_path) as on:
        on.model.fail("hang")
        await on.recado.started()
        await on.outsider.write(ANA, "m1")
        await on.asked(1)
        await fill(on.outsider, 1.0)
        await on.recado.restarted()
        await on.recado.said("append_refused", decision="TurnAdopted")
        await give(on, 4 * LIMIT)
        await on.log.ended(ANA, "m1")
        await on.kept_its_promises()


async def test_a_log_that_is_nearly_full(tmp_path: Path) -> None:
    """The rest is for endings: gateways take nothing in, no turn starts, and every place where one looks says why."""
    async with small_log(tmp_path) as on:
        await fill(on.outsider, 0.95)
        await on.recado.started()
        await on.recado.said("log_fills_up")
        status, told = await on.recado.asked("/readyz")
        assert status == 503
        assert "max_bytes" in told
        said = await on.recado.run("say", ANA.chat, "hello")
        assert said.code == 1
        assert "max_bytes" in said.err
        await on.outsider.write(ANA, "m1")
        seq = await on.outsider.put("in", BOB, b"{not json")
        await on.log.ended(BOB, f"seq:{seq}")
        assert on.log.decided() == ["ignored"]
        await give(on, 4 * LIMIT)
        await on.log.ended(ANA, "m1")
        await on.recado.said("log_has_room_again")
        assert (await on.recado.asked("/readyz"))[0] == 200
        await on.kept_its_promises()


async def test_a_disk_that_is_full_under_the_projection(tmp_path: Path) -> None:
    """The projection cannot be written: recado says so and is not ready; with room again it goes on where it was, and
    the file is in step with the log."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        await on.outsider.write(ANA, "m1")
        await on.log.ended(ANA, "m1")
        largest = max(file.stat().st_size for file in on.recado.data.iterdir())
        resource.prlimit(on.recado.pid, resource.RLIMIT_FSIZE, (largest + 64 * 1024, resource.RLIM_INFINITY))
        for number in range(2, 6):
            await on.outsider.write(ANA, f"m{number}", "x" * 500_000)
        await on.recado.said("projection_unwritable")
        status, told = await on.recado.asked("/readyz")
        assert status == 503
        assert "disk" in told
        resource.prlimit(on.recado.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await on.log.ended(ANA, "m5")
        await on.kept_its_promises()

        async def is_ready() -> bool:
            return (await on.recado.asked("/readyz"))[0] == 200

        # The messages may have been answered before the file could be written again, which is tried every second.
        await until(is_ready)
