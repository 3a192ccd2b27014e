"""`recado instances`: who answers chats."""

from __future__ import annotations

from pathlib import Path

import msgspec

from actors.leases.bucket import LeaseBucket
from actors.leases.members import Description, Holder, Member
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from projections.rebuild import rebuild
from tests.nats_server import NatsServer
from tests.recado.command import Command
from tests.recado.instance import ANA, AT


async def test_no_instance_runs(tmp_path: Path, nats_server: NatsServer) -> None:
    """It says so and what to do; a program gets an empty list. Nothing is made on the server by looking."""
    recado = Command(tmp_path, NATS_URL=nats_server.url)
    done = await recado("instances")
    assert (done.code, done.out) == (0, "")
    assert "start an instance with recado up or recado serve" in done.err
    assert (await recado("instances", "--json")).document == []
    bus = await Bus.open(nats_server.url)
    assert await bus.jetstream().streams_info() == []
    await bus.close()


async def test_members_and_instances_that_are_gone(tmp_path: Path, nats_server: NatsServer, bus: Bus) -> None:
    """Each with its share and description; one whose presence ended with the partitions that are not taken over yet."""
    bucket = LeaseBucket(bus)
    says = Description(version="1.2", since=AT, awake=3, runs=2, lag=7)
    await bucket.write("m.blue", msgspec.json.encode(Member("blue", "b1", says=says)), 0, ttl=60)
    await bucket.write("m.green", msgspec.json.encode(Member("green", "g1", leaving=True, finishing=1)), 0, ttl=60)
    for number in range(64):
        holder = Holder("blue", "b1") if number < 40 else Holder("red", "r1")
        await bucket.write(f"p.{number}", msgspec.json.encode(holder), 0)
    recado = Command(tmp_path, NATS_URL=nats_server.url)
    blue, green, red = (await recado("instances", "--json")).document
    assert (blue["state"], blue["partitions"]) == ("member", list(range(40)))
    assert (blue["version"], blue["awake"], blue["runs"], blue["lag"], blue["chats"]) == ("1.2", 3, 2, 7, None)
    assert (green["state"], green["partitions"]) == ("leaving", [])
    assert (red["state"], red["partitions"]) == ("gone", list(range(40, 64)))
    told = (await recado("instances")).out.splitlines()
    assert [line.split()[0] for line in told] == ["INSTANCE", "blue", "green", "red"]
    assert told[1].split()[-6:] == ["40", "-", "3", "2", "7", "member"]


async def test_chats_are_counted_in_the_projection(
    tmp_path: Path, nats_server: NatsServer, bus: Bus, jetstream_log: JetStreamLog
) -> None:
    """Where there is one; each instance with those of its partitions."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    await rebuild(jetstream_log, tmp_path)
    bucket = LeaseBucket(bus)
    await bucket.write("m.blue", msgspec.json.encode(Member("blue", "b1")), 0, ttl=60)
    for number in range(64):
        await bucket.write(f"p.{number}", msgspec.json.encode(Holder("blue", "b1")), 0)
    (blue,) = (await Command(tmp_path, NATS_URL=nats_server.url, RECADO_DATA=".")("instances", "--json")).document
    assert blue["chats"] == 1
