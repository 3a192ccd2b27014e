"""`recado erase`: what it removed is named by account, and nothing is no success."""

from __future__ import annotations

import asyncio

import pytest

from events.decisions import Erased, Ignored
from events.inbound import Control, Message
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, decide_on

SHOP = ChatKey("1055501234", ANA.chat)


@pytest.fixture
async def known(on_bus: Command, jetstream_log: JetStreamLog) -> Command:
    """Ana has written to two accounts."""
    for key in (ANA, SHOP):
        await jetstream_log.publish(key, Message(id="m1", text="hello"), msg_id="")
    return on_bus


async def obey(log: JetStreamLog, key: ChatKey, **removed: int) -> Control:
    return await decide_on(
        log,
        Control,
        lambda control: [
            Erased(upto=9, at=AT, cause=control.id),
            Erased(upto=9, at=AT, cause=control.id, done=True, **removed),  # type: ignore[arg-type]
        ],
        key=key,
    )


async def test_removed_events_are_named_by_account(known: Command, jetstream_log: JetStreamLog) -> None:
    """One account, and then there is nothing left in it: exit 1."""
    erasing = asyncio.create_task(known("erase", ANA.chat, "--account", "1055501234", "--yes"))
    await obey(jetstream_log, SHOP, events=12, objects=1)
    told = "Erased 5511999990001 in account 1055501234: 12 events, 1 file, 0 threads.\n"
    assert await erasing == (0, told, "")
    async for batch in jetstream_log.tail(0, f"evt.*.{SHOP.account}.*.i.*"):
        for recorded in batch:
            await jetstream_log.erase(recorded.seq)
        break
    again = await known("erase", ANA.chat, "--account", "1055501234", "--yes")
    assert (again.code, again.out) == (1, "")
    assert "in account 1055501234, but in account local (1 message, 0 replies)" in again.err


async def test_every_account_at_once(known: Command, jetstream_log: JetStreamLog) -> None:
    """Each has its line; what one of them refuses is said of that one, with exit 1."""
    erasing = asyncio.create_task(known("erase", ANA.chat, "--all-accounts", "--yes"))
    await obey(jetstream_log, SHOP, events=12)
    await decide_on(
        jetstream_log,
        Control,
        lambda control: [Ignored(messages=(), reason="in_use", at=AT, cause=control.id)],
    )
    assert await erasing == (
        1,
        "Erased 5511999990001 in account 1055501234: 12 events, 0 files, 0 threads.\n",
        "Not done in account local: somebody has written since (in_use)\n",
    )


async def test_programs_are_told_the_same(known: Command, jetstream_log: JetStreamLog) -> None:
    """One document for one account, with the order's id; --account and --all-accounts exclude each other."""
    erasing = asyncio.create_task(known("erase", ANA.chat, "--account", "local", "--yes", "--json"))
    control = await obey(jetstream_log, ANA, events=3)
    assert (await erasing).document == {
        "account": "local", "chat": ANA.chat, "id": control.id, "state": "done", "reason": None,
        "events": 3, "objects": 0, "threads": 0, "left": [],
    }  # fmt: skip
    assert (await known("erase", ANA.chat, "--account", "local", "--all-accounts")).code == 2
