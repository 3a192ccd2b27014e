"""An installation that `recado doctor` examines, and instances that are there."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.leases.bucket import LeaseBucket
from actors.leases.members import Description, Holder, Member
from events.jetstream.connection import Bus
from recado.doctor.doctor import examine
from recado.doctor.finding import Finding
from tests.nats_server import NatsServer


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


async def member(bus: Bus, name: str, partitions: range, version: str = "1.0", **says_more: Any) -> None:
    """Write the leases of an instance that is there."""
    bucket = LeaseBucket(bus)
    me = Holder(name, "1")
    says = Description(version=version, **says_more)
    await bucket.write(f"m.{name}", msgspec.json.encode(Member(me.instance, me.incarnation, says=says)), 0, ttl=60)
    for number in partitions:
        await bucket.write(f"p.{number}", msgspec.json.encode(me), 0)
