"""Makes a stream, a bucket or an object store as large as the server has room for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events.jetstream.api import NAME_IN_USE, NO_PEERS, STORAGE_EXCEEDED, ApiFault, ApiRefused, StreamInfo, call
from events.jetstream.connection import Bus


async def make_fitting(bus: Bus, config: Mapping[str, Any], fewest: int) -> int | None:
    """Make the stream; where the server lacks the room, with half of its `max_bytes` again and again.

    A stream of `fewest` bytes or less is not halved. Returns its bytes; None: another process that starts at the same
    moment was faster. Raises ApiRefused, and what `call` raises.
    """
    while True:
        try:
            await call(bus, f"STREAM.CREATE.{config['name']}", StreamInfo, dict(config))
        except ApiRefused as refused:
            if refused.fault.err_code == NAME_IN_USE:
                return None
            if not lacks_room(refused.fault) or config["max_bytes"] <= fewest:
                raise
            config = {**config, "max_bytes": config["max_bytes"] // 2}
        else:
            max_bytes: int = config["max_bytes"]
            return max_bytes


def lacks_room(fault: ApiFault) -> bool:
    """True if the server has no room. A cluster says so of each of its servers, among the reasons why none fits."""
    return fault.err_code == STORAGE_EXCEEDED or (fault.err_code == NO_PEERS and "storage" in fault.description)
