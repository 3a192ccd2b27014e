"""A bus on which recado runs has the streams and buckets of the table of stores, and no others."""

from __future__ import annotations

from events.jetstream.connection import Bus
from events.stores import STORES
from tests.system.service import Service, fresh_chat


async def test_it_makes_the_stores_of_the_table_and_no_other(service: Service) -> None:
    """Each of them has the limits that the table names."""
    await service.still_answers(fresh_chat())
    bus = await Bus.open(service.server.url)
    made = {info.config.name: info.config.as_dict() for info in await bus.jetstream().streams_info()}
    await bus.close()
    assert made.keys() == STORES.keys()
    for name, store in STORES.items():
        assert {field for field in store.bounds if made[name].get(field, -1) <= 0} == set(), name
