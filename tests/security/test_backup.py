"""A backup that an attacker changed, and a place for one that an attacker prepared."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from events.jetstream.api import StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from recado.transfer.archive import BackupUnusable, put_back, save
from recado.transfer.stream_shapes import differences

CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("republish", {"src": "evt.>", "dest": "wa.control.{{wildcard(2)}}.{{wildcard(3)}}"}),
    ("subject_transform", {"src": "wa.*.*.*", "dest": "evt.1.{{wildcard(2)}}.{{wildcard(3)}}.i.{{wildcard(1)}}"}),
    ("subjects", ["evt.>"]),  # type: ignore[list-item]
    ("sources", [{"name": "OTHER"}]),  # type: ignore[list-item]
    ("mirror", {"name": "OTHER"}),
    ("max_age", 1),  # type: ignore[list-item]
    ("max_msgs", 1),  # type: ignore[list-item]
    ("retention", "workqueue"),  # type: ignore[list-item]
    ("storage", "memory"),  # type: ignore[list-item]
    ("discard", "old"),  # type: ignore[list-item]
    ("sealed", True),  # type: ignore[list-item]
    ("no_ack", True),  # type: ignore[list-item]
    ("allow_rollup_hdrs", True),  # type: ignore[list-item]
    ("of_a_later_server", "on"),  # type: ignore[list-item]
]


@pytest.mark.parametrize("name", ["EVENTS", "DLQ", "ACCOUNTS", "PROFILES", "KNOWLEDGE"])
async def test_every_field_is_looked_at(name: str, bus: Bus, jetstream_log: JetStreamLog) -> None:
    """What recado made is taken; each change is named."""
    config = (await call(bus, f"STREAM.INFO.{name}", StreamInfo)).config
    assert differences(name, config) == []
    for field, value in CHANGES:
        assert differences(name, config | {field: value}) == ([] if config.get(field) == value else [field])
    assert differences(name, config | {"name": "OTHER"}) == ["name"]


@pytest.mark.parametrize("name", ["OTHER", "..", "KV_LEASES", "KV_", "KV_a.b", "OBJ_>", "EVENTS2"])
def test_no_other_stream_is_made(name: str) -> None:
    """Neither one of a new name nor the leases."""
    assert differences(name, {"name": name, "subjects": ["x"]}) == ["name"]


@pytest.mark.parametrize("field", ["republish", "subject_transform", "subjects", "mirror", "sources"])
def test_buckets_too(field: str) -> None:
    """A bucket beside the log that republishes its messages, or mirrors another stream."""
    plain = {"name": "KV_A", "subjects": ["$KV.A.>"], "allow_rollup_hdrs": True, "allow_direct": True}
    plain |= {"retention": "limits", "max_msgs_per_subject": 5, "max_age": 10, "storage": "memory"}
    assert differences("KV_A", plain) == []
    assert differences("KV_A", plain | {field: ["$KV.B.>"]}) == [field]


async def test_a_changed_republish(tmp_path: Path, bus: Bus, jetstream_log: JetStreamLog) -> None:
    """It is refused with its name, before anything is made."""
    file, changed = tmp_path / "log.recado", tmp_path / "changed.recado"
    await save(bus, file)
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "EVENTS/backup.json":
                snapshot = json.loads(content)
                snapshot["config"]["republish"] = {"src": "evt.>", "dest": "leak.>"}
                content = json.dumps(snapshot).encode()
            after.writestr(name, content)
    for stream in ("EVENTS", "DLQ", "ACCOUNTS", "PROFILES", "KNOWLEDGE"):
        await bus.request(f"$JS.API.STREAM.DELETE.{stream}")
    with pytest.raises(BackupUnusable, match="EVENTS in it is not as recado makes it: look at republish"):
        await put_back(bus, changed)
    assert b"stream not found" in (await bus.request("$JS.API.STREAM.INFO.DLQ")).data
    await put_back(bus, file)


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing"])
async def test_no_link_is_followed(there: bool, tmp_path: Path, bus: Bus, jetstream_log: JetStreamLog) -> None:
    """A link where the backup is to be, or where it was written until it was whole."""
    target = tmp_path / "target"
    if there:
        target.write_text("precious")
    for name in ("log.recado", "other.recado.unfinished"):
        (tmp_path / name).symlink_to(target)
    with pytest.raises(FileExistsError):
        await save(bus, tmp_path / "log.recado")
    await save(bus, tmp_path / "other.recado")
    assert (target.read_text() if target.exists() else None) == ("precious" if there else None)
