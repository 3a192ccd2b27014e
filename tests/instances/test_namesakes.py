"""Two instances bear one name: RECADO_INSTANCE or a data folder was copied."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.fleet import fleet


async def test_the_later_one_has_the_name(tmp_path: Path) -> None:
    """As after a restart. The other one names the fault, in its log and on /readyz, and takes nothing back while the
    name is borne: no message is answered twice, and no chat goes to and fro. When the name is free, it has it again."""
    async with fleet(tmp_path, "a") as those:
        second = those.member("second", RECADO_INSTANCE="a")
        await those.started("a")
        those.model.fail("hang")
        key = await those.chat_of("a")
        await those.outsider.write(key, "m1")
        await those.model.until(lambda requests: len(requests) == 1)
        second.start()
        await those.healthy("second")
        said = await those["a"].said("namesake", instance="a")
        assert "RECADO_INSTANCE" in said["help"]
        status, told = await those["a"].asked("/readyz")
        assert status == 503
        assert "RECADO_INSTANCE" in told
        later = (await those.log.ended(key, "m1")).msg_id.rpartition(":")[0]
        for number in range(2, 6):
            assert await those.answered(key, f"m{number}") == later
        assert [line.get("event") for line in those["a"].lines()].count("joined") == 1
        assert "namesake" not in [line.get("event") for line in second.lines()]
        assert await second.stop() == 0
        await those.healthy("a")
        assert await those.answered(key, "m6") != later
        await those.kept_its_promises("a")
