"""`recado doctor`: each thing that can be wrong is found, and comes with what to do."""

import asyncio
import math
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY
from pysqlite3 import dbapi2 as sqlite3

from actors.leases.bucket import LeaseBucket
from actors.leases.members import Description, Holder, Member
from events.account_update import AccountUpdate
from events.decisions import Attention, Ignored
from events.inbound import Message, Receipt, ReceiptError
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.subjects import PARTITIONS
from gateways.cloud.lines import unserved
from projections import files
from projections.database import micros
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from projections.rebuild import rebuild
from projections.trouble import STUCK_AFTER
from recado.doctor import documents
from recado.doctor.chats import chat_findings, stuck_chats
from recado.doctor.deliveries import measure
from recado.doctor.doctor import examine
from recado.doctor.finding import Finding
from recado.wiring.media import watch
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN
from tests.doubles.openai_agents import AGENT
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT
from tests.gateways.templates.samples import HELLO
from tests.nats_server import NatsServer, free_port
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, decide, reply
from tests.waiting import until


class Doctor:
    """The findings about an installation in `home` with these variables."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.variables = {"RECADO_DATA": str(home), "OPENAI_API_MODE": "scripted"}

    async def finds(self, what: str, **variables: str) -> Finding:
        """The last finding about `what`."""
        found = [f async for f in examine(self.variables | variables, self.home / ".env") if f.what == what]
        return found[-1]


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    return Doctor(tmp_path)


@pytest.fixture
def on_bus(doctor: Doctor, nats_server: NatsServer) -> Doctor:
    doctor.variables["NATS_URL"] = nats_server.url
    return doctor


@pytest.fixture
async def model() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble(models=("gpt-6-luna",)) as double:
        yield double


async def test_all_is_well(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Nothing to do: every mark is a tick."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    await rebuild(jetstream_log, on_bus.home)
    await _member(bus, "blue", range(PARTITIONS))
    found = [finding async for finding in examine(on_bus.variables, on_bus.home / ".env")]
    found = [finding for finding in found if finding.what != "documents"]  # as the system is
    assert {finding.what: finding.state for finding in found} == dict.fromkeys(
        [
            "settings",
            "data",
            "bus",
            "log",
            "media",
            "dead letters",
            "instance",
            "projection",
            "chats",
            "handoffs",
            "replies",
            "model",
            "speech",
        ],
        "ok",
    )
    says = {finding.what: finding.says for finding in found}
    assert "ms there and back" in says["bus"]
    assert says["log"].startswith("1 events")
    assert says["instance"] == "blue answers 64/64 of the chats"
    assert says["projection"] == "projection-1.db at sequence 1, 0 behind the log"


async def test_wrong_settings_are_all_there_is_to_say(doctor: Doctor) -> None:
    """Without settings nothing else can be looked at."""
    found = [f async for f in examine({"RECADO_PORT": "x", "RECADO_DEBOUNCE": "y"}, doctor.home / ".env")]
    assert [(finding.what, finding.state) for finding in found] == [("settings", "failure")] * 2


async def test_an_unknown_setting_is_a_warning(doctor: Doctor) -> None:
    """With what was meant."""
    found = [f async for f in examine({**doctor.variables, "RECADO_PRT": "1"}, doctor.home / ".env")]
    assert Finding("settings", "warning", found[0].says) == found[0]
    assert "did you mean RECADO_PORT?" in found[0].says


async def test_a_data_folder_is_looked_at(doctor: Doctor) -> None:
    """One that is not there is no failure before the first start; one that cannot be written to is."""
    assert (await doctor.finds("data", RECADO_DATA=str(doctor.home / "none"))).state == "warning"
    unwritable = await doctor.finds("data", RECADO_DATA="/proc")
    assert unwritable.state == "failure"
    assert "RECADO_DATA" in unwritable.do


async def test_a_bus_that_is_not_there_is_a_failure(doctor: Doctor) -> None:
    """Embedded or not, it says how to get one."""
    assert "recado up" in (await doctor.finds("bus")).says
    gone = await doctor.finds("bus", NATS_URL=f"nats://127.0.0.1:{free_port()}")
    assert gone.state == "failure"
    assert "no NATS server answers" in gone.says


async def test_a_server_without_jetstream_is_a_failure(doctor: Doctor, tmp_path: Path) -> None:
    """Nothing can be kept there."""
    server = NatsServer(tmp_path)
    (tmp_path / "nats-server.conf").write_text(f"listen: 127.0.0.1:{server.port}\n")
    server.start()
    try:
        found = await doctor.finds("bus", NATS_URL=server.url)
    finally:
        server.kill()
    assert found.state == "failure"
    assert "JetStream" in found.says


async def test_a_bus_that_recado_never_used_is_told(on_bus: Doctor) -> None:
    """The doctor looks and makes nothing."""
    assert (await on_bus.finds("log")).says == "there is no stream EVENTS yet"
    assert (await on_bus.finds("log")).state == "warning"
    assert (await on_bus.finds("instance")).state == "warning"


@pytest.mark.parametrize(("share", "state"), [(0.6, "ok"), (0.8, "warning"), (0.95, "failure")])
async def test_a_log_that_fills_is_told_in_time(on_bus: Doctor, bus: Bus, share: float, state: str) -> None:
    """From 70 % on there is something to do, from 90 % on nothing is taken in."""
    limit = 1024 * 1024
    log = await JetStreamLog.open(bus, max_bytes=limit)
    number = 0
    while (await log.head()).size < share * limit:
        number += 1
        await log.publish(ANA, Message(id=f"m{number}", text="x" * 20_000), msg_id=f"m{number}")
    await log.close()
    found = await on_bus.finds("log")
    assert found.state == state
    assert bool(found.do) == (state != "ok")


async def test_an_object_store_that_is_full_is_told(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """It takes on, and gives up its oldest files for that: worth a word, and the same numbers for Prometheus."""
    assert (await on_bus.finds("media")).says == "no files yet"
    store = await MediaStore.open(bus, kept=timedelta(days=7), log_bytes=0, replicas=1)
    assert (await on_bus.finds("media")).state == "ok"
    info = await bus.jetstream().stream_info("OBJ_MEDIA")
    await bus.jetstream().update_stream(info.config.evolve(max_bytes=1024 * 1024))

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(1000 * 1024)

    await store.put("picture", pieces())
    found = await on_bus.finds("media")
    assert found.state == "warning"
    assert "the oldest files go before their time" in found.says
    assert "RECADO_MEDIA_KEPT" in found.do

    watching = asyncio.create_task(watch(store))
    await until(lambda: REGISTRY.get_sample_value("recado_media_max_bytes") == 1024 * 1024)
    watching.cancel()
    assert (REGISTRY.get_sample_value("recado_media_bytes") or 0) > 1000 * 1024


async def test_dead_letters_are_told(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """A human has to look at them."""
    await jetstream_log.bury("local", b"{", reason="unreadable", msg_id="1")
    found = await on_bus.finds("dead letters")
    assert (found.state, found.says) == ("warning", "1")
    assert "recado dead-letters" in found.do


async def test_numbers_that_nobody_serves_are_told(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """By what the letters say, with the setting that ends it."""
    await jetstream_log.bury("local", b"{", reason="unreadable", msg_id="1")
    for n in range(2):
        await jetstream_log.bury("109876543210987", b"{}", reason=unserved("109876543210987"), msg_id=f"webhook:{n}")
    found = await on_bus.finds("whatsapp")
    assert found.state == "warning"
    assert found.says == "2 updates are dead letters, since no gateway served the number 109876543210987 when they came"
    assert "WHATSAPP_NUMBERS" in found.do


async def test_partitions_of_a_member_that_is_gone_have_no_holder(
    on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus
) -> None:
    """An instance that died does not answer chats any more."""
    assert jetstream_log is not None
    await _member(bus, "blue", range(PARTITIONS))
    bucket = LeaseBucket(bus)
    await bucket.delete("m.blue", (await bucket.read("m.blue")).revision)
    assert (await on_bus.finds("instance")).says == "nobody answers chats"


async def test_instances_of_several_versions(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Fine during an update, and worth a word."""
    assert jetstream_log is not None
    await _member(bus, "blue", range(32), version="1.0")
    await _member(bus, "green", range(32, 64), version="1.1")
    found = await on_bus.finds("instance")
    assert found.state == "warning"
    assert found.says.startswith("blue answers 32/64 of the chats, green answers 32/64 of the chats;")
    assert "1.0, 1.1" in found.says


