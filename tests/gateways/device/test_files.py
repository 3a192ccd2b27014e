"""Parts on a linked device: files, places, contacts, reactions; choices as numbered text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from neonize.exc import UploadError
from neonize.proto.Neonize_pb2 import UploadResponse

from chat.parts import reading
from events.inbound import Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.parts import FILES, Option, Part
from events.subjects import ChatKey
from gateways.device import sent_files
from gateways.device.messages import messages_of
from gateways.device.outgoing import message_of
from gateways.device.wire import NotSent, Outgoing, Quote
from tests.chat.parts import parts
from tests.gateways.device.events import ANA, GROUP, message
from tests.gateways.device.gateway import Linked, linked
from tests.gateways.replies import decide, events, reply
from tests.waiting import until

KEY = ChatKey("me", ANA)
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 40_000
PICTURE = Part(kind="image", object="MEDIA/menu", mime="image/png", caption="Menu")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device writes at a person's pace; here it is in a hurry."""
    monkeypatch.setattr("gateways.device.sender.EVERY", 0.001)
    monkeypatch.setattr(sent_files, "_FIRST_PAUSE", 0.01)


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def say(me: Linked, id_: str, *said: Part, key: ChatKey = KEY, **fields: Any) -> list[str]:
    """Send a reply of these parts; its receipts once it is settled."""
    await me.store.put("menu", in_pieces(PNG))
    await decide(me.log, reply(id_, key, text=reading(said), parts=said, **fields), key)

    async def settled() -> list[str]:
        found = [one.event for one in await events(me.log, "me")]
        mine = [one for one in found if isinstance(one, Receipt) and one.reply == id_]
        ended = [one for one in mine if one.state in ("accepted", "failed", "parked") and one.part == one.parts]
        return [f"{one.state}{f' {one.error.class_}' if one.error else ''}" for one in mine] if ended else []

    return await until(settled, 30)


async def test_every_kind(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """Each part by itself, in order; what a device cannot send is text, and nothing is fetched from an address."""
    said = (
        PICTURE,
        Part(kind="audio", object="MEDIA/menu", mime="audio/ogg; codecs=opus", voice=True),
        Part(kind="location", latitude=-23.5, longitude=-46.6, name="Bakery"),
        Part(kind="contact", name="Ana", phones=("+55 11 99999-0001",)),
        Part(kind="choices", text="Which?", choices=(Option(id="s", title="Small"), Option(id="l", title="Large"))),
        Part(kind="image", url="https://example.org/a.png"),
        Part(kind="link", text="Pay", url="https://example.org/pay", title="Pay"),
        Part(kind="text", text="**Thank** you"),
    )
    async with linked(bus, jetstream_log, data_dir) as me:
        assert await say(me, "r1", *said) == ["sending", "accepted"] * len(said)
        sent = [one if isinstance(one, str) else one.part.kind for _, one, _ in me.phone.sent]
        assert sent == [
            "image", "audio", "location", "contact", "Which?\n\n1. Small\n2. Large", "📷\nhttps://example.org/a.png",
            "Pay\nhttps://example.org/pay", "*Thank* you",
        ]  # fmt: skip
        assert me.phone.uploads == [("image", PNG), ("audio", PNG)]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Part(kind="image", object="MEDIA/gone", caption="Menu"), "file_removed"),
        (Part(kind="image", object="LIBRARY/" + 64 * "0", caption="Menu"), "file_removed"),
        (Part(kind="sticker", object="MEDIA/large"), "file_too_large"),
    ],
)
async def test_a_file_that_cannot_go(
    bus: Bus, jetstream_log: JetStreamLog, data_dir: Path, part: Part, reason: str
) -> None:
    """Its words go under its number, and the receipt says why."""
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.store.put("large", in_pieces(bytes(600_000)))
        assert await say(me, "r1", part, PICTURE) == ["sending", f"accepted {reason}", "sending", "accepted"]
        assert me.phone.texts == [reading((part,))]


