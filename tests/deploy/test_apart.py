"""Gateways in NATS accounts of their own, as deploy/nats/apart.sh makes them: each reaches its own subjects."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import nats.errors
import pytest

from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from actors.leases.lease import Lease
from actors.leases.members import Holder
from events.decisions import Ignored
from events.inbound import Message, Receipt
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.library import object_of
from events.log import LogError
from events.subjects import ChatKey, account_filter, token
from gateways.names.bucket import AliasBucket
from tests.chaos.process import Recado
from tests.deploy.nats import DEPLOY, DeployedNats
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, message, messages
from tests.recado.instance import AT, decide

SHOP, BAKERY = (ChatKey(account, "5511999990001@s.whatsapp.net") for account in ("shop", "106540352242922"))


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[DeployedNats]:
    """A server with an account for each of two gateways, and the streams that an instance makes."""
    server = DeployedNats(tmp_path / "deployed")
    shutil.copy(DEPLOY / "nats" / "apart.sh", tmp_path)
    shutil.copy(DEPLOY / "nats" / "roles.conf", tmp_path)
    for _again in range(2):
        made = subprocess.run(
            [tmp_path / "apart.sh", server.folder, SHOP.account, BAKERY.account],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
    server.start()
    instance = await server.connect("instance")
    log = await JetStreamLog.open(instance)
    bucket = LeaseBucket(instance)
    assert await bucket.write("m.one", b'{"instance":"one","incarnation":"1"}', 0, ttl=60)
    await AliasBucket.open(instance, makes=True)
    await MediaStore.open(instance, kept=timedelta(hours=1), log_bytes=2**30, replicas=1)
    library = await JetStreamLibrary.open(instance, log_bytes=2**30, replicas=1)
    await library.keep(b"a list")
    await library.close()
    await log.close()
    await instance.close()
    yield server
    server.stop()


async def test_a_gateway_does_its_work_from_its_own_account(apart: DeployedNats) -> None:
    """It takes in, follows, claims, names, keeps a file, buries and holds its lease."""
    bus = await apart.connect("gateway-shop")
    log = await JetStreamLog.join(bus)
    stored = await log.publish(SHOP, Message(id="m1", text="hello"), msg_id="in:m1")
    assert (await log.publish(SHOP, Message(id="m1", text="hello"), msg_id="in:m1")).duplicate
    async with aclosing(log.tail(stored.seq - 1, account_filter("shop"))) as tail:
        assert (await asyncio.wait_for(anext(tail), 60))[0].event == Message(id="m1", text="hello")
        receipt = await log.publish(SHOP, Receipt(id="x", reply="r1", state="sending"), msg_id="x")
        assert (await asyncio.wait_for(anext(tail), 60))[0].seq == receipt.seq
    await log.bury("shop", b"?", reason="test", msg_id="dlq:1")
    names = await AliasBucket.open(bus)
    assert await names.write("shop", "b@lid", "a@lid", await names.last("shop")) is not None
    store = await MediaStore.join(bus)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a file"

    await store.put("meta:1", pieces())
    assert await store.find("meta:1") is not None
    library = await JetStreamLibrary.join(bus)
    assert await library.content(object_of(b"a list")) == b"a list"
    await library.close()
    lease, taken = Lease(LeaseBucket(bus, makes=False), "g.shop", Holder("cloud-1", "1")), asyncio.Event()
    keeping = asyncio.create_task(lease.keep(taken.set, taken.clear))
    await asyncio.wait_for(taken.wait(), 60)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await names.close()
    await log.close()
    await bus.close()


@pytest.mark.slow("an instance and a gateway start")
async def test_a_conversation_through_an_account_of_its_own(apart: DeployedNats, tmp_path: Path) -> None:
    """recado's own gateway works there: what it takes in is answered, and it sends the answer."""
    instance = Recado(tmp_path / "instance", **apart.environment("instance"))
    gateway = Recado(tmp_path / "gateway", command="gateway cloud --account shop", **apart.environment("gateway-shop"))
    async with GraphDouble() as meta:
        try:
            gateway.environment |= {
                "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
                "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
                "WHATSAPP_APP_SECRET": APP_SECRET,
                "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
                "WHATSAPP_GRAPH_URL": meta.url,
                "RECADO_WEBHOOK_PORT": "0",
            }
            gateway.start()
            await instance.started()
            meta.webhook = (await gateway.said("started"))["webhook"]
            await gateway.said("lease_taken")
            await meta.deliver(messages(message("wamid.1", at=int(time.time()), text={"body": "hello"})))
            await meta.until_taken(1)
            assert meta.texts() == ["echo: hello"]
            assert await gateway.stop() == 0
        finally:
            gateway.kill()
            instance.kill()


