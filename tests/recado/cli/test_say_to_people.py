"""`recado say` and `recado gateway terminal` into an account whose answers go to real phones."""

from __future__ import annotations

import asyncio

import pytest

from actors.leases.bucket import LeaseBucket
from events.inbound import Message, Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from tests.recado.command import Command
from tests.recado.instance import ANA, decide_on, reply

SHOP = ANA._replace(account="1055501234")


async def leased(bus: Bus, log: JetStreamLog) -> dict[str, str]:
    await LeaseBucket(bus).write("g.1055501234", b'{"instance": "cloud-1f", "incarnation": "1"}', 0)
    return {}


async def sent_before(bus: Bus, log: JetStreamLog) -> dict[str, str]:
    await log.publish(SHOP, Receipt(id="c1", reply="r0", state="sent", provider_id="wamid.1"), msg_id="c1")
    return {}


async def configured(bus: Bus, log: JetStreamLog) -> dict[str, str]:
    return {"WHATSAPP_PHONE_NUMBER_ID": "1055501234"}


@pytest.mark.parametrize("served", [leased, sent_before, configured])
async def test_nothing_is_said_to_people_without_yes(
    on_bus: Command, jetstream_log: JetStreamLog, bus: Bus, served: object
) -> None:
    """A gateway of a real number runs, has run, or is set up here: exit 1, and nothing is stored. With --yes it is."""
    variables = await served(bus, jetstream_log)  # type: ignore[operator]
    before = (await jetstream_log.head()).last
    done = await on_bus("say", ANA.chat, "hello", "--account", SHOP.account, **variables)
    assert (done.code, done.out) == (1, "")
    assert "account 1055501234 is that of a real number" in done.err
    assert "--yes" in done.err
    typing = await on_bus("gateway", "terminal", ANA.chat, "--account", SHOP.account, **variables)
    assert (typing.code, typing.out) == (1, "")
    assert "--yes" in typing.err
    assert (await jetstream_log.head()).last == before
    asking = asyncio.create_task(on_bus("say", ANA.chat, "hello", "--account", SHOP.account, "--yes", **variables))
    await decide_on(jetstream_log, Message, lambda message: [reply(message.id, key=SHOP)], key=SHOP)
    assert (await asking).out == "hello yourself\n"


async def test_a_simulated_phone_stays_in_its_account(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """`local`, also where a WhatsApp number is set up and the person is known to it; programs are told the ids."""
    await jetstream_log.publish(SHOP, Message(id="m0", text="hello"), msg_id="")
    asking = asyncio.create_task(on_bus("say", ANA.chat, "hello", "--json", WHATSAPP_PHONE_NUMBER_ID=SHOP.account))
    message = await decide_on(jetstream_log, Message, lambda message: [reply(message.id, id="r1", turn="t1")])
    assert (await asking).document == {
        "account": "local", "chat": ANA.chat, "id": message.id, "ending": "reply", "reply": "r1", "turn": "t1",
        "text": "hello yourself",
    }  # fmt: skip
