"""A host's clock says what it likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.fleet import fleet

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


@pytest.mark.parametrize("seconds", [86_400 * 400, -86_400 * 400], ids=["a year ahead", "a year back"])
async def test_it_jumps_in_the_middle_of_everything(tmp_path: Path, seconds: int) -> None:
    """One of two instances finds itself in another year, with a run under way: it keeps its chats, and nothing is
    stale, late or early. Another is killed, and the one with the wrong clock takes over."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(CLOCK)
    async with fleet(tmp_path, latency=1.0) as those:
        those.member("a")
        those.member("b", PYTHONPATH=str(tmp_path / "path"), CLOCK_FILE=str(clock))
        before = await those.started("a", "b")
        mine, other = await those.chat_of("b"), await those.chat_of("a")
        await those.outsider.write(mine, "m1")
        await those.model.until(lambda requests: len(requests) == 1)
        clock.write_text(str(seconds))
        assert (await those.log.ended(mine, "m1")).msg_id.startswith("b-")
        ending = await those.log.ended(mine, "m1")
        assert ending.type == "reply"
        assert abs((ending.at - ending.event.at).total_seconds()) < 3600, "a time of the host's stands in the log"
        assert (await those.leases()).owners == before.owners
        those["a"].kill()
        assert (await those.answered(other, "m1")).startswith("b-")
        assert (await those.log.ended(other, "m1")).type == "reply"
        await those.kept_its_promises("b")