async def test_a_gateway_reaches_nothing_of_another(apart: DeployedNats) -> None:
    """Where it publishes, asks or listens beyond its number, nobody hears it, and nothing comes."""
    bus = await apart.connect("gateway-shop")
    chat = f"{BAKERY.account}.{token(BAKERY.chat)}"
    for subject in (
        *(f"wa.{kind}.{chat}" for kind in ("in", "edit", "revoke", "receipt", "control")),
        f"wa.control.shop.{token(SHOP.chat)}",
        f"evt.5.shop.{token(SHOP.chat)}.o.reply",
        f"evt.5.shop.{token(SHOP.chat)}.i.in",
        f"wa.dlq.{BAKERY.account}",
        f"wa.account.{BAKERY.account}",
        f"$KV.LEASES.g.{BAKERY.account}",
        "$KV.LEASES.m.one",
        "$KV.LEASES.p.1",
        f"$KV.ALIASES.{BAKERY.account}.x",
        *("$KV.FILES.shop.x", "$O.LIBRARY.C.x", "recado.api.STREAM.MSG.GET.KV_FILES"),
        *(f"recado.api.STREAM.{verb}.EVENTS" for verb in ("DELETE", "PURGE", "UPDATE", "MSG.DELETE")),
        "recado.api.STREAM.PURGE.OBJ_MEDIA",
        "recado.api.STREAM.CREATE.MINE",
        "recado.api.DIRECT.GET.EVENTS",
        "tools.x",
    ):
        with pytest.raises((nats.errors.NoRespondersError, nats.errors.TimeoutError)):
            await bus.request(subject, b"{}", timeout=1)
    for narrow in (account_filter(BAKERY.account), "evt.*.*.*.*.*"):
        create = {"stream_name": "EVENTS", "config": {"name": "x", "filter_subject": narrow, "ack_policy": "none"}}
        with pytest.raises(nats.errors.NoRespondersError):
            await bus.request(f"recado.api.CONSUMER.CREATE.EVENTS.x.{narrow}", json.dumps(create).encode(), timeout=30)
    heard: list[bytes] = []
    for subject in (">", "evt.>", "wa.>", "_INBOX.>", "wa.out.>"):
        await bus.listen(subject, lambda subject, *_: heard.append(subject))
    other = await apart.connect(f"gateway-{BAKERY.account}")
    log = await JetStreamLog.join(other)
    await log.publish(BAKERY, Message(id="m1", text="hello"), msg_id="in:m1")
    await bus.flush()
    assert [subject for subject in heard if b"bakery" in subject or b"106540352242922" in subject] == []
    assert not await _is_leased(bus)
    await log.close()
    await other.close()
    await bus.close()


async def _is_leased(bus: Bus) -> bool:
    bucket = LeaseBucket(bus, makes=False)
    try:
        return await bucket.write(f"g.{BAKERY.account}", b"{}", 0, ttl=60) is not None
    except LeasesUnavailable:
        return False


async def test_no_answer_of_the_server_reaches_the_log(apart: DeployedNats) -> None:
    """A request names the subject of its answer, which is one of its own account's: it cannot make an event."""
    instance = await apart.connect("instance")
    log = await JetStreamLog.open(instance)
    await decide(log, Ignored(messages=("m1",), reason="test", at=AT), key=SHOP)
    before = (await log.head()).last
    bus = await apart.connect("gateway-shop")
    for target in (f"evt.5.shop.{token(SHOP.chat)}.o.reply", f"wa.control.shop.{token(SHOP.chat)}", "$KV.LEASES.p.1"):
        await bus.publish("recado.api.STREAM.MSG.GET.EVENTS", b'{"seq":1}', reply=target)
    await bus.flush()
    mark = await (gateway := await JetStreamLog.join(bus)).publish(SHOP, Message(id="m1", text="x"), msg_id="in:m1")
    assert mark.seq == before + 1
    with pytest.raises(LogError):
        await asyncio.wait_for(gateway.publish(BAKERY, Message(id="m1", text="x"), msg_id="in:m1"), 60)
    await gateway.close()
    await log.close()
    await instance.close()
    await bus.close()
