"""Two instances on one bus: one answers, the other stands by and takes over."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.outsider import ANA, BOB
from tests.chaos.process import recado
from tests.chaos.stage import stage


@pytest.mark.parametrize("way", ["SIGKILL", "SIGTERM"])
async def test_the_second_takes_over(tmp_path: Path, way: str) -> None:
    """The first one goes in the middle of a run: the second adopts it and answers; when the first is back, it stands
    by."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        with recado(tmp_path / "second", **on.recado.settings) as second:
            second.start()
            await second.said("stands_by")
            status, told = await second.asked("/readyz")
            assert status == 503
            assert "stands by" in told
            on.model.fail("hang")
            await on.outsider.write(ANA, "m1")
            await on.asked(1)
            if way == "SIGKILL":
                on.recado.kill()
            else:
                assert await on.recado.stop() == 0
            await second.ready()
            await on.log.ended(ANA, "m1")
            assert "turn_adopted" in on.log.decided()
            on.recado.start()
            await on.recado.said("stands_by")
            await on.outsider.write(ANA, "m2")
            await on.log.ended(ANA, "m2")
            await on.kept_its_promises()
            await second.is_verified()


async def test_the_first_was_only_asleep(tmp_path: Path) -> None:
    """It is frozen in the middle of a run, as a laptop's lid is closed. The second one adopts the turn; when the first
    wakes up, it decides nothing any more."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        with recado(tmp_path / "second", **on.recado.settings) as second:
            second.start()
            await second.said("stands_by")
            on.model.latency = 0.5
            await on.outsider.write(ANA, "m1")
            await on.asked(1)
            on.recado.freeze()
            await on.outsider.write(BOB, "m1")
            await second.ready()
            await on.log.ended(ANA, "m1")
            await on.log.ended(BOB, "m1")
            decided = len(on.log.decided())
            on.recado.thaw()
            await on.recado.said("lease_lost")
            await on.outsider.write(ANA, "m2")
            await on.log.ended(ANA, "m2")
            await on.kept_its_promises()
            sleeper = on.log.events[1].msg_id.rpartition(":")[0]
            later = [recorded for recorded in on.log.events if recorded.side == "o"][decided:]
            assert sleeper not in {recorded.msg_id.rpartition(":")[0] for recorded in later}
            assert await on.recado.stop(signal.SIGTERM) == 0


async def test_the_server_was_only_asleep(tmp_path: Path) -> None:
    """nats-server is frozen with a reply on its way, for longer than a lease lasts: recado stops to answer, and goes on
    when the server does."""
    async with stage(tmp_path) as on:
        await on.recado.started()
        on.model.latency = 0.5
        await on.outsider.write(ANA, "m1")
        await on.asked(1)
        on.server.freeze()
        await on.recado.said("lease_lost")
        on.server.thaw()
        await on.log.ended(ANA, "m1")
        on.model.latency = 0.0
        await on.outsider.write(ANA, "m2")
        await on.log.ended(ANA, "m2")
        await on.kept_its_promises()


async def test_two_of_the_same_name(tmp_path: Path) -> None:
    """A copied RECADO_INSTANCE: the second one is given the lease, as it would be after a restart; the first one says
    what is wrong and stands by. Nobody is answered twice."""
    async with stage(tmp_path, RECADO_INSTANCE="blue") as on:
        await on.recado.started()
        with recado(tmp_path / "second", **on.recado.settings) as second:
            on.model.fail("hang")
            await on.outsider.write(ANA, "m1")
            await on.asked(1)
            await second.started()
            await on.recado.said("namesake", instance="blue")
            await on.log.ended(ANA, "m1")
            await on.outsider.write(ANA, "m2")
            await on.log.ended(ANA, "m2")
            await on.kept_its_promises()
            assert await second.stop() == 0
