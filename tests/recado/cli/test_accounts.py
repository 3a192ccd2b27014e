"""`recado accounts`: numbers of the settings, gateways on the bus, and chats of the projection."""

from __future__ import annotations

from pathlib import Path

import msgspec

from actors.leases.bucket import LeaseBucket
from actors.leases.members import Holder
from events.inbound import Message, Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.profiles import JetStreamProfileLog
from events.profile import Profile
from events.subjects import token
from projections.rebuild import rebuild
from tests.nats_server import NatsServer
from tests.recado.command import Command
from tests.recado.instance import ANA, decide, reply

SHOP = ANA._replace(account="the shop")


async def test_there_is_none(tmp_path: Path, nats_server: NatsServer) -> None:
    """Nothing is made on the server by looking."""
    recado = Command(tmp_path, NATS_URL=nats_server.url)
    done = await recado("accounts")
    assert (done.code, done.out) == (0, "")
    assert (await recado("accounts", "--json")).document == []


async def test_all_that_are_known(
    tmp_path: Path, nats_server: NatsServer, bus: Bus, jetstream_log: JetStreamLog
) -> None:
    """By the settings, by their lease, by their chats; each with its replies."""
    await LeaseBucket(bus).write(f"g.{token('the shop')}", msgspec.json.encode(Holder("cloud-1", "1")), 0, ttl=60)
    await jetstream_log.publish(SHOP, Message(id="m1", text="hello"), msg_id="m1")
    await jetstream_log.publish(SHOP, Receipt(id="x", reply="other", state="sent"), msg_id="x")
    await decide(jetstream_log, reply("m1", key=SHOP), key=SHOP)
    await jetstream_log.publish(ANA, Message(id="m2", text="hello"), msg_id="m2")
    numbers = {"WHATSAPP_NUMBERS": "106540352242922=the shop, 109876543210987"}
    recado = Command(tmp_path, NATS_URL=nats_server.url, RECADO_DATA=".", **numbers)
    bare, shop = (await recado("accounts", "--json")).document
    assert (bare["account"], bare["number"], bare["gateway"]) == ("109876543210987", "109876543210987", False)
    assert (shop["account"], shop["number"], shop["gateway"], shop["queue"]) == (
        "the shop",
        "106540352242922",
        True,
        None,
    )
    await rebuild(jetstream_log, tmp_path)
    bare, local, shop = (await recado("accounts", "--json")).document
    assert (local["account"], local["number"], local["gateway"]) == ("local", None, False)
    assert (local["last_out"], bare["last_in"]) == (None, None)
    assert (shop["queue"], shop["undelivered"], shop["profile"]) == (1, 0, "default")
    assert shop["last_in"] < shop["last_out"]
    table = (await recado("accounts")).out.splitlines()
    assert [line.split()[0] for line in table] == ["ACCOUNT", "109876543210987", "local", "the"]
    shop_at = (await jetstream_log.head()).now
    profiles = await JetStreamProfileLog.open(bus)
    await profiles.write([Profile(name="shop", n=1, at=shop_at, accounts=("the shop",))], expected=0)
    await profiles.close()
    found = {one["account"]: one["profile"] for one in (await recado("accounts", "--json")).document}
    assert found == {"109876543210987": "default", "local": "default", "the shop": "shop@1"}
    assert table[3].split()[2:8] == ["106540352242922", "yes", "default", "-", "1", "0"]