async def test_an_upload_that_fails(
    bus: Bus, jetstream_log: JetStreamLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again, as nothing was sent; in the end the words go."""
    async with linked(bus, jetstream_log, data_dir) as me:
        me.phone.upload_failures += [NotSent("websocket not connected"), UploadError("500"), TimeoutError()]
        assert await say(me, "r1", PICTURE) == ["sending", "accepted"]
        monkeypatch.setattr(sent_files, "PATIENCE", 0.0)
        me.phone.upload_failures += [UploadError("500")]
        assert await say(me, "r2", PICTURE) == ["sending", "accepted file_not_uploaded"]
        assert me.phone.texts == ["📷\nMenu"]


async def test_a_reaction(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """To a message that is remembered; else it is its emoji."""
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(message("A1", "one"))
        await say(me, "r1", Part(kind="reaction", to="A1", emoji="👍"), Part(kind="reaction", to="A0", emoji="👍"))
        (_, first, _), (_, second, _) = me.phone.sent
        assert isinstance(first, Outgoing)
        assert first.target == Quote("A1", ANA, "one")
        assert second == "👍"


async def test_a_file_quotes(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    async with linked(bus, jetstream_log, data_dir) as me:
        await me.phone.bring(message("A1", "one"))
        await say(me, "r1", PICTURE, quote="A1")
        assert [quote for _, _, quote in me.phone.sent] == [Quote("A1", ANA, "one")]


UPLOADED = UploadResponse(
    url="https://mmg.whatsapp.net/1", DirectPath="/1", MediaKey=b"k", FileEncSHA256=b"e", FileSHA256=b"s", FileLength=9
)


@given(parts())
def test_every_part_is_a_message(part: Part) -> None:
    """None is blank, and each file has what a phone needs to load it."""
    for one in messages_of(reply("r1", text=reading((part,)), parts=(part,))):
        if isinstance(one, str):
            assert one.strip()
            continue
        outgoing = Outgoing(one, "image/png", UPLOADED if one.kind in FILES else None, Quote("A1", ANA, "one"))
        made = message_of(GROUP, outgoing, Quote("A1", ANA, "one"))
        ((field, content),) = made.ListFields()
        if one.kind in FILES:
            assert (content.URL, content.mediaKey, content.fileLength) == (UPLOADED.url, b"k", 9)
        if one.kind != "reaction":
            assert content.contextInfo.stanzaID == "A1", field.name


def test_a_contact_cannot_write_lines_of_its_card() -> None:
    part = Part(kind="contact", name="Ana\nTEL:+1;x,y", phones=("+55 (11) 99999\n0001",))
    card = message_of(ANA, Outgoing(part), None).contactMessage.vcard
    assert card.splitlines()[2:5] == [
        "N:;Ana TEL:+1\\;x\\,y;;;",
        "FN:Ana TEL:+1\\;x\\,y",
        "TEL;type=CELL;waid=5511999990001:+5511999990001",
    ]


def test_our_own_message_is_reacted_to_as_ours() -> None:
    part = Part(kind="reaction", to="r1", emoji="👍")
    key = message_of(GROUP, Outgoing(part, target=Quote("3EB0", "", "words")), None).reactionMessage.key
    assert (key.fromMe, key.ID, key.participant) == (True, "3EB0", "")
    key = message_of(GROUP, Outgoing(part, target=Quote("A1", ANA, "one")), None).reactionMessage.key
    assert (key.fromMe, key.ID, key.participant) == (False, "A1", ANA)


def test_a_sound_of_ogg_names_its_codec() -> None:
    """Without it WhatsApp takes the sound, and never delivers it."""
    part = Part(kind="audio", object="MEDIA/x", mime="audio/ogg", voice=True)
    made = message_of(ANA, Outgoing(part, "audio/ogg", UPLOADED), None)
    assert made.audioMessage.mimetype == "audio/ogg; codecs=opus"