async def test_an_instance_that_has_left_its_first_model(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """With the reason, and what to look at."""
    await _member(bus, "blue", range(64), fallback="quota_exhausted")
    found = await on_bus.finds("instance")
    assert found.state == "warning"
    assert "blue asks the second model, as the first fails (quota_exhausted)" in found.says


async def test_an_instance_that_lacks_a_variable(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """It is named with the profile and the variable, though it owns nothing while another one can answer."""
    await _member(bus, "blue", range(64))
    await _member(bus, "green", range(0), lacks=("bakery@1: BAKERY_KEY unset",))
    found = await on_bus.finds("instance")
    assert found.state == "warning"
    assert "green cannot answer by bakery@1: BAKERY_KEY unset" in found.says


async def _member(bus: Bus, name: str, partitions: range, version: str = "1.0", **says_more: Any) -> None:
    """Write the leases of an instance that is there."""
    bucket = LeaseBucket(bus)
    me = Holder(name, "1")
    says = Description(version=version, **says_more)
    await bucket.write(f"m.{name}", msgspec.json.encode(Member(me.instance, me.incarnation, says=says)), 0, ttl=60)
    for number in partitions:
        await bucket.write(f"p.{number}", msgspec.json.encode(me), 0)


async def test_a_damaged_or_old_projection_is_a_warning(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """It is rebuilt at the next start anyway."""
    assert (await on_bus.finds("projection")).says == "none was built yet"
    await rebuild(jetstream_log, on_bus.home)
    path = files.live(on_bus.home)
    assert path is not None
    path.write_bytes(b"this is no database, and long enough to be read as the header of one" * 20)
    found = await on_bus.finds("projection")
    assert found.state == "warning"
    assert "recado replay" in found.do
    path.unlink()
    assert (await on_bus.finds("projection")).state == "warning"


async def test_a_projection_far_behind_is_a_warning(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """Either no instance runs, or the running ones have a fault."""
    await rebuild(jetstream_log, on_bus.home)
    await asyncio.gather(
        *(jetstream_log.publish(ANA, Message(id=f"m{n}", text="x"), msg_id=f"m{n}") for n in range(1001))
    )
    found = await on_bus.finds("projection")
    assert (found.state, found.says) == ("warning", "projection-1.db at sequence 0, 1,001 behind the log")


async def test_the_model_is_asked_for(doctor: Doctor, model: OpenAIDouble) -> None:
    """A model that is listed is fine; another, a refused key and a server that is away are warnings."""
    mine = {"OPENAI_API_MODE": "chat", "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": API_KEY}
    assert (await doctor.finds("model", **mine)).state == "ok"
    other = await doctor.finds("model", **mine, OPENAI_MODEL="gpt-0")
    assert other.state == "warning"
    assert "does not list gpt-0 (it lists gpt-6-luna)" in other.says
    refused = await doctor.finds("model", **{**mine, "OPENAI_API_KEY": "sk-wrong"})
    assert (refused.state, refused.do) == ("warning", "check OPENAI_API_KEY")
    away = await doctor.finds("model", **{**mine, "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1"})
    assert away.state == "warning"
    assert "cannot be reached" in away.says
    elsewhere = await doctor.finds("model", **{**mine, "OPENAI_BASE_URL": model.base_url.removesuffix("/v1")})
    assert elsewhere.state == "warning"
    assert "HTTP 404" in elsewhere.says


async def test_the_second_model_is_asked_for(doctor: Doctor, model: OpenAIDouble) -> None:
    """At its own server with its own key; the advice names its own settings."""
    mine = {"OPENAI_API_MODE": "chat", "OPENAI_API_KEY": "sk-of-the-first", "OPENAI_MODEL": "gpt-0"}
    mine |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1", "OPENAI_TRANSCRIPTION_MODEL": ""}
    second = {"OPENAI_FALLBACK_BASE_URL": model.base_url, "OPENAI_FALLBACK_API_KEY": API_KEY}
    found = await doctor.finds("second model", **mine, **second, OPENAI_FALLBACK_MODEL="gpt-6-luna")
    assert found.state == "ok"
    other = await doctor.finds("second model", **mine, **second, OPENAI_FALLBACK_MODEL="gpt-1")
    assert (other.state, other.do) == ("warning", "set OPENAI_FALLBACK_MODEL to one that it has")
    keyless = {**second, "OPENAI_FALLBACK_API_KEY": ""}
    refused = await doctor.finds("second model", **mine, **keyless, OPENAI_FALLBACK_MODEL="gpt-6-luna")
    assert (refused.state, refused.do) == ("warning", "check OPENAI_FALLBACK_API_KEY")


async def test_a_sentence_is_spoken_to_the_server(doctor: Doctor, model: OpenAIDouble) -> None:
    """Its words must come back: a server that says something else, or nothing, does not hear."""
    there = {"OPENAI_API_MODE": "chat", "OPENAI_API_KEY": API_KEY, "OPENAI_BASE_URL": model.base_url}
    model.uploads.words = lambda _: "Please bring bread and 7 bottles of water."
    assert (await doctor.finds("speech", **there)).state == "ok"
    model.uploads.words = lambda _: "ok"
    assert "heard 'ok'" in (await doctor.finds("speech", **there)).says
    model.uploads.transcribes = False
    wrong = await doctor.finds("speech", **there)
    assert (wrong.state, "OPENAI_TRANSCRIPTION_BASE_URL" in wrong.do) == ("warning", True)
    assert "asked to write" in (await doctor.finds("speech", **there, OPENAI_TRANSCRIPTION_MODEL="")).says


async def test_speech_has_a_server_of_its_own(doctor: Doctor, model: OpenAIDouble) -> None:
    """It gets its own key, and never the model's."""
    model.uploads.words = lambda _: "bread, water"
    there = {"OPENAI_API_MODE": "chat", "OPENAI_API_KEY": "sk-other-1234", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    there |= {"OPENAI_TRANSCRIPTION_BASE_URL": model.base_url, "OPENAI_TRANSCRIPTION_MODEL": "whisper-1"}
    assert (await doctor.finds("speech", **there, OPENAI_TRANSCRIPTION_API_KEY=API_KEY)).state == "ok"
    assert model.uploads.heard[-1].model == "whisper-1"
    refused = await doctor.finds("speech", **there)
    assert refused.state == "warning"
    assert "Incorrect API key" in refused.says


@pytest.mark.parametrize(
    ("mode", "setting", "name"),
    [("assistants", "OPENAI_ASSISTANT_ID", ASSISTANT), ("agents", "OPENAI_AGENT_ID", AGENT)],
)
async def test_the_saved_assistant_is_asked_for(
    doctor: Doctor, model: OpenAIDouble, mode: str, setting: str, name: str
) -> None:
    """In the modes in which it answers; one that is not there is a warning that names the setting."""
    mine = {"OPENAI_API_MODE": mode, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": API_KEY}
    found = await doctor.finds("model", **mine, **{setting: name})
    assert (found.state, found.says.partition(" at ")[0]) == ("ok", f"{mode.removesuffix('s')} {name}")
    gone = await doctor.finds("model", **mine, **{setting: f"{name}_2"})
    assert (gone.state, gone.do) == ("warning", f"check {setting} and OPENAI_BASE_URL")


async def test_a_number_of_whatsapp_is_asked_for(doctor: Doctor) -> None:
    """Only where one is set up. What is missing, a refused token, another number and a bad name are warnings."""
    assert [f async for f in examine(doctor.variables, doctor.home / ".env") if f.what == "whatsapp"] == []
    async with GraphDouble() as meta:
        mine = {
            "WHATSAPP_GRAPH_URL": meta.url,
            "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        }
        good = await doctor.finds("whatsapp", **mine)
        assert (good.state, good.says) == (
            "ok",
            f"number {PHONE_NUMBER_ID} (The Bakery) can be asked for, quality green, 80 messages a second",
        )
        missing = await doctor.finds("whatsapp", **mine | {"WHATSAPP_APP_SECRET": ""})
        assert (missing.state, missing.says.partition(" ")[0]) == ("warning", "WHATSAPP_APP_SECRET")
        refused = await doctor.finds("whatsapp", **mine | {"WHATSAPP_ACCESS_TOKEN": "EAAG-old"})
        assert refused.state == "warning"
        assert "new WHATSAPP_ACCESS_TOKEN" in refused.do
        assert "EAAG" not in refused.says
        other = await doctor.finds("whatsapp", **mine | {"WHATSAPP_PHONE_NUMBER_ID": "1"})
        assert "WHATSAPP_PHONE_NUMBER_ID" in other.do
        meta.quality = "RED"
        assert (await doctor.finds("whatsapp", **mine)).state == "warning"
    away = await doctor.finds("whatsapp", **mine)
    assert "cannot be reached" in away.says


async def test_the_template_of_the_window_is_compared_with_metas(doctor: Doctor) -> None:
    async with GraphDouble() as meta:
        meta.templates.set(HELLO)
        mine = {
            "WHATSAPP_GRAPH_URL": meta.url,
            "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        }

        async def said(setting: str) -> tuple[str, str]:
            variables = doctor.variables | mine | {"RECADO_WINDOW_TEMPLATE": setting}
            found = [one async for one in examine(variables, doctor.home / ".env") if one.what == "whatsapp"]
            return found[-1].state, found[-1].says

        assert await said("hello:en_US") == ("ok", f"the template hello:en_US can go out from number {PHONE_NUMBER_ID}")
        state, says = await said("hello:en_US, name={name}")
        assert (state, "no variable name" in says) == ("warning", True)
        meta.templates.fault = (403, 200)
        state, says = await said("hello:en_US")
        assert (state, "whatsapp_business_management" in says) == ("warning", True)


async def test_the_command_marks_its_findings(recado: Command) -> None:
    """A tick, an exclamation mark, a cross; exit 1 if there is a cross."""
    done = await recado("doctor", OPENAI_API_MODE="scripted")
    assert done.code == 1
    marks = {line[2:].partition(":")[0]: line[0] for line in done.out.splitlines() if line[0] != " "}
    assert marks.pop("documents") in "✓!"  # as the system is
    assert marks == {"settings": "✓", "data": "!", "bus": "✗", "projection": "!", "model": "✓", "speech": "✓"}
    document = (await recado("doctor", "--json", OPENAI_API_MODE="scripted")).document
    states = [finding["state"] for finding in document if finding["what"] != "documents"]
    assert states == ["ok", "warning", "failure", "warning", "ok", "ok"]


def test_a_system_that_cannot_confine_the_reader() -> None:
    """It is a warning that names it; for the network it says which right is missing."""
    assert documents._of([]).state == "ok"
    network = documents._of(["network"])
    assert (network.state, "network" in network.says, "namespaces" in network.do) == ("warning", True, True)
    assert "memory, network" in documents._of(["memory", "network"]).says


async def test_a_reader_of_documents_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """No document would be read."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert (await documents.document_finding()).state == "failure"


async def test_chats_that_need_a_human(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """Stuck chats, set-aside work and dead letters: each by its chat, with advice."""
    later = ANA._replace(account="shop")
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    await decide(jetstream_log, Ignored(messages=("m1",), reason="broken", at=AT))
    await jetstream_log.publish(later, Message(id="m2", text="hello"), msg_id="m2")
    await rebuild(jetstream_log, on_bus.home)
    path = files.live(on_bus.home)
    assert path is not None
    db = sqlite3.connect(str(path))
    now = (await jetstream_log.head()).now
    db.execute("UPDATE history SET ended_at = ? WHERE ended IS NOT NULL", (micros(now),))
    db.execute("INSERT INTO set_aside VALUES (3, 1, ?, 'in', 'OverflowError')", (micros(now),))
    db.commit()
    db.close()
    found = [*chat_findings(on_bus.home, now + STUCK_AFTER)]
    assert [finding.state for finding in found] == ["warning"] * 3
    stuck, broken, passed = found
    assert "1 have owed work for 15 minutes or longer: 5511999990001 in shop" in stuck.says
    assert "recado broke on 1 messages or orders in 7 days: 5511999990001 in local (1)" in broken.says
    assert "recado dead-letters" in broken.do
    assert "1 events were set aside in 7 days: 5511999990001 in local (3)" in passed.says
    assert (await on_bus.finds("chats")).says == passed.says
    reader = Reader(on_bus.home)
    assert stuck_chats(Queries(reader), now + STUCK_AFTER) == 1
    reader.close()


def test_no_projection_says_nothing_of_chats(tmp_path: Path) -> None:
    """`/metrics` goes on; another finding tells that there is none."""
    assert [*chat_findings(tmp_path, AT)] == []
    assert math.isnan(stuck_chats(Queries(Reader(tmp_path)), AT))


async def test_replies_that_nobody_sends(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Without a gateway they are named with their account, and are no tick; with one that sends, nothing is left."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    await decide(jetstream_log, reply("m1", text="one"))
    await rebuild(jetstream_log, on_bus.home)
    finding = await on_bus.finds("replies")
    assert (finding.state, finding.do) == ("warning", "start its gateway: recado gateway, see docs/gateways.md")
    assert finding.says == (
        "account local: no gateway runs; no gateway has ever sent anything, and one that starts later will not send "
        "the one reply so far"
    )
    await jetstream_log.publish(ANA, Receipt(id="c1", reply="r-one", state="accepted"), msg_id="")
    await decide(jetstream_log, reply(text="two"))
    await rebuild(jetstream_log, on_bus.home)
    waits = await on_bus.finds("replies")
    assert waits.state == "warning"
    assert waits.says.startswith("account local: no gateway runs; 1 reply waits, the oldest for ")
    await LeaseBucket(bus).write("g.local", b'{"instance": "shop-1", "incarnation": "1"}', 0)
    runs = await on_bus.finds("replies")
    assert (runs.state, runs.says.partition(", ")[0]) == ("ok", "account local: 1 reply waits")
    await jetstream_log.publish(ANA, Receipt(id="c2", reply="r-two", state="delivered"), msg_id="")
    await rebuild(jetstream_log, on_bus.home)
    assert (await on_bus.finds("replies")).says == "none waits for a gateway"


async def test_a_number_without_its_gateway(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """The settings name it, so it needs one before the first reply."""
    await rebuild(jetstream_log, on_bus.home)
    finding = await on_bus.finds("replies", WHATSAPP_PHONE_NUMBER_ID="4711")
    assert (finding.state, finding.says) == ("warning", "account 4711: no gateway runs")


async def test_an_overdue_handoff(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """It waits for half an hour by the bus's clock."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    now = (await jetstream_log.head()).now
    await decide(jetstream_log, Attention(id="t1.h", text="wants a refund", by="model", at=now - timedelta(minutes=29)))
    await rebuild(jetstream_log, on_bus.home)
    assert (await on_bus.finds("handoffs")).says == "1 wait for a human"
    await decide(jetstream_log, Attention(id="t2.h", text="wants a refund", by="model", at=now - timedelta(minutes=31)))
    await rebuild(jetstream_log, on_bus.home)
    overdue = await on_bus.finds("handoffs")
    assert overdue.state == "warning"
    assert overdue.says == "1 wait for a human for 30 min or longer: 5511999990001"


async def test_the_metrics_of_replies_and_handoffs(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """As an alert asks for them."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    now = (await jetstream_log.head()).now
    await decide(jetstream_log, reply("m1", text="one"))
    await jetstream_log.publish(ANA, Receipt(id="c1", reply="r-one", state="failed"), msg_id="")
    await decide(jetstream_log, reply(text="two"), Attention(id="t1.h", text="why", by="model", at=now))
    await rebuild(jetstream_log, on_bus.home)
    there: set[str] | None = set()
    with closing(Reader(on_bus.home)) as reader:
        measure(Queries(reader), lambda: now + timedelta(hours=1), lambda: there)

        def shown(name: str) -> float:
            value = REGISTRY.get_sample_value(f"recado_{name}")
            assert value is not None
            return value

        names = (
            "replies_waiting",
            "replies_failed",
            "replies_parked",
            "replies_unsent",
            "handoffs",
            "handoffs_overdue",
        )
        assert [shown(name) for name in names] == [1, 1, 0, 0, 1, 1]
        assert 3500 < shown("replies_oldest_wait_seconds") <= 3600
        assert shown("accounts_without_gateway") == 1
        there = {"local"}
        assert shown("accounts_without_gateway") == 0
        there = None
        assert math.isnan(shown("accounts_without_gateway"))


async def test_news_of_an_account(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """A number that does not send comes with what to do; news with its value, bad news as a warning, old news not."""
    now = (await jetstream_log.head()).now

    async def note(id_: str, field: str, value: object, ago: timedelta = timedelta(0)) -> None:
        await jetstream_log.note("shop", AccountUpdate(id=id_, field=field, value=value, at=now - ago))

    async def found() -> list[tuple[str, str, str]]:
        all_ = [f async for f in examine(on_bus.variables, on_bus.home / ".env") if f.what == "account"]
        return [(finding.state, finding.says, finding.do) for finding in all_]

    assert await found() == []
    await note("a", "security", {"event": "PIN_CHANGED"})
    await note("b", "phone_number_quality_update", {"event": "FLAGGED"})
    await note("b", "phone_number_quality_update", {"event": "never seen"})  # a repeat
    await note("c", "account_update", {"event": "VERIFIED_ACCOUNT"}, timedelta(days=8))
    await note("d", "sending", {"state": "paused", "code": 131042, "detail": "no money", "do": "pay"})
    paused, *news = await found()
    assert paused[0] == "warning"
    assert "131042: no money" in paused[1]
    assert paused[2] == "pay"
    assert sorted((state, "FLAGGED" in says) for state, says, _ in news) == [("ok", False), ("warning", True)]
    await note("e", "sending", {"state": "resumed"})
    assert len(await found()) == 2


async def test_replies_that_may_not_have_arrived(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    error = ReceiptError(class_="in_doubt", code=131000)
    await jetstream_log.publish(ANA, Receipt(id="c1", reply="t1.r", state="parked", error=error), msg_id="c1")
    await rebuild(jetstream_log, on_bus.home)
    finding = await on_bus.finds("chats")
    assert (finding.state, "1 replies may not have arrived" in finding.says) == ("warning", True)
    assert "recado send" in finding.do
