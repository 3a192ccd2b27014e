"""A person changes the phone number, as Meta tells it: who is asked, who is answered, and who is a stranger.

The payloads are those of Meta's reference of system messages (2026-05, and as of 2026-08-11 with the former user ids).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from events.inbound import Control, Message, Receipt, ReceiptError
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from gateways.cloud.sender import CloudSender
from gateways.delivery.sender import Part
from gateways.names import followed
from gateways.names.bucket import JOINED, AliasBucket
from gateways.names.names import Names
from tests.doubles.graph_server import GraphDouble
from tests.doubles.graph_webhooks import body, change, contact, message, messages
from tests.gateways.cloud.gateway import cloud_gateway
from tests.gateways.names.given import following
from tests.gateways.replies import decide, events, reply
from tests.waiting import until

OLD, NEW = "16505551234", "12195555358"
OLD_JID, NEW_JID = f"{OLD}@s.whatsapp.net", f"{NEW}@s.whatsapp.net"
AT = 1_790_000_000
NEXT_JID = f"{OLD}~{AT}@s.whatsapp.net"
USERS = ("US.13491208655302741918", "US.24817305912873645029")


def changed(type_: str = "user_changed_number", *, number: str | None = OLD, at: int = AT, **system: Any) -> bytes:
    told = {"body": f"User Sheena Nelson changed from {OLD} to {NEW}", "type": type_, **system}
    return messages(message("wamid.change", "system", sender=number, at=at, system=told))


def update(*users: str, **fields: Any) -> bytes:
    said = {"user_id": {"previous": users[0], "current": users[1]}, "timestamp": str(AT), **fields}
    return body(change("user_id_update", user_id_update=[said]))


class House(NamedTuple):
    names: Names
    meta: GraphDouble
    log: JetStreamLog

    async def write(self, id_: str, number: str | None, user: str | None = None, at: int = AT + 60) -> str:
        """The person writes. Returns the chat of the message."""
        text = message(id_, sender=number, at=at, from_user_id=user)
        assert await self.meta.post(messages(text, contacts=[contact(number, user_id=user)])) == 200
        return dict(await self.stored("text"))[id_]

    async def stored(self, kind: str) -> list[tuple[str, str]]:
        found = [(one.key.chat, one.event) for one in await events(self.log, "shop")]
        return [(event.id, chat) for chat, event in found if isinstance(event, Message) and event.kind == kind]

    async def joins(self) -> list[tuple[str, str | None, str | None]]:
        found = [(one.key.chat, one.event) for one in await events(self.log, "shop")]
        return [(chat, event.from_, event.into) for chat, event in found if isinstance(event, Control)]


@asynccontextmanager
async def house(bus: Bus, log: JetStreamLog, data_dir: Path) -> AsyncIterator[House]:
    async with (
        following(bus, log, "shop") as names,
        GraphDouble() as meta,
        cloud_gateway(log, meta, data_dir, people=names),
    ):
        yield House(names, meta, log)


@pytest.mark.parametrize(
    "told",
    [
        changed(wa_id=NEW),
        changed("customer_changed_number", new_wa_id=NEW),
        changed(wa_id=NEW, user_id=USERS[1], previous_user_id=USERS[0]),
        changed(wa_id=NEW, user_id=USERS[1], previous_user_id=USERS[0], number=None),
        update(*USERS, wa_id=NEW),
    ],
)
async def test_the_chat_goes_on_under_the_new_number(
    told: bytes, bus: Bus, jetstream_log: JetStreamLog, data_dir: Path
) -> None:
    """The old chat is ordered to close into the new one, once, however often it is told. Who writes from the old number
    later has a new chat, and an answer goes to that number."""
    async with house(bus, jetstream_log, data_dir) as all_:
        assert await all_.write("m1", OLD, USERS[0], AT - 60) == OLD_JID
        for _ in range(2):
            assert await all_.meta.post(told) == 200
        assert await all_.joins() == [(NEW_JID, OLD_JID, None), (OLD_JID, None, NEW_JID)]
        assert [chat for _, chat in await all_.stored("system")] == [NEW_JID]
        assert await all_.write("m2", NEW, USERS[1]) == NEW_JID
        assert await all_.write("s1", OLD) == NEXT_JID
        stranger = await all_.write("s2", OLD, "US.777")
        assert stranger in (NEXT_JID, "US.777@bsuid")
        assert await all_.write("s3", None, "US.777") == stranger
        # These came late: the person wrote them before the change.
        assert await all_.write("m3", OLD, at=AT - 30) == OLD_JID
        assert await all_.write("m4", OLD, USERS[0], at=AT - 30) in (OLD_JID, NEW_JID)
        assert await all_.write("m5", None, USERS[0], at=AT - 30) in (OLD_JID, NEW_JID)
        assert await all_.meta.post(told) == 200
        assert len(await all_.joins()) == 2
        key = ChatKey("shop", NEXT_JID)
        await decide(jetstream_log, reply("r1", key), key)
        await all_.meta.until_taken(1)
        assert all_.meta.taken[0].to == OLD


@pytest.mark.parametrize("first", [OLD, "551187654321"])
async def test_written_from_the_new_number_before_the_change_was_told(
    first: str, bus: Bus, jetstream_log: JetStreamLog, data_dir: Path
) -> None:
    """With the same user id: the message is in the chat of the old number. Once the change is told, that chat closes
    into the new number's, answers go there, and who writes from the old number is a stranger."""
    old = f"{first}@s.whatsapp.net"
    told = messages(
        message("wamid.c", "system", sender=first, at=AT, system={"type": "user_changed_number", "wa_id": NEW})
    )
    async with house(bus, jetstream_log, data_dir) as all_:
        assert await all_.write("m1", first, USERS[0], AT - 60) == old
        assert await all_.write("m2", NEW, USERS[0], AT - 30) == old
        for _ in range(2):
            assert await all_.meta.post(told) == 200
        assert await all_.joins() == [(NEW_JID, old, None), (old, None, NEW_JID)]
        assert await all_.write("m3", NEW, USERS[0]) == NEW_JID
        assert await all_.write("m4", None, USERS[0]) == NEW_JID
        assert await all_.write("s1", first, "US.777") != NEW_JID
        assert await all_.write("s2", first) not in (NEW_JID, old)
        key = ChatKey("shop", old)
        await decide(jetstream_log, reply("r1", key), key)
        await all_.meta.until_taken(1)
        assert all_.meta.taken[0].to == NEW


