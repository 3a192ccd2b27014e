"""Names of people on the bus: one canonical name, whoever learns of it, in whichever order."""

from __future__ import annotations

import asyncio

import pytest
from nats.js.api import KeyValueConfig

from events.inbound import Control, Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from events.subjects import ChatKey
from gateways.intake import Intake
from gateways.names.bucket import BUCKET, STREAM, AliasBucket
from gateways.names.names import Names
from gateways.names.person import Person
from tests.gateways.names.given import _no, following
from tests.gateways.replies import events
from tests.nats_server import NatsServer
from tests.waiting import until

ANA, ANA_LID, ANA_USER = "12025550143@s.whatsapp.net", "99887766@lid", "US.1349@bsuid"
LONG, SHORT = "5511987654321@s.whatsapp.net", "551187654321@s.whatsapp.net"


async def test_the_first_name_stays(bus: Bus, jetstream_log: JetStreamLog) -> None:
    async with following(bus, jetstream_log) as one, following(bus, jetstream_log) as two:
        assert await one.person("me", (ANA, ANA_LID)) == Person(ANA, (ANA_LID,))
        assert (await two.person("me", (ANA_LID, ANA_USER))).chat == ANA
        await until(lambda: one.canonical("me", ANA_USER) == ANA)
        assert set(one.family("me", ANA_USER)) == {ANA, ANA_LID, ANA_USER}
        assert one.canonical("other", ANA_LID) == ANA_LID
    async with following(bus, jetstream_log, None) as again:
        assert again.at_once("me", (ANA_USER,)) == Person(ANA, again.family("me", ANA)[1:])


async def test_two_written_forms(bus: Bus, jetstream_log: JetStreamLog) -> None:
    """An operator writes to the long form; the person answers from the short one."""
    async with following(bus, jetstream_log) as names:
        control = Control(id="1", command="send", text="Hi")
        await jetstream_log.publish(ChatKey("me", LONG), control, msg_id="1")
        intake = Intake(jetstream_log, names)
        await intake.store(ChatKey("me", SHORT), Message(id="A", text="Hello"))
        found = [one for one in await events(jetstream_log, "me") if isinstance(one.event, Message)]
        assert [(one.key.chat, one.event.aliases) for one in found] == [(LONG, (SHORT,))]  # type: ignore[union-attr]


async def test_names_in_the_bucket_stay_valid(bus: Bus, jetstream_log: JetStreamLog) -> None:
    """As a release before this one wrote it: a name for itself too, without any header of ours."""
    bucket = await bus.jetstream().create_key_value(KeyValueConfig(bucket=BUCKET))
    await bucket.create("me.12025550143=40s=2Ewhatsapp=2Enet", ANA_LID.encode())
    await bucket.create("me.99887766=40lid", ANA_LID.encode())
    async with following(bus, jetstream_log) as names:
        assert await names.person("me", (ANA, ANA_LID)) == Person(ANA_LID, (ANA,))
        await names.erase("me", (ANA,))
        assert names.canonical("me", ANA) == ANA
        assert b"12025550143" not in str((await bus.jetstream().stream_info(STREAM)).state).encode()


async def test_many_gateways_at_once(bus: Bus, jetstream_log: JetStreamLog) -> None:
    """Each learns of another pair of the same five names at the same moment: there is one canonical name, no circle."""
    every = [ANA, ANA_LID, ANA_USER, "US.777@bsuid", "55443322@lid"]
    async with following(bus, jetstream_log) as one, following(bus, jetstream_log) as two:
        pairs = [(every[n], every[(n + step) % 5]) for step in (1, 2) for n in range(5)]
        by = [one, two] * 5
        await asyncio.gather(*(names.person("me", pair) for names, pair in zip(by, pairs, strict=True)))

        async def agreed() -> bool:
            return len({names.canonical("me", name) for names in (one, two) for name in every}) == 1

        await until(agreed)


async def test_an_erased_name_is_forgotten_everywhere(bus: Bus, jetstream_log: JetStreamLog) -> None:
    async with following(bus, jetstream_log) as one, following(bus, jetstream_log) as two:
        await one.person("me", (ANA, ANA_LID))
        await until(lambda: two.canonical("me", ANA_LID) == ANA)
        await one.erase("me", (ANA_LID,))
        await until(lambda: two.canonical("me", ANA_LID) == ANA_LID)
        state = (await bus.jetstream().stream_info(STREAM, subjects_filter=">")).state
        assert state.subjects is None or not any("99887766" in subject for subject in state.subjects)


async def test_a_number_with_another_user_is_a_stranger(bus: Bus, jetstream_log: JetStreamLog) -> None:
    """Carriers give numbers to other people: the user's id tells."""
    stranger = "US.666@bsuid"
    async with following(bus, jetstream_log) as names:
        await names.person("me", (ANA, ANA_USER))
        assert await names.person("me", (ANA, stranger)) == Person(stranger)
        assert (await names.person("me", (ANA_USER,))).chat == ANA
        # A parent's id that is known makes the user's new id one of theirs.
        await names.person("me", (ANA, ANA_USER, "US.PARENT.1@bsuid"))
        assert (await names.person("me", (ANA, "US.9@bsuid", "US.PARENT.1@bsuid"))).chat == ANA


async def test_intake_refuses_without_the_bucket(
    bus: Bus, jetstream_log: JetStreamLog, nats_server: NatsServer
) -> None:
    """Rather than begin a second chat: before the names are known, and for a name that cannot be written."""
    bucket = await AliasBucket.open(bus, makes=True)
    intake = Intake(jetstream_log, Names(jetstream_log, bucket, "me", may_join=_no))
    with pytest.raises(LogUnavailable):
        await intake.store(ChatKey("me", ANA), Message(id="A", text="Hello"))
    async with following(bus, jetstream_log) as names:
        await bus.jetstream().delete_stream(STREAM)
        with pytest.raises(LogUnavailable):
            await Intake(jetstream_log, names).store(ChatKey("me", ANA), Message(id="A", text="x", aliases=(ANA_LID,)))
    assert await jetstream_log.last_of(ChatKey("me", ANA)) == 0


async def test_two_chats_of_one_person_wait_for_the_upgrade(bus: Bus, jetstream_log: JetStreamLog) -> None:
    """While an older instance is there, both keep their names; afterwards the younger joins the older."""
    for number, chat in enumerate((ANA_LID, ANA)):
        await jetstream_log.publish(ChatKey("me", chat), Message(id=f"M{number}", text="Hello"), msg_id=str(number))
    async with following(bus, jetstream_log, joins=False) as names:
        assert await names.person("me", (ANA, ANA_LID)) == Person(ANA)
        assert await names.person("me", (ANA_LID, ANA)) == Person(ANA_LID)
    async with following(bus, jetstream_log) as names:
        assert await names.person("me", (ANA, ANA_LID)) == Person(ANA_LID, (ANA,))
        orders = [(one.key.chat, one.event) for one in await events(jetstream_log, "me") if one.type == "control"]
        assert orders == [
            (ANA_LID, Control(id=f"join:{ANA}", command="join", from_=ANA)),
            (ANA, Control(id=f"join:{ANA}", command="join", into=ANA_LID)),
        ]
        assert names.at_once("me", (ANA,)) == Person(ANA_LID, (ANA,))
