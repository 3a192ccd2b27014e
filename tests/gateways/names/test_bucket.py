"""The bucket of names: what this release writes in place of an entry."""

from __future__ import annotations

from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from gateways.names.bucket import JOINED, JOINS, STREAM, AliasBucket


async def test_headers_of_a_newer_release_outlast_a_change(bus: Bus) -> None:
    """Those of this release are as the change has them."""
    names = await AliasBucket.open(bus, makes=True)
    ack = await bus.jetstream().publish("$KV.ALIASES.shop.b", b"a", headers={JOINS: "1", "Recado-Since": "2027"})
    seq = await names.write("shop", "b", "c", ack.seq, JOINED)
    assert seq is not None
    stored = await stored_message(bus, STREAM, {"seq": seq})
    assert stored is not None
    given = {name: value for name, value in stored.raw().headers.items() if name.startswith("Recado-")}
    assert (stored.raw().body, given) == (b"c", {JOINED: "1", "Recado-Since": "2027"})
    await names.close()
