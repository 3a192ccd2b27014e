"""The simulated phone network: people write, phones take every reply and show when it was read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from events.inbound import Message
from events.jid import is_canonical
from events.log import EventLog
from gateways.local.simulator import CONTACTS, Simulator
from tests.gateways.replies import ANA, delivering, events, receipts, say, until_noted

FICTITIOUS = re.compile(r"1\d{3}55501\d\d|447700900\d{3}|3363998\d{4}|61491570(006|110|15[6-9]|313|737)")


@pytest.mark.parametrize("contact", CONTACTS, ids=lambda contact: contact.name)
def test_contacts_belong_to_no_person(contact: object) -> None:
    """Every number lies in a range that its country keeps free for fiction."""
    chat = contact.chat  # type: ignore[attr-defined]
    assert is_canonical(chat)
    assert FICTITIOUS.fullmatch(chat.partition("@")[0])


async def test_a_person_writes(log: EventLog) -> None:
    """The message comes in under the contact's name; a stranger's under the given one."""
    simulator = Simulator(log, "local")
    stored = await simulator.publish(ANA.chat, "hello", id="m1")
    await simulator.publish("5511999999999@s.whatsapp.net", "hi", "Zé", id="m2")
    found = await events(log)
    assert [r.event for r in found] == [
        Message(id="m1", text="hello", name="Ana Lima"),
        Message(id="m2", text="hi", name="Zé"),
    ]
    assert found[0].seq == stored.seq


async def test_a_reply_is_delivered_and_read(log: EventLog, data_dir: Path) -> None:
    """Each step is a receipt; `read` comes when the person has the chat open, however often that is said."""
    simulator = Simulator(log, "local")
    async with delivering(log, simulator, data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 delivered")
    await simulator.read(ANA.chat, ["r1"])
    await simulator.read(ANA.chat, ["r1"])
    assert await receipts(log, "r1") == ["sending", "delivered", "read"]
