"""The linked device's inbox, on a real nats-server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from neonize.proto.Neonize_pb2 import Message as MessageEvent
from neonize.proto.Neonize_pb2 import Receipt
from neonize.proto.waE2E import WAWebProtobufsE2E_pb2 as e2e

from chat.attachments import LARGEST_READ
from chat.gates import ME
from events.inbound import Edit, Revoke
from events.inbound import Receipt as Noted
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from events.subjects import ChatKey
from tests.gateways.device.events import ANA, ANA_LID, GROUP, TOM, TOM_LID, edit, message, receipt, revoke
from tests.gateways.device.gateway import dead_letters, linked
from tests.gateways.replies import decide, events, reply
from tests.waiting import until

KEY = ChatKey("me", ANA)


async def test_a_message_is_stored_before_the_next_is_looked_at(
    bus: Bus, jetstream_log: JetStreamLog, data_dir: Path
) -> None:
    """Twice the same counts once."""
    async with linked(bus, jetstream_log, data_dir) as me:
        for _ in range(2):
            await me.phone.bring(message("A1", "hello"))
        await me.phone.bring(message("A2", edit("A1", "hello!")))
        await me.phone.bring(message("A3", revoke("A1")))
        await me.phone.bring(message("A4", "from my own hand", me=True))
        await me.phone.bring(message("A5", "status", chat="status@broadcast"))
        found = [recorded.event for recorded in await events(jetstream_log, "me")]
        assert [(type(event).__name__, event.id) for event in found] == [  # type: ignore[union-attr]
            ("Message", "A1"),
            ("Edit", "A2"),
            ("Revoke", "A3"),
            ("Message", "A4"),
        ]
        assert [event.from_me for _, event in await me.messages()] == [False, True]
        assert isinstance(found[1], Edit)
        assert isinstance(found[2], Revoke)


async def test_one_chat_by_whichever_name(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """The first canonical name stays; the others are told as aliases, and hold over a restart."""
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(message("A1", chat=ANA_LID, alt=ANA))
        await me.phone.bring(message("A2", chat=ANA_LID))
        await me.phone.bring(message("A3", chat=ANA))
        # Whose number nobody knows keeps the LID, also when the number is told later.
        await me.phone.bring(message("T1", chat=TOM_LID))
        await me.phone.bring(message("T2", chat=TOM_LID, alt=TOM))
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(message("A4", chat=ANA_LID))
        await me.phone.bring(message("T3", chat=TOM))
        found = [(chat, event.id, event.aliases) for chat, event in await me.messages()]
    assert found == [
        (ANA, "A1", (ANA_LID,)),
        (ANA, "A2", (ANA_LID,)),
        (ANA, "A3", (ANA_LID,)),
        (TOM_LID, "T1", ()),
        (TOM_LID, "T2", (TOM,)),
        (ANA, "A4", (ANA_LID,)),
        (TOM_LID, "T3", (TOM,)),
    ]


async def test_the_owner_is_mentioned(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """By number or by LID: then the bot is meant, whatever RECADO_MENTIONS says."""
    own, own_lid = "5511977777777@s.whatsapp.net", "55555555@lid"
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.owner = (own, own_lid)
        for number, name in enumerate((own, own_lid, TOM)):
            context = e2e.ContextInfo(mentionedJID=[name])
            body = e2e.Message(extendedTextMessage=e2e.ExtendedTextMessage(text="you?", contextInfo=context))
            await me.phone.bring(message(f"A{number}", body, chat=GROUP, sender=ANA))
        assert [event.mentions for _, event in await me.messages()] == [(own, ME), (own_lid, ME), (TOM,)]


async def test_the_device_knows_the_number(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """A LID alone is looked up in what whatsmeow has learnt; a group's people are named in the same way."""
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.numbers[ANA_LID] = ANA
        await me.phone.bring(message("A1", chat=ANA_LID))
        await me.phone.bring(message("G1", chat=GROUP, sender=ANA_LID))
        found = [(chat, event.sender, event.group) for chat, event in await me.messages()]
    assert found == [(ANA, None, False), (GROUP, ANA, True)]


