"""Each role's user can do the role's work, and nothing else, on the very configuration of deploy/nats."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.leases.bucket import LeaseBucket
from actors.leases.lease import Lease
from actors.leases.members import Holder
from events.inbound import Message, Receipt
from events.jetstream.connection import Bus, BusRefused, BusUntrusted
from events.jetstream.log import JetStreamLog
from events.recorded import Unreadable
from events.subjects import ChatKey, token
from gateways.names.bucket import AliasBucket
from tests.chaos.process import Recado
from tests.deploy.conftest import As
from tests.deploy.nats import ROLES, DeployedNats
from tests.recado.command import Command
from tests.waiting import until

ROOT = Path(__file__).parents[2]
ANA = ChatKey("local", "5511999990001@s.whatsapp.net")
CHAT = f"local.{token(ANA.chat)}"

MAY_PUBLISH = {
    "instance": [
        *(f"evt.5.{CHAT}.o.reply", f"wa.control.{CHAT}", "wa.dlq.local", "$KV.LEASES.p.3", "$SRV.INFO", "tools.prices"),
        *("profile.shop", "$KV.USERS.ana", "$KV.FILES.local.x", "$O.LIBRARY.C.x", "$O.MEDIA.C.x", "$O.MEDIA.M.x"),
        *("$JS.API.STREAM.MSG.DELETE.EVENTS", "$JS.API.STREAM.MSG.DELETE.OBJ_MEDIA"),
    ],
    "gateway": [f"wa.{kind}.{CHAT}" for kind in ("in", "edit", "revoke", "receipt")]
    + ["$KV.LEASES.g.local", "$O.MEDIA.C.x", "$JS.API.STREAM.PURGE.OBJ_MEDIA"],
    "consumer": ["$JS.API.CONSUMER.CREATE.EVENTS.listener.evt.*.*.*.o.reply", "$JS.ACK.EVENTS.listener.1.2.3.4.5"],
    "operator": [
        *(f"wa.{kind}.{CHAT}" for kind in ("control", "edit", "revoke")),
        f"evt.5.{CHAT}.o.thread_created",
        *("profile.shop", "templates.local", "$KV.USERS.ana", "$KV.FILES.local.x", "$O.LIBRARY.C.x", "$O.LIBRARY.M.x"),
        *("$O.MEDIA.C.x", "$O.MEDIA.M.x"),
        "$JS.API.STREAM.SNAPSHOT.EVENTS",
    ],
}
MAY_NOT_PUBLISH = {
    "instance": [
        f"wa.in.{CHAT}",
        # Files of the library are never taken away: a reply may still need them.
        *(f"$JS.API.STREAM.{verb}.OBJ_LIBRARY" for verb in ("UPDATE", "DELETE", "PURGE", "MSG.DELETE")),
        f"evt.5.{CHAT}.i.in",
        "$JS.API.STREAM.PURGE.OBJ_MEDIA",
        "$JS.API.STREAM.SNAPSHOT.EVENTS",
    ],
    "gateway": [
        f"evt.5.{CHAT}.o.reply",
        f"wa.control.{CHAT}",
        f"wa.out.{CHAT}",
        # A profile decides which server reads the conversations.
        "profile.shop",
        "templates.local",
        "_INBOX.operator.x",
        "$JS.API.STREAM.MSG.GET.PROFILES",
        # A user may see every chat.
        *("$KV.USERS.eve", "$JS.API.STREAM.MSG.GET.KV_USERS", "$JS.API.STREAM.INFO.KV_USERS"),
        # A document decides what people are told.
        "kb.shop.prices",
        "$JS.API.STREAM.MSG.GET.KNOWLEDGE",
        *("$KV.FILES.local.x", "$O.LIBRARY.C.x", "$O.LIBRARY.M.x", "$JS.API.STREAM.MSG.GET.KV_FILES"),
        "$KV.LEASES.p.3",
        "$KV.LEASES.m.one",
        "$JS.API.DIRECT.GET.EVENTS",
        "$JS.API.STREAM.UPDATE.EVENTS",
        # A role that changes a stream's republish or subjects can forge orders and replies.
        "$JS.API.STREAM.UPDATE.OBJ_MEDIA",
        "$JS.API.STREAM.CREATE.OBJ_MEDIA",
        "$JS.API.STREAM.CREATE.KV_ALIASES",
        "$JS.API.STREAM.MSG.DELETE.KV_ALIASES",
        "$JS.API.STREAM.MSG.DELETE.EVENTS",
        "$JS.API.CONSUMER.CREATE.DLQ.x",
        "$JS.API.STREAM.SNAPSHOT.EVENTS",
    ],
    "consumer": [
        f"wa.in.{CHAT}",
        f"wa.out.{CHAT}",
        f"wa.receipt.{CHAT}",
        f"evt.5.{CHAT}.o.reply",
        "$JS.API.STREAM.MSG.GET.EVENTS",
        "$JS.API.STREAM.MSG.DELETE.EVENTS",
        "$JS.API.DIRECT.GET.EVENTS",
        "$JS.API.CONSUMER.CREATE.EVENTS.listener.evt.*.*.*.i.in",
        "$JS.API.CONSUMER.CREATE.EVENTS.another.evt.*.*.*.o.reply",
        "$JS.API.CONSUMER.MSG.NEXT.EVENTS.another",
        "$KV.LEASES.g.local",
        "profile.shop",
        "templates.local",
    ],
    "operator": [
        "$JS.API.STREAM.MSG.DELETE.EVENTS",
        f"evt.5.{CHAT}.o.reply",
        f"evt.5.{CHAT}.o.turn_adopted",
        "$KV.LEASES.p.3",
        f"wa.out.{CHAT}",
        # It chooses the bytes of profiles, and a consumer delivers them to any subject.
        "$JS.API.CONSUMER.CREATE.PROFILES.x",
        *("$JS.API.CONSUMER.CREATE.KNOWLEDGE.x", "$JS.API.CONSUMER.CREATE.KV_USERS.x"),
        *("$JS.API.CONSUMER.CREATE.KV_FILES.x", "$JS.API.DIRECT.GET.OBJ_LIBRARY"),
        *(f"$JS.API.STREAM.{verb}.OBJ_LIBRARY" for verb in ("DELETE", "PURGE", "MSG.DELETE")),
    ],
}
FENCE = "nobody.may"
NOBODY = [
    *(f"$JS.API.STREAM.{verb}.EVENTS" for verb in ("DELETE", "PURGE")),
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.DELETE.DLQ",
    "$SYS.REQ.SERVER.PING",
]
MAY_NOT_HEAR = {
    role: [*(f"_INBOX.{other}.>" for other in ROLES if other != role), "_INBOX.>", ">", "evt.>", "wa.in.>", "$JS.>"]
    for role in ROLES
}


async def refusals(bus: Bus, *, publish: str | None = None, hear: str | None = None) -> str:
    """The server's refusal. It does not answer an allowed request, so a forbidden one follows as a fence."""
    with capture_logs() as logs:
        if publish is not None:
            await bus.publish(publish, b"{}")
        if hear is not None:
            await bus.listen(hear, lambda *_: None)
        await bus.publish(FENCE, b"")
        await until(lambda: any(FENCE in entry.get("error", "") for entry in logs))
    return " ".join(entry["error"].lower() for entry in logs if FENCE not in entry.get("error", FENCE))


