"""Each kind of message, made of neonize's own classes, becomes an event or a notice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from neonize.proto.Neonize_pb2 import Message as MessageEvent
from neonize.proto.waCommon.WACommon_pb2 import MessageKey
from neonize.proto.waE2E import WAWebProtobufsE2E_pb2 as e2e

from events.inbound import Edit, Media, Message, Revoke
from events.jid import MalformedJid
from events.references import Choice, Location, Product, Referral
from gateways.device.parsing import Arrived, Notice, parse
from tests.gateways.device.events import ANA, ANA_LID, GROUP, ME, NOON_MS, TOM, TOM_LID, edit, message, revoke

Body = e2e.Message
FILE = {"mimetype": "application/x", "fileLength": 12, "fileSHA256": b"\x01\x02"}


def arrived(event: Any) -> Arrived:
    found = parse(event, "me")
    assert isinstance(found, Arrived)
    return found


def read(body: Any) -> Message:
    event = arrived(message(body=body)).event
    assert isinstance(event, Message)
    return event


def test_a_text() -> None:
    """Times are in milliseconds; the sender is the chat."""
    found = arrived(message("3EB0AA01", "hello"))
    assert (found.chat, found.sender) == ((ANA,), ())
    assert found.event == Message(
        id="3EB0AA01", text="hello", name="Ana", at=datetime.fromtimestamp(NOON_MS / 1000, UTC)
    )
    assert found.event.at.microsecond == 123_000  # type: ignore[union-attr]


def test_times_that_are_none() -> None:
    for wrong in (0, -5, 2**62):
        event = message()
        event.Info.Timestamp = wrong
        assert arrived(event).event.at is None


def test_the_size_of_a_file_that_is_none() -> None:
    """It has 64 bits in WhatsApp's message, and 63 in a database."""
    for size, told in ((0, None), (12, 12), (2**64 - 1, None)):
        media = read(Body(imageMessage=e2e.ImageMessage(**{**FILE, "fileLength": size}))).media
        assert media is not None
        assert media.size == told


def extended(**context: Any) -> Any:
    """A text with this `ContextInfo`."""
    return Body(extendedTextMessage=e2e.ExtendedTextMessage(text="hi", contextInfo=e2e.ContextInfo(**context)))


@pytest.mark.parametrize(
    ("chat", "alt", "expected"),
    [
        ("12025550143:12@s.whatsapp.net", "", (ANA,)),
        ("12025550143@c.us", "", (ANA,)),
        ("90071992547409.1:3@lid", "", (ANA_LID,)),
        (ANA_LID, "12025550143:7@s.whatsapp.net", (ANA, ANA_LID)),
        (ANA, ANA_LID, (ANA, ANA_LID)),
    ],
)
def test_names_of_a_person(chat: str, alt: str, expected: tuple[str, ...]) -> None:
    """Device and agent go; the phone number comes first, whichever way WhatsApp addresses the person."""
    assert arrived(message(chat=chat, alt=alt)).chat == expected


def test_a_group() -> None:
    """The chat is the group, the sender one of its people."""
    found = arrived(message(chat=GROUP, sender="80081881818181:5@lid", alt=TOM))
    assert (found.chat, found.sender) == ((GROUP,), (TOM, TOM_LID))
    assert found.event.group  # type: ignore[union-attr]


def test_words_of_the_owner() -> None:
    """The chat is whom it went to, by either name."""
    found = arrived(message(chat=ANA_LID, me=True, to_alt=ANA))
    assert (found.chat, found.sender) == ((ANA, ANA_LID), ())
    assert found.event.from_me  # type: ignore[union-attr]
    assert arrived(message(chat=GROUP, me=True)).sender == ()


@pytest.mark.parametrize(
    ("chat", "sender"),
    [
        ("status@broadcast", ANA),
        ("120363040000000009@newsletter", None),
        ("13135550002@s.whatsapp.net", None),
        ("867051314767696@bot", None),
        (GROUP, "13135550002@s.whatsapp.net"),
    ],
)
def test_events_without_a_chat(chat: str, sender: str | None) -> None:
    assert parse(message(chat=chat, sender=sender), "me") == Notice("not_a_chat")


@pytest.mark.parametrize(
    "body",
    [
        Body(),
        Body(senderKeyDistributionMessage=e2e.SenderKeyDistributionMessage(groupID=GROUP)),
        Body(protocolMessage=e2e.ProtocolMessage(type=e2e.ProtocolMessage.EPHEMERAL_SETTING, ephemeralExpiration=60)),
        Body(protocolMessage=e2e.ProtocolMessage(type=e2e.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE)),
    ],
)
def test_messages_for_devices_alone(body: Any) -> None:
    assert parse(message(body=body), "me") == Notice("for_devices")