async def test_a_reply_of_the_old_chat(
    bus: Bus, jetstream_log: JetStreamLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn of the old chat ends after the change, or its reply was decided before and is sent again: it goes to the
    new number, however often that changed, and never to the old one."""
    monkeypatch.setattr("gateways.cloud.sender.pause", lambda *_: 0.05)
    async with house(bus, jetstream_log, data_dir) as all_:
        await all_.write("wamid.1", OLD, USERS[0], AT - 60)
        old = ChatKey("shop", OLD_JID)
        all_.meta.fail("error", code=131056, times=10_000)  # refused for now, and sent again
        await decide(jetstream_log, reply("r1", old, in_reply_to=("wamid.1",)), old)
        await until(lambda: all_.meta.refused)
        assert await all_.meta.post(changed(wa_id=NEW)) == 200
        all_.meta.heal()
        await decide(jetstream_log, reply("r2", old), old)
        await all_.meta.until_taken(2)
        assert [(one.to, one.text) for one in all_.meta.taken] == [(NEW, "text of r1"), (NEW, "text of r2")]
        assert await all_.write("m2", NEW) == NEW_JID
        third = "4915735991111"
        again = message(
            "wamid.again", "system", sender=NEW, at=AT + 99, system={"type": "user_changed_number", "wa_id": third}
        )
        assert await all_.meta.post(messages(again)) == 200
        assert await all_.write("s1", OLD) == NEXT_JID
        await decide(jetstream_log, reply("r3", old), old)
        new = ChatKey("shop", NEW_JID)
        await decide(jetstream_log, reply("r4", new), new)
        stranger = ChatKey("shop", NEXT_JID)
        await decide(jetstream_log, reply("r5", stranger), stranger)
        await all_.meta.until_taken(5)
        assert {(one.to, one.text) for one in all_.meta.taken[2:]} == {
            (third, "text of r3"), (third, "text of r4"), (OLD, "text of r5")
        }  # fmt: skip
        assert all_.names.canonical("shop", OLD_JID) == NEXT_JID


async def test_a_reply_before_the_names_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number may be another person's by now, so nothing is sent; it is tried again, later each time."""
    monkeypatch.setattr(followed, "_TOLD_WITHIN", 0.01)
    nothing = cast("Any", None)

    async def may_join() -> bool:
        return True

    sender = CloudSender(nothing, "me", people=Names(MemoryLog(), nothing, may_join=may_join), uploads=nothing)
    outcomes = [await sender.send(Part("me", OLD_JID, "r1", "hello")) for _ in range(3)]
    assert [(outcome.state, outcome.after) for outcome in outcomes] == [("later", 1.0), ("later", 2.0), ("later", 4.0)]


async def test_nobody_knows_the_new_number(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """The old number is another person's, and the log does not say any more who had it: the reply fails."""
    async with house(bus, jetstream_log, data_dir) as all_:
        old = ChatKey("shop", OLD_JID)
        await (await AliasBucket.open(bus)).write("shop", OLD_JID, NEXT_JID, 0, JOINED)
        await until(lambda: all_.names.changed_hands("shop", OLD_JID))
        await decide(jetstream_log, reply("r1", old), old)

        async def failed() -> list[ReceiptError | None]:
            found = [one.event for one in await events(jetstream_log, "shop")]
            return [event.error for event in found if isinstance(event, Receipt) and event.state == "failed"]

        (error,) = await until(failed)
        assert error is not None
        assert error.class_ == "recipient"
        assert all_.meta.taken == []


@pytest.mark.parametrize("written", [0, 1, 2])
async def test_a_gateway_dies_between_two_entries(
    written: int, bus: Bus, jetstream_log: JetStreamLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person was known by a user id first, and the change names none. Meta tells it again, and another gateway
    finishes: the chat closes, once, and the number is nobody's."""
    first = f"{USERS[0]}@bsuid"
    write, left = AliasBucket.write, [written]

    async def writing(self: AliasBucket, *entry: Any) -> int | None:
        if left[0] == 0:
            raise LogUnavailable("the gateway dies here")
        left[0] -= 1
        return await write(self, *entry)

    async with house(bus, jetstream_log, data_dir) as all_:
        assert await all_.write("m1", None, USERS[0], AT - 60) == first
        assert await all_.write("m2", OLD, USERS[0], AT - 50) == first
        with monkeypatch.context() as dying:
            dying.setattr(AliasBucket, "write", writing)
            assert await all_.meta.post(changed(wa_id=NEW)) == 503
    async with house(bus, jetstream_log, data_dir / "another") as all_:
        for _ in range(2):
            assert await all_.meta.post(changed(wa_id=NEW)) == 200
        assert await all_.joins() == [(NEW_JID, first, None), (first, None, NEW_JID)]
        assert await all_.write("m3", NEW) == NEW_JID
        assert await all_.write("s1", OLD) == NEXT_JID


async def test_the_new_number_was_met_before(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """The person wrote from it, with the same user id, before the change was told: the old one is theirs no more."""
    async with house(bus, jetstream_log, data_dir) as all_:
        chat = await all_.write("m1", None, USERS[0], AT - 60)
        assert await all_.write("m2", OLD, USERS[0], AT - 50) == chat
        assert await all_.write("m3", NEW, USERS[0], AT - 40) == chat
        assert await all_.meta.post(changed(wa_id=NEW)) == 200
        assert await all_.write("m4", NEW) == chat
        assert await all_.write("s1", OLD) == NEXT_JID


async def test_only_the_user_id_is_told(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """Meta cannot share the new number: the chat goes on under the new id, and replies to the old number stop."""
    async with house(bus, jetstream_log, data_dir) as all_:
        await all_.write("m1", OLD, USERS[0], AT - 60)
        told = changed("user_changed_user_id", user_id=USERS[1], previous_user_id=USERS[0])
        assert await all_.meta.post(told) == 200
        chat = f"{USERS[1]}@bsuid"
        assert await all_.joins() == [(chat, OLD_JID, None), (OLD_JID, None, chat)]
        assert await all_.write("m2", None, USERS[1]) == chat
        assert await all_.write("m3", OLD, USERS[1]) == chat
        assert await all_.write("s1", OLD) == NEXT_JID


async def test_there_and_back(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    async with house(bus, jetstream_log, data_dir) as all_:
        await all_.write("m1", OLD, at=AT - 60)
        assert await all_.meta.post(changed(wa_id=NEW)) == 200
        back = message(
            "wamid.back", "system", sender=NEW, at=AT + 9, system={"type": "user_changed_number", "wa_id": OLD}
        )
        assert await all_.meta.post(messages(back)) == 200
        assert (await all_.joins())[2:] == [(NEXT_JID, NEW_JID, None), (NEW_JID, None, NEXT_JID)]
        assert await all_.write("m2", OLD) == NEXT_JID


async def test_numbers_of_others(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """A change that is told of somebody else moves nobody: the number had another owner, then or now."""
    async with house(bus, jetstream_log, data_dir) as all_:
        await all_.write("m1", OLD, "US.1", AT - 60)
        await all_.write("m2", NEW, "US.2", AT - 60)
        assert await all_.meta.post(changed(wa_id=NEW, user_id="US.4", previous_user_id="US.3")) == 200
        assert await all_.joins() == []
        assert await all_.write("m3", OLD, "US.1") == OLD_JID
        assert await all_.write("m4", NEW, "US.2") == NEW_JID
        assert await all_.write("m5", NEW, "US.4") == "US.4@bsuid"


async def test_a_person_of_whom_nothing_is_known(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """No chat begins, and the old number is as free as any."""
    async with house(bus, jetstream_log, data_dir) as all_:
        assert await all_.meta.post(changed(wa_id=NEW)) == 200
        assert await all_.stored("system") == []
        assert await all_.write("s1", OLD) == OLD_JID


@pytest.mark.parametrize(
    "told",
    [
        changed(wa_id=None),
        changed(wa_id=OLD),
        changed(wa_id=NEW, number=None),
        changed(wa_id="none"),
        messages(message("m", "system", system={"type": "user_changed_number", "wa_id": NEW}) | {"timestamp": "soon"}),
        update("", USERS[1]),
    ],
)
async def test_a_change_that_says_too_little(
    told: bytes, bus: Bus, jetstream_log: JetStreamLog, data_dir: Path
) -> None:
    """It is kept as a dead letter, and changes nothing."""
    async with house(bus, jetstream_log, data_dir) as all_:
        await all_.write("m1", OLD, USERS[0], AT - 60)
        assert await all_.meta.post(told) == 200
        assert await all_.joins() == []
        assert (await bus.jetstream().stream_info("DLQ")).state.messages == 1
        assert await all_.write("m2", OLD) == OLD_JID
