"""A request is repeated while a cluster elects its leaders; a single server gets one."""

from __future__ import annotations

from typing import cast

import pytest

from events.jetstream.api import once_led
from events.jetstream.connection import Bus
from events.log import LogUnavailable


class _ServerOnly:
    def __init__(self, *, in_cluster: bool) -> None:
        self.in_cluster = in_cluster


class _Elected:
    """Answers once it was asked `after` times."""

    def __init__(self, after: int) -> None:
        self.left = after

    async def __call__(self) -> str:
        self.left -= 1
        if self.left:
            raise LogUnavailable("no leader")
        return "made"


def bus(*, in_cluster: bool) -> Bus:
    return cast(Bus, _ServerOnly(in_cluster=in_cluster))


async def test_a_cluster_without_a_leader_is_waited_for() -> None:
    """The instance that starts meanwhile does not end."""
    assert await once_led(bus(in_cluster=True), _Elected(after=3)) == "made"


async def test_a_cluster_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process then names the fault, and its supervisor decides."""
    monkeypatch.setattr("events.jetstream.api.CLUSTER_PATIENCE", 0.3)
    with pytest.raises(LogUnavailable, match="no leader"):
        await once_led(bus(in_cluster=True), _Elected(after=100))


async def test_a_single_server_either_answers_or_does_not() -> None:
    """It has no election to wait for."""
    elected = _Elected(after=3)
    with pytest.raises(LogUnavailable):
        await once_led(bus(in_cluster=False), elected)
    assert elected.left == 2