def test_edit_and_revoke() -> None:
    assert arrived(message("N1", edit("A1", "better"))).event == Edit(
        id="N1", of="A1", text="better", at=datetime.fromtimestamp(NOON_MS / 1000, UTC)
    )
    assert arrived(message("N2", revoke("A1"))).event == Revoke(
        id="N2", of="A1", at=datetime.fromtimestamp(NOON_MS / 1000, UTC)
    )
    caption = Body(imageMessage=e2e.ImageMessage(caption="new caption", **FILE))
    key = MessageKey(ID="A1")
    rewritten = e2e.ProtocolMessage(type=e2e.ProtocolMessage.MESSAGE_EDIT, key=key, editedMessage=caption)
    event = arrived(message("N3", Body(protocolMessage=rewritten))).event
    assert isinstance(event, Edit)
    assert event.text == "new caption"


def test_quoted_and_mentioned() -> None:
    """A mention that is no person's name is left out, and the sender key that comes along is nothing to read."""
    context = e2e.ContextInfo(stanzaID="A0", participant=ME, mentionedJID=["5511999999999:3@s.whatsapp.net", "all@x"])
    said = read(
        Body(
            extendedTextMessage=e2e.ExtendedTextMessage(text="@5511999999999 you?", contextInfo=context),
            senderKeyDistributionMessage=e2e.SenderKeyDistributionMessage(groupID=GROUP),
        )
    )
    assert (said.kind, said.text, said.quoted, said.mentions) == ("text", "@5511999999999 you?", "A0", (ME,))
    caption = read(Body(imageMessage=e2e.ImageMessage(caption="this", contextInfo=context, **FILE)))
    assert (caption.quoted, caption.mentions) == ("A0", (ME,))


@pytest.mark.parametrize(
    ("body", "kind", "text", "more"),
    [
        (Body(imageMessage=e2e.ImageMessage(caption="look", **FILE)), "image", "look", {}),
        (Body(imageMessage=e2e.ImageMessage(**FILE)), "image", None, {}),
        (Body(audioMessage=e2e.AudioMessage(PTT=True, **FILE)), "audio", None, {"voice": True}),
        (Body(audioMessage=e2e.AudioMessage(**FILE)), "audio", None, {}),
        (Body(videoMessage=e2e.VideoMessage(caption="see", **FILE)), "video", "see", {}),
        (Body(ptvMessage=e2e.VideoMessage(**FILE)), "video", None, {}),
        (Body(documentMessage=e2e.DocumentMessage(fileName="a.pdf", **FILE)), "document", None, {"filename": "a.pdf"}),
        (Body(stickerMessage=e2e.StickerMessage(**FILE)), "sticker", None, {}),
    ],
)
def test_files(body: Any, kind: str, text: str | None, more: dict[str, Any]) -> None:
    """Each names the object that its file will be."""
    said = read(body)
    assert (said.kind, said.text) == (kind, text)
    assert (said.unsupported is not None) == (kind == "unsupported")
    assert said.media == Media(object="meta:me.3EB0AA01", mime="application/x", size=12, sha256="0102", **more)


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (
            Body(locationMessage=e2e.LocationMessage(degreesLatitude=-23.5, degreesLongitude=-46.6, name="Praça")),
            "location",
            "Location: Praça (-23.5, -46.6)",
        ),
        (
            Body(liveLocationMessage=e2e.LiveLocationMessage(degreesLatitude=1, degreesLongitude=2, caption="here")),
            "location",
            "Location: 1, 2\nhere",
        ),
        (
            Body(contactMessage=e2e.ContactMessage(displayName="Tom", vcard="BEGIN:VCARD\r\nTEL;waid=1:+1 202\r\nEND")),
            "contact",
            "Contact: Tom, +1 202",
        ),
        (
            Body(contactsArrayMessage=e2e.ContactsArrayMessage(contacts=[e2e.ContactMessage(displayName="Mei")])),
            "contact",
            "Contact: Mei",
        ),
        (Body(reactionMessage=e2e.ReactionMessage(text="👍", key=MessageKey(ID="A1"))), "reaction", "👍"),
        (Body(buttonsResponseMessage=e2e.ButtonsResponseMessage(selectedDisplayText="Yes")), "button", "Yes"),
        (Body(listResponseMessage=e2e.ListResponseMessage(title="S", description="small")), "button", "S (small)"),
        (Body(pollCreationMessage=e2e.PollCreationMessage(name="when?")), "unsupported", None),
        (Body(callLogMesssage=e2e.CallLogMessage()), "unsupported", None),
    ],
)
def test_other_kinds(body: Any, kind: str, text: str | None) -> None:
    said = read(body)
    assert (said.kind, said.text) == (kind, text)
    if kind == "reaction":
        assert said.quoted == "A1"