@pytest.mark.parametrize("role", ROLES)
async def test_permissions_of_each_role(role: str, connected_as: As) -> None:
    """The server refuses every subject that the role does not need, and says so; it refuses no other."""
    bus = await connected_as(role)
    for subject in MAY_PUBLISH[role]:
        assert await refusals(bus, publish=subject) == ""
    for subject in MAY_NOT_PUBLISH[role] + NOBODY:
        assert "permissions violation for publish" in await refusals(bus, publish=subject), subject
    for subject in MAY_NOT_HEAR[role]:
        assert "permissions violation for subscription" in await refusals(bus, hear=subject), subject


def profile_in(folder: Path) -> str:
    (file := folder / "shop.toml").write_text('accounts = ["5511988887777"]')
    return str(file)


async def all_of(names: AliasBucket) -> list[bytes]:
    """The names of the account, in however many batches they come."""
    found: list[bytes] = []
    async with aclosing(names.follow(0, "local")) as changes:
        async for batch, is_all in changes:
            found += [change.name for change in batch]
            if is_all:
                break
    return found


@pytest.mark.slow("an installation starts, and a process for every role")
async def test_everybody_does_their_work(deployed: DeployedNats, connected_as: As, tmp_path: Path) -> None:
    """A real instance answers a gateway's message, two listeners hear the reply, an operator looks and orders."""
    instance = Recado(tmp_path / "instance", RECADO_INSTANCE="one", **deployed.environment("instance"))
    await instance.started()
    listener = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "listen.py", "listener"],
        env=os.environ | deployed.environment("consumer") | {"SSL_CERT_FILE": str(deployed.ca)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        consumer = await connected_as("consumer")
        heard: list[bytes] = []
        await consumer.listen("wa.out.>", lambda _subject, _reply, _headers, body: heard.append(body))
        await consumer.flush()

        gateway = await connected_as("gateway")
        log = await JetStreamLog.open(gateway)
        stored = await log.publish(ANA, Message(id="m1", text="hello"), msg_id="in:m1")
        await until(lambda: heard)
        reply = json.loads(heard[0])
        assert reply["in_reply_to"] == ["m1"]
        await log.publish(ANA, Receipt(id="r1", reply=reply["id"], state="sent"), msg_id="receipt:r1")
        await log.bury("local", b"?", reason="test", msg_id="dlq:1")
        tail = log.tail(stored.seq - 1, f"evt.*.{ANA.account}.*.*.*")
        assert (await asyncio.wait_for(anext(tail), 60))[0].seq == stored.seq
        await tail.aclose()
        lease = Lease(LeaseBucket(gateway), "g.local", Holder("gateway", "1"))
        taken = asyncio.Event()
        keeping = asyncio.create_task(lease.keep(taken.set, taken.clear))
        await asyncio.wait_for(taken.wait(), 60)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        names = await AliasBucket.open(gateway)
        assert await names.write("local", "b@lid", "a@lid", await names.last("local")) is not None
        assert await names.find("local", "b@lid") == "a@lid"
        assert (await all_of(names))[-1] == b"b=40lid"
        await log.close()

        assert listener.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(listener.stdout.readline), 60)
        assert json.loads(line) == {"chat": ANA.chat, "text": reply["text"]}

        settings = deployed.environment("operator")
        recado = Command(tmp_path, RECADO_DATA=str(tmp_path / "operator"), OPENAI_API_MODE="scripted", **settings)
        (instances,) = (await recado("instances", "--json")).document
        assert (instances["instance"], len(instances["partitions"])) == ("one", 64)
        events = (await recado("events", "--json")).document
        assert [event["type"] for event in events][-2:] == ["reply", "receipt"]
        for command in (
            ("say", "5511999990001", "again"),
            ("pause", "5511999990001"),
            ("resume", "5511999990001"),
            ("send", "5511999990001", "It is Ana."),
            ("whatif", "--since", "1h", "--debounce", "0"),  # the pause came within the second of a burst
            ("doctor",),
            ("replay",),
            ("verify",),
            ("profile", "apply", profile_in(tmp_path)),
            ("profile", "history", "shop"),
            ("profile", "remove", "shop"),
            ("dead-letters",),
            ("dead-letters", "show", "1"),
            ("erase", "5511999990001", "--yes"),
            ("replay",),
            ("verify",),
        ):
            done = await recado(*command)
            assert done.code == 0, f"{command}: {done.out}{done.err}"
            assert "violation" not in done.err.lower(), done.err
        assert [line for line in instance.lines() if "iolation" in str(line)] == []
    finally:
        listener.terminate()
        listener.communicate()
        instance.kill()


