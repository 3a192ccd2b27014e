"""A host's clock says what it likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.fleet import fleet
from tests.waiting import until

A_YEAR = 86_400 * 365

# Python runs it at the start of every process that finds it on its path.
CLOCK = """
import os, time
_time, _file = time.time, os.environ["CLOCK_FILE"]

def _ahead():
    with open(_file) as file:
        return float(file.read())

time.time = lambda: _time() + _ahead()
time.time_ns = lambda: int(time.time() * 1_000_000_000)
"""


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_it_jumps_in_the_middle_of_everything(tmp_path: Path) -> None:
    """One of two instances finds itself in another year, with a run under way: it keeps its chats, and nothing is
    stale, late or early. The other one is killed, and the one with the wrong clock takes over."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(CLOCK)
    async with fleet(tmp_path) as those:
        those.member("a")
        those.member("b", PYTHONPATH=str(tmp_path / "path"), CLOCK_FILE=str(clock))
        before = await those.started("a", "b")
        mine, other = await those.chat_of("b"), await those.chat_of("a")
        for jump in (A_YEAR, -A_YEAR):
            asked = len(those.model.requests)
            with those.model.holding():
                await those.outsider.write(mine, f"at {jump}")
                await those.model.until(lambda requests, asked=asked: len(requests) > asked)
                clock.write_text(str(jump))
            for id_ in (f"at {jump}", f"after {jump}"):
                if id_.startswith("after"):
                    await those.outsider.write(mine, id_)
                ending = await those.log.ended(mine, id_)
                assert ending.type == "reply"
                assert ending.msg_id.startswith("b-")
                assert abs((ending.at - ending.event.at).total_seconds()) < 3600, "the host's time stands in the log"

        async def owners() -> dict[int, str]:
            return (await those.leases()).owners  # none where the bucket gave no answer in time

        assert await until(owners) == before.owners
        those["a"].kill()
        assert (await those.answered(other, "m1")).startswith("b-")
        assert (await those.log.ended(other, "m1")).type == "reply"
        await those.kept_its_promises("b")