async def test_unstorable_messages_are_kept(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """As it came, with the reason; what comes after it is not held up."""
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(message("A1", "x", chat="nobody@nowhere"))
        await me.phone.bring(message("A2", "after it"))
        assert [event.id for _, event in await me.messages()] == ["A2"]
        (letter,) = await dead_letters(bus)
        assert "linked%20device" in letter.headers["Recado-Reason"]
        assert MessageEvent.FromString(letter.body).Info.ID == "A1"


async def test_a_defect_loses_no_message(
    bus: Bus, jetstream_log: JetStreamLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with linked(bus, jetstream_log, data_dir) as me:

        async def broken(lid: str) -> str | None:
            raise RuntimeError(f"no {lid}")

        monkeypatch.setattr(me.phone, "number_of", broken)
        await me.phone.bring(message("A1", chat=ANA_LID))
        await me.phone.bring(message("A2"))
        assert [event.id for _, event in await me.messages()] == ["A2"]
        assert len(await dead_letters(bus)) == 1


async def test_an_outage_holds_the_phone_up(
    bus: Bus, jetstream_log: JetStreamLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the log does not take is tried until it does, and the next event is not brought meanwhile."""
    async with linked(bus, jetstream_log, data_dir) as me:
        publish, refused = jetstream_log.publish, []

        async def refuse(*args: Any, **kwargs: Any) -> Any:
            if len(refused) < 2:
                refused.append(args)
                raise LogUnavailable("away")
            return await publish(*args, **kwargs)

        monkeypatch.setattr(jetstream_log, "publish", refuse)
        await me.phone.bring(message("A1"))
        assert len(refused) == 2
        assert [event.id for _, event in await me.messages()] == ["A1"]


async def test_files(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """The message first, then its file; one that is not to be had is given up with the reason."""
    picture = e2e.Message(imageMessage=e2e.ImageMessage(mimetype="image/png", fileLength=4))
    large = e2e.Message(imageMessage=e2e.ImageMessage(mimetype="image/png", fileLength=2**30))
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.files["A1"] = b"\x89PNG"
        for id_, body in (("A1", picture), ("A2", picture), ("A3", large)):
            await me.phone.bring(message(id_, body))
        assert [event.id for _, event in await me.messages()] == ["A1", "A2", "A3"]
        assert await until(lambda: me.store.read("meta:me.A1")) == b"\x89PNG"
        gone = await until(lambda: me.store.find("meta:me.A2"))
        assert gone is not None
        assert (gone.reason, "KeyError" in gone.detail) == ("not_fetched", True)
        gone = await until(lambda: me.store.find("meta:me.A3"))
        assert gone is not None
        assert gone.reason == "too_large"


@pytest.mark.parametrize("kind", sorted(LARGEST_READ))
async def test_a_file_that_models_take_is_loaded(
    bus: Bus, jetstream_log: JetStreamLog, data_dir: Path, kind: str
) -> None:
    """People may send 2 GB to a linked device: the Cloud API's 5 MB of a picture are no limit here."""
    largest = LARGEST_READ[kind]
    files = {
        "image": lambda size: e2e.Message(imageMessage=e2e.ImageMessage(mimetype="image/png", fileLength=size)),
        "audio": lambda size: e2e.Message(audioMessage=e2e.AudioMessage(mimetype="audio/ogg", fileLength=size)),
        "document": lambda size: e2e.Message(documentMessage=e2e.DocumentMessage(mimetype="a/b", fileLength=size)),
    }
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.files["A1"] = me.phone.files["A2"] = b"some"
        for id_, size in (("A1", largest), ("A2", largest + 1)):
            await me.phone.bring(message(id_, files[kind](size)))
        assert await until(lambda: me.store.read("meta:me.A1")) == b"some"
        gone = await until(lambda: me.store.find("meta:me.A2"))
        assert gone is not None
        assert gone.reason == "too_large"


async def test_receipts(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """Delivered and read are told of a reply by the id that the device gave it, also after a restart; what the owner's
    other devices say, and what is said of other messages, is not."""

    async def noted() -> list[tuple[str, str]]:
        found = [recorded.event for recorded in await events(jetstream_log, "me")]
        return [(event.reply, event.state) for event in found if isinstance(event, Noted)]

    async with linked(bus, jetstream_log, data_dir) as me:
        await decide(jetstream_log, reply("r1", KEY), KEY)
        await until(lambda: me.phone.texts == ["text of r1"])
        await me.phone.bring(receipt("3EB0OUT1", type_=Receipt.DELIVERED))
        await me.phone.bring(receipt("3EB0OUT1", type_=Receipt.READ_SELF))
        await me.phone.bring(receipt("3EB0OUT1", me=True))
        await me.phone.bring(receipt("3EB0BYHAND"))
        unknown = receipt("3EB0OUT1")
        unknown.ClearField("Type")
        await me.phone.bring(unknown)
        await until(lambda: _in(noted, ("r1", "delivered")))
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(receipt("3EB0OUT1", "3EB0BYHAND", type_=Receipt.READ))
        await until(lambda: _in(noted, ("r1", "read")))
    assert await noted() == [("r1", "sending"), ("r1", "accepted"), ("r1", "delivered"), ("r1", "read")]


async def _in(noted: Any, wanted: tuple[str, str]) -> bool:
    return wanted in await noted()
