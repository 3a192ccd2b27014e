"""A person of the Cloud API has one chat, whichever of their names a webhook or Meta's answer uses."""

from __future__ import annotations

from pathlib import Path

from events.inbound import Message, Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from gateways.names.bucket import STREAM
from tests.doubles.graph_server import GraphDouble
from tests.doubles.graph_webhooks import body, change, contact, message, messages
from tests.gateways.cloud.gateway import cloud_gateway
from tests.gateways.names.given import following
from tests.gateways.replies import decide, events, reply
from tests.waiting import until

LONG, SHORT = "5511987654321", "551187654321"
LONG_JID = f"{LONG}@s.whatsapp.net"


async def chats(log: JetStreamLog) -> list[tuple[str, str]]:
    found = [one for one in await events(log, "shop") if isinstance(one.event, Message) and one.event.kind == "text"]
    return [(one.event.id, one.key.chat) for one in found if isinstance(one.event, Message)]


async def test_every_name_leads_to_one_chat(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """By number and user id, by the other form, by the user id alone, by its successor, by the parent's id."""
    user, parent = "BR.13491208655302741918", "BR.ENT.11815799212886844830"
    async with (
        following(bus, jetstream_log, "shop") as names,
        GraphDouble() as meta,
        cloud_gateway(jetstream_log, meta, data_dir, people=names),
    ):
        person = contact(SHORT, user_id=user) | {"parent_user_id": parent}
        assert await meta.post(messages(message("wamid.1", sender=SHORT), contacts=[person])) == 200
        assert await meta.post(messages(message("wamid.2", sender=LONG), contacts=[contact(LONG)])) == 200
        alone = message("wamid.3", sender=None, from_user_id=user)
        assert await meta.post(messages(alone, contacts=[contact(None, user_id=user)])) == 200
        update = {"wa_id": SHORT, "user_id": {"previous": user, "current": "BR.777"}, "timestamp": "1790000000"}
        assert await meta.post(body(change("user_id_update", user_id_update=[update]))) == 200
        later = message("wamid.4", sender=None, from_user_id="BR.777")
        assert await meta.post(messages(later, contacts=[contact(None, user_id="BR.777")])) == 200
        upper = message("wamid.5", sender=None, from_user_id="BR.888", from_parent_user_id=parent)
        assert await meta.post(messages(upper, contacts=[contact(None, user_id="BR.888")])) == 200
        assert await chats(jetstream_log) == [(f"wamid.{n}", f"{SHORT}@s.whatsapp.net") for n in range(1, 6)]


async def test_a_number_of_another_person(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """Carriers give numbers to strangers: another user id tells, and the stranger sees nothing of the former chat."""
    async with (
        following(bus, jetstream_log, "shop") as names,
        GraphDouble() as meta,
        cloud_gateway(jetstream_log, meta, data_dir, people=names),
    ):
        for number, user in enumerate(("BR.1", "BR.2", "BR.1", "BR.2")):
            webhook = messages(message(f"wamid.{number}", sender=LONG), contacts=[contact(LONG, user_id=user)])
            assert await meta.post(webhook) == 200
        assert [chat for _, chat in await chats(jetstream_log)] == [LONG_JID, "BR.2@bsuid"] * 2


async def test_the_answer_to_a_send_tells_the_true_name(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """It is written before the receipt `accepted`: an answer from it comes to the chat that was written to."""
    async with following(bus, jetstream_log, "shop") as names, GraphDouble() as meta:
        meta.true_names["12025550143"] = "12025550999"  # no plan that is known
        async with cloud_gateway(jetstream_log, meta, data_dir, people=names):
            key = ChatKey("shop", "12025550143@s.whatsapp.net")
            await decide(jetstream_log, reply("r1", key), key)

            async def accepted() -> bool:
                found = await events(jetstream_log, "shop")
                return any(isinstance(one.event, Receipt) and one.event.state == "accepted" for one in found)

            await until(accepted)
            assert names.canonical("shop", "12025550999@s.whatsapp.net") == key.chat
            answer = messages(message("wamid.1", sender="12025550999"), contacts=[contact("12025550999")])
            assert await meta.post(answer) == 200
            assert await chats(jetstream_log) == [("wamid.1", key.chat)]


async def test_a_webhook_waits_for_the_names(bus: Bus, jetstream_log: JetStreamLog, data_dir: Path) -> None:
    """Rather than begin a second chat it is refused; WhatsApp sends it again."""
    async with (
        following(bus, jetstream_log, "shop") as names,
        GraphDouble() as meta,
        cloud_gateway(jetstream_log, meta, data_dir, people=names),
    ):
        await bus.jetstream().delete_stream(STREAM)
        webhook = messages(message("wamid.1", sender=LONG), contacts=[contact(LONG, user_id="BR.1")])
        assert await meta.post(webhook) == 503
        assert await chats(jetstream_log) == []