@pytest.mark.parametrize(
    ("body", "inner"),
    [
        (Body(pollCreationMessageV3=e2e.PollCreationMessage(name="when?")), "poll_creation"),
        (Body(groupInviteMessage=e2e.GroupInviteMessage()), "group_invite"),
        (Body(callLogMesssage=e2e.CallLogMessage()), "call_log"),
        (Body(pollUpdateMessage=e2e.PollUpdateMessage()), "poll_update"),
    ],
)
def test_the_type_of_an_unknown_field(body: Any, inner: str) -> None:
    """By the name that the Cloud API has for it."""
    assert read(body).unsupported == inner


def test_unreadable_files() -> None:
    """It says why, so that it can be kept as a dead letter."""
    with pytest.raises(MalformedJid):
        parse(message(chat="nobody@nowhere"), "me")
    with pytest.raises(ValueError, match="257 characters"):
        parse(message("A" * 257), "me")
    with pytest.raises(ValueError, match="0 characters"):
        parse(message("A1", revoke("")), "me")


def test_every_field_of_whatsapps_format_is_read_or_named() -> None:
    """None of them makes parsing fail, empty as it may be: what is not known is `unsupported`."""
    for field in Body.DESCRIPTOR.fields:
        body = Body()
        if field.type == field.TYPE_MESSAGE:
            getattr(body, field.name).SetInParent()
        else:
            body.conversation = "x"
        assert parse(MessageEvent.FromString(message(body=body).SerializeToString()), "me")


def referring(body: Any) -> dict[str, Any]:
    said = read(body)
    names = ("choice", "referral", "product", "location", "answers")
    return {name: value for name in names if (value := getattr(said, name)) is not None}


@pytest.mark.parametrize(
    ("body", "refers"),
    [
        (
            Body(buttonsResponseMessage=e2e.ButtonsResponseMessage(selectedButtonID="b", selectedDisplayText="Rye")),
            {"choice": Choice(id="b", title="Rye")},
        ),
        (
            Body(templateButtonReplyMessage=e2e.TemplateButtonReplyMessage(selectedID="p", selectedDisplayText="Yes")),
            {"choice": Choice(id="p", title="Yes", source="template")},
        ),
        (
            Body(
                listResponseMessage=e2e.ListResponseMessage(
                    title="Rye", singleSelectReply=e2e.ListResponseMessage.SingleSelectReply(selectedRowID="r")
                )
            ),
            {"choice": Choice(id="r", title="Rye", source="list")},
        ),
        (
            Body(
                interactiveResponseMessage=e2e.InteractiveResponseMessage(
                    body=e2e.InteractiveResponseMessage.Body(text="Sent"),
                    nativeFlowResponseMessage=e2e.InteractiveResponseMessage.NativeFlowResponseMessage(
                        name="flow", paramsJSON='{"day": "Monday"}'
                    ),
                )
            ),
            {"choice": Choice(id="flow", title="Sent", source="flow"), "answers": {"day": "Monday"}},
        ),
        (
            Body(
                interactiveResponseMessage=e2e.InteractiveResponseMessage(
                    body=e2e.InteractiveResponseMessage.Body(text="Rye"),
                    nativeFlowResponseMessage=e2e.InteractiveResponseMessage.NativeFlowResponseMessage(
                        name="quick_reply", paramsJSON='{"id": "q1"}'
                    ),
                )
            ),
            {"choice": Choice(id="q1", title="Rye")},
        ),
        (
            Body(locationMessage=e2e.LocationMessage(degreesLatitude=37.4611978, degreesLongitude=-122.15, name="Bar")),
            {"location": Location(latitude=37.4611978, longitude=-122.15, name="Bar")},
        ),
        (
            extended(
                externalAdReply=e2e.ContextInfo.ExternalAdReplyInfo(
                    title="Rye", body="Today", sourceType="ad", sourceID="7", sourceURL="https://x", ctwaClid="c"
                )
            ),
            {
                "referral": Referral(
                    source="ad", source_id="7", url="https://x", headline="Rye", body="Today", click_id="c"
                )
            },
        ),
        (extended(externalAdReply=e2e.ContextInfo.ExternalAdReplyInfo(title="a link's preview")), {}),
        (
            extended(
                quotedMessage=Body(
                    productMessage=e2e.ProductMessage(
                        businessOwnerJID="me@s", product=e2e.ProductMessage.ProductSnapshot(retailerID="rye")
                    )
                )
            ),
            {"product": Product(catalog="me@s", id="rye")},
        ),
    ],
)
def test_references_of_a_message(body: Any, refers: dict[str, Any]) -> None:
    """The same fields as those of the Cloud API."""
    assert referring(body) == refers


@pytest.mark.parametrize(
    ("context", "forwarded"),
    [({}, 0), ({"isForwarded": True, "forwardingScore": 1}, 1), ({"isForwarded": True, "forwardingScore": 5}, 2)],
)
def test_forwarded(context: dict[str, Any], forwarded: int) -> None:
    assert read(extended(**context)).forwarded == forwarded
