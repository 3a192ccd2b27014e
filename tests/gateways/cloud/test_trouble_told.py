"""Trouble at WhatsApp, through the real gateway and the real service: who is told of it, and that it ends by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from events.account_update import THROUGHPUT, AccountUpdate, paused
from events.decisions import Attention, Ignored, Reply
from events.recorded import Recorded
from tests.doubles.graph_webhooks import ANA, body, change, contact, news
from tests.gateways.cloud.test_killed import House, house
from tests.waiting import until

HERE = f"{ANA}@s.whatsapp.net"


async def decisions(all_: House) -> list[Recorded]:
    last = (await all_.log.head()).last
    found: list[Recorded] = []
    tail = all_.log.tail(0)
    async for batch in tail:
        found += [recorded for recorded in batch if recorded.side == "o"]
        if batch[-1].seq >= last:
            break
    await tail.aclose()
    return found


async def told_notes(all_: House) -> list[AccountUpdate]:
    """The news of the account, but for its throughput, which the gateway notes at its start."""
    return [update for _, update in await all_.log.notes() if update.field != THROUGHPUT]


@pytest.mark.slow("a service and a gateway start, and a reply waits for its doubt to end")
async def test_a_reply_of_which_nobody_knows_asks_for_a_human(tmp_path: Path) -> None:
    """131000 proves nothing: the reply is parked, the chat asks for a human in the log, and answers the next message.
    News of the account is kept once. A missed call and an opt-out are silent."""
    async with house(tmp_path, RECADO_DOUBT_SECONDS="1") as all_:
        all_.meta.fail(code=131000)
        await all_.write("wamid.in1", "hello")
        await all_.until_receipt("parked")

        async def asked() -> list[Recorded]:
            return [one for one in await decisions(all_) if isinstance(one.event, Attention)]

        await until(asked)
        ((attention,)) = await asked()
        assert isinstance(attention.event, Attention)
        assert (attention.key.chat, attention.event.by) == (HERE, "gateway")
        await all_.gateway.said("reply_unclear")
        for _ in range(2):
            await all_.meta.deliver(news("phone_number_quality_update", event="FLAGGED", current_limit="TIER_250"))
        preference = {"wa_id": ANA, "category": "marketing_messages", "value": "stop", "timestamp": int(time.time())}
        await all_.meta.deliver(body(change("user_preferences", contacts=[contact()], user_preferences=[preference])))
        call = {"id": "wacid.1", "from": ANA, "event": "terminate", "direction": "USER_INITIATED", "status": "FAILED",
                "timestamp": str(int(time.time()))}  # fmt: skip
        await all_.meta.deliver(body(change("calls", contacts=[contact()], calls=[call])))
        await all_.write("wamid.in2", "still there?")
        await all_.meta.until_taken(1)
        assert all_.meta.texts() == ["echo: still there?"]
        notes = await told_notes(all_)
        assert [(update.field, update.value["event"]) for update in notes] == [
            ("phone_number_quality_update", "FLAGGED")
        ]

        async def silent() -> bool:
            ended = [one.event.reason for one in await decisions(all_) if isinstance(one.event, Ignored)]
            return sorted(ended) == ["call", "system"]

        await until(silent)
        assert len([one for one in await decisions(all_) if isinstance(one.event, Reply)]) == 2


@pytest.mark.slow("a service and a gateway start")
async def test_a_payment_that_is_missing_pauses_the_number(tmp_path: Path) -> None:
    """The queue stays, the stream of accounts says why and what to do, and a message that goes out ends it."""
    async with house(tmp_path) as all_:
        all_.meta.fail(code=131042, times=1)
        await all_.write("wamid.in1", "hello")
        await all_.until_receipt("sending")

        async def told() -> bool:
            return bool(paused(await all_.log.notes()))

        await until(told)
        (update,) = await told_notes(all_)
        assert (update.value["code"], "payment" in update.value["do"]) == (131042, True)
        await all_.restart_gateway()  # it would try again after a minute; a new process tries at once
        await all_.meta.until_taken(1)

        async def over() -> bool:
            return not paused(await all_.log.notes())

        await until(over)
        assert all_.meta.texts() == ["echo: hello"]
