"""`recado doctor`: each thing that can be wrong is found, and comes with what to do."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.subjects import PARTITIONS
from projections import files
from projections.rebuild import rebuild
from recado.doctor import documents
from recado.doctor.doctor import examine
from recado.doctor.finding import Finding
from recado.wiring.media import watch
from tests.nats_server import NatsServer, free_port
from tests.recado.command import Command
from tests.recado.doctor.examined import Doctor, doctor, member, on_bus
from tests.recado.instance import ANA
from tests.waiting import until

__all__ = ["doctor", "on_bus"]


async def test_all_is_well(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Nothing to do: every mark is a tick."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    await rebuild(jetstream_log, on_bus.home)
    await member(bus, "blue", range(PARTITIONS))
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
