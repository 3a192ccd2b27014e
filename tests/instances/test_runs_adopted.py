"""A run that the provider works on outlives the instance that began it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.fleet import fleet


@pytest.mark.parametrize("way", ["kill", "freeze"])
@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_the_new_owner_waits_for_the_very_run(tmp_path: Path, way: str) -> None:
    """The response's id is in the log when the instance is lost: the next owner waits for that response. The
    provider is asked once for each message, and what the lost one heard is not answered."""
    async with fleet(tmp_path, "a", "b", OPENAI_API_MODE="responses", RECADO_RUN_TIMEOUT="60") as those:
        await those.started("a", "b")
        lost = await those.chat_of("b")
        with those.model.holding():
            await those.outsider.write(lost, "m1", "good morning")
            await those.log.seen("run_started", key=lost, times=2)
            if way == "kill":
                those["b"].kill()
            else:
                those["b"].freeze()
            await those.log.seen("turn_adopted", key=lost)
        reply = await those.log.ended(lost, "m1")
        assert reply.msg_id.startswith("a-")
        assert list(those.model.responses.made) == [reply.event.run]
        if way == "freeze":
            those["b"].thaw()
            await those.spread("a", "b")
        await those.answered(lost, "m2", "good night")
        await those.kept_its_promises("a")
        (conversation,) = those.model.responses.conversations.all.values()
        assert conversation.said() == [
            *(("user", "good morning"), ("assistant", "reply to: good morning")),
            *(("user", "good night"), ("assistant", "reply to: good night")),
        ]
        assert those.model.responses.active == []
