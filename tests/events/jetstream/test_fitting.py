"""A store is as large as the server has room for: one server and a cluster say in two ways that there is none."""

from __future__ import annotations

from typing import Any, cast

import pytest

from events.jetstream import fitting
from events.jetstream.api import NAME_IN_USE, NO_PEERS, STORAGE_EXCEEDED, ApiFault, ApiRefused
from events.jetstream.connection import Bus
from events.jetstream.fitting import make_fitting

ALONE = ApiFault(500, STORAGE_EXCEEDED, "insufficient storage resources available")
CLUSTER = ApiFault(400, NO_PEERS, "no suitable peers for placement, peer has insufficient storage")
OFFLINE = ApiFault(400, NO_PEERS, "no suitable peers for placement, peer is offline")
TAKEN = ApiFault(400, NAME_IN_USE, "stream name already in use")


async def made(monkeypatch: pytest.MonkeyPatch, room: int, fault: ApiFault, fewest: int = 100) -> int | None:
    """The bytes of a stream of 1,600 bytes on a server that has room for `room`, and refuses more with the fault."""

    async def call(_bus: Bus, request: str, _type: object, config: dict[str, Any]) -> None:
        if config["max_bytes"] > room:
            raise ApiRefused(request, fault)

    monkeypatch.setattr(fitting, "call", call)
    return await make_fitting(cast(Bus, None), {"name": "DESK", "max_bytes": 1600}, fewest)


@pytest.mark.parametrize("fault", [ALONE, CLUSTER], ids=["one server", "a cluster"])
@pytest.mark.parametrize(("room", "expected"), [(1600, 1600), (1599, 800), (250, 200), (100, 100)])
async def test_it_is_halved_until_it_fits(
    monkeypatch: pytest.MonkeyPatch, fault: ApiFault, room: int, expected: int
) -> None:
    assert await made(monkeypatch, room, fault) == expected


@pytest.mark.parametrize(("fault", "fewest"), [(ALONE, 1600), (CLUSTER, 100), (OFFLINE, 100)])
async def test_what_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch, fault: ApiFault, fewest: int) -> None:
    """There is no room at all, or another reason than room."""
    with pytest.raises(ApiRefused, match=fault.description):
        await made(monkeypatch, 10, fault, fewest)


async def test_another_process_was_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await made(monkeypatch, 10, TAKEN) is None
