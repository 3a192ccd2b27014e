"""What `recado doctor` finds of the instances: chats that nobody serves, versions, models and variables."""

from actors.leases.bucket import LeaseBucket
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import PARTITIONS
from gateways.cloud.lines import unserved
from tests.recado.doctor.examined import Doctor, doctor, member, on_bus

__all__ = ["doctor", "on_bus"]


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
    await member(bus, "blue", range(PARTITIONS))
    bucket = LeaseBucket(bus)
    await bucket.delete("m.blue", (await bucket.read("m.blue")).revision)
    assert (await on_bus.finds("instance")).says == "nobody answers chats"


async def test_instances_of_several_versions(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Fine during an update, and worth a word."""
    assert jetstream_log is not None
    await member(bus, "blue", range(32), version="1.0")
    await member(bus, "green", range(32, 64), version="1.1")
    found = await on_bus.finds("instance")
    assert found.state == "warning"
    assert found.says.startswith("blue answers 32/64 of the chats, green answers 32/64 of the chats;")
    assert "1.0, 1.1" in found.says


async def test_an_instance_that_has_left_its_first_model(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """With the reason, and what to look at."""
    await member(bus, "blue", range(64), fallback="quota_exhausted")
    found = await on_bus.finds("instance")
    assert found.state == "warning"
    assert "blue asks the second model, as the first fails (quota_exhausted)" in found.says


async def test_an_instance_that_lacks_a_variable(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """It is named with the profile and the variable, though it owns nothing while another one can answer."""
    await member(bus, "blue", range(64))
    await member(bus, "green", range(0), lacks=("bakery@1: BAKERY_KEY unset",))
    found = await on_bus.finds("instance")
    assert found.state == "warning"
    assert "green cannot answer by bakery@1: BAKERY_KEY unset" in found.says