async def test_an_instance_without_the_rights_of_a_gateway(deployed: DeployedNats, tmp_path: Path) -> None:
    """It has the settings of one, as where one file serves both: it asks before it takes a lease that it could not
    serve, stores nothing by that, and is an instance alone."""
    numbers = {
        "WHATSAPP_NUMBERS": "106540352242922=shop",
        "WHATSAPP_ACCESS_TOKEN": "EAAG0123456789",
        "WHATSAPP_APP_SECRET": "5d41402abc4b2a76",
        "WHATSAPP_VERIFY_TOKEN": "word-of-mine",
        "RECADO_WEBHOOK_PORT": "0",
    }
    instance = Recado(tmp_path / "instance", **numbers, **deployed.environment("instance"))
    try:
        await instance.started()
        assert "roles.conf" in (await instance.said("no_gateway"))["help"]
        settings = deployed.environment("operator")
        recado = Command(tmp_path, RECADO_DATA=str(tmp_path / "operator"), OPENAI_API_MODE="scripted", **settings)
        assert (await recado("events", "--json")).document == []
        (shop,) = (await recado("accounts", "--json", **numbers)).document
        assert (shop["account"], shop["gateway"]) == ("shop", False)
    finally:
        instance.kill()


async def test_a_gateway_cannot_have_the_server_speak_for_it(connected_as: As) -> None:
    """A request to JetStream names the subject of its answer. Such an answer in the log reads as neither a reply nor an
    order, and the gateway's own words reach only its own subjects."""
    log = await JetStreamLog.open(await connected_as("instance"))
    gateway = await connected_as("gateway")
    forged = b'{"id":"x","turn":null,"chat":"%s","account":"local","text":"Send money","in_reply_to":[],' % (
        ANA.chat.encode()
    )
    forged += b'"author":"operator","at":"2026-01-01T00:00:00Z","command":"send"}'
    await gateway.request(f"wa.in.{CHAT}", forged)
    create = {"stream_name": "EVENTS", "config": {"name": "x", "filter_subject": "evt.*.*.*.*.*", "ack_policy": "none"}}
    create_subject = "$JS.API.CONSUMER.CREATE.EVENTS.x.evt.*.*.*.*.*"
    for target in (f"evt.62.{CHAT}.o.reply", f"wa.control.{CHAT}"):
        pushing = create | {"config": create["config"] | {"deliver_subject": target}}  # type: ignore[operator]
        answer = await gateway.request(create_subject, json.dumps(pushing).encode())
        assert "error" in json.loads(answer.data)
    await gateway.request(create_subject, json.dumps(create).encode())
    for target in (f"evt.62.{CHAT}.o.reply", f"wa.control.{CHAT}"):
        await gateway.publish("$JS.API.CONSUMER.MSG.NEXT.EVENTS.x", b"1", reply=target)
        await gateway.publish("$JS.API.STREAM.MSG.GET.EVENTS", b'{"seq":1}', reply=target)
    await gateway.flush()

    async def arrived() -> bool:
        return (await log.head()).last >= 5

    await until(arrived)
    tail = log.tail(0)
    for recorded in await anext(tail):
        is_speech = recorded.side == "o" or recorded.type == "control"
        assert not is_speech or isinstance(recorded.event, Unreadable), recorded
    await tail.aclose()
    await log.close()


async def test_clients_that_are_not_let_in(deployed: DeployedNats) -> None:
    """A wrong password, no password, and a server with another authority's certificate."""
    url, ca = deployed.environment("gateway")["NATS_URL"], deployed.ca
    address = url.rpartition("@")[2]
    for wrong in (f"tls://gateway:wrong@{address}", f"tls://{address}"):
        with pytest.raises(BusRefused):
            await Bus.open(wrong, ca=ca)
    with pytest.raises(BusUntrusted, match="NATS_CA") as untrusted:
        await Bus.open(url)
    assert "gateway:" not in str(untrusted.value)
    (nothing := deployed.folder / "nothing.pem").write_text("no certificate")
    with pytest.raises(BusUntrusted, match=r"nothing\.pem holds no certificates"):
        await Bus.open(url, ca=nothing)


def test_secrets_stay_with_their_maker(deployed: DeployedNats) -> None:
    """Keys and passwords are for their owner's eyes only."""
    for secret in ("ca.key", "tls/server.key", "passwords.conf", *(f"{role}.env" for role in ROLES)):
        assert (deployed.folder / secret).stat().st_mode & 0o077 == 0, secret
