"""The two stores of the library: the object store LIBRARY and the KV bucket FILES."""

from __future__ import annotations

from typing import Any

import structlog

from events.jetstream.api import STREAM_NOT_FOUND, ApiRefused, StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.fitting import lacks_room, make_fitting

OBJECTS = "LIBRARY"
STREAM = f"OBJ_{OBJECTS}"
BUCKET = "FILES"
ENTRIES = f"KV_{BUCKET}"

SHARE = 8
"""LIBRARY may hold an eighth of the log's size, and at least LEAST; fewer where the server has less room."""

LEAST = 128 * 1024**2
MOST_OF_ENTRIES = 16 * 1024**2
"""Bytes of FILES, some ten thousand entries; fewer where the server has less room."""

_FEWEST = 256 * 1024

log = structlog.get_logger("recado.library")


async def ensure(bus: Bus, log_bytes: int, replicas: int) -> None:
    """Make the stores that are missing; existing ones keep their size. A server that has no room for them is served
    without a library: an older recado's stores may have taken all of it. Raises ApiRefused, LogUnavailable."""
    wanted = (
        _shape(ENTRIES, [f"$KV.{BUCKET}.>"], MOST_OF_ENTRIES, replicas) | {"max_msgs_per_subject": 1},
        _shape(STREAM, [f"$O.{OBJECTS}.C.>", f"$O.{OBJECTS}.M.>"], max(LEAST, log_bytes // SHARE), replicas),
    )
    for config in wanted:
        try:
            await call(bus, f"STREAM.INFO.{config['name']}", StreamInfo)
        except ApiRefused as refused:
            if refused.fault.err_code != STREAM_NOT_FOUND:
                raise
            await _make(bus, config)


def _shape(stream: str, subjects: list[str], max_bytes: int, replicas: int) -> dict[str, Any]:
    return {
        "name": stream,
        "subjects": subjects,
        "storage": "file",
        "discard": "new",
        "max_bytes": max_bytes,
        "num_replicas": replicas,
        "allow_rollup_hdrs": True,
        "allow_direct": True,
        "duplicate_window": 120 * 10**9,
    }


async def _make(bus: Bus, config: dict[str, Any]) -> None:
    try:
        max_bytes = await make_fitting(bus, config, _FEWEST)
    except ApiRefused as refused:
        if not lacks_room(refused.fault):
            raise
        help_ = "give another stream fewer bytes, with the NATS CLI: nats stream edit … --max-bytes …"
        log.warning("library.no_room", stream=config["name"], then="no files can be added", help=help_)
    else:
        if max_bytes is not None:
            log.info("library.created", stream=config["name"], max_bytes=max_bytes)
