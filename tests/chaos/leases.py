"""The leases as anybody sees them who looks into the bucket: who is there, and who has which partition."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from actors.leases.assignment import assignment


class Leases(NamedTuple):
    """`members` by instance, what each says of itself, those left out that are leaving; `owners` by partition, the
    instance that has it."""

    members: dict[str, dict[str, Any]]
    owners: dict[int, str]

    def shares(self) -> dict[str, int]:
        """How many partitions each owner has."""
        return {name: list(self.owners.values()).count(name) for name in set(self.owners.values())}

    def all_owned_by(self, *names: str) -> bool:
        """Whether these are the members, and each partition is with the one who should have it: on the way there each
        has some already."""
        return set(self.members) == set(names) and self.owners == dict(enumerate(assignment(names)))


async def read_leases(bus: Client) -> Leases:
    """The bucket LEASES as it is now; nothing while there is none or the server is away."""
    members: dict[str, dict[str, Any]] = {}
    owners: dict[int, str] = {}
    try:
        bucket = await bus.jetstream(timeout=2.0).key_value("LEASES")
        watcher = await bucket.watchall()
        try:
            # None marks the end of what is there.
            while (entry := await watcher.updates(timeout=2.0)) is not None:
                kind, _, name = entry.key.partition(".")
                if not entry.value or entry.operation:
                    continue
                value = json.loads(entry.value)
                if kind == "m" and not value.get("leaving"):
                    members[value["instance"]] = value
                elif kind == "p" and name.isdigit():
                    owners[int(name)] = value["instance"]
        finally:
            await watcher.stop()
    except (nats.errors.Error, nats.js.errors.Error, TimeoutError):
        return Leases({}, {})
    return Leases(members, owners)
