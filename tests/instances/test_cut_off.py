"""The network between one instance and the bus is cut, and neither side is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.chaos.fleet import fleet
from tests.chaos.nats_proxy import Frame, appends
from tests.waiting import until


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_its_late_decisions_are_refused(tmp_path: Path) -> None:
    """Its reply is on the way when the network goes. Others adopt the turn and answer; when the network is back, the
    old reply arrives and is refused, because the chat has moved on. The instance drops its work and goes on."""
    async with fleet(tmp_path, "a", "b", "c", wired="b") as those:
        before = await those.started("a", "b", "c")
        (wire,) = those.wire
        late: list[Frame] = []

        def noted(frame: Frame) -> bool:
            if appends("reply")(frame):
                late.append(frame)
            return False

        wire.hold_before(noted)
        lost = await those.chat_of("b")
        with those.model.holding():
            await those.outsider.write(lost, "m1")
            await those.model.until(lambda requests: len(requests) == 1)
            wire.part()
        reply = await those.log.ended(lost, "m1")
        assert not reply.msg_id.startswith("b-")
        await those.spread("a", "c")
        assert not late
        wire.heal()

        async def as_before() -> bool:
            return (await those.spread("a", "b", "c")).owners == before.owners

        await until(as_before)
        await those.healthy("b")
        assert late, "the reply that was on its way never arrived"
        refused = re.findall(rb"Nats-Msg-Id: (b-\S+)", late[0].raw)
        assert len(refused) == 1
        assert refused[0].decode() not in [recorded.msg_id for recorded in those.log.events]
        assert (await those.answered(lost, "m2")).startswith("b-")
        assert those["b"].starts == 1
        await those.kept_its_promises("b")
