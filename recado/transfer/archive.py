"""A backup: the log, its dead letters, and the object stores and buckets of the bus, in one zip file.

Each stream has a folder in it (`EVENTS/` for the log) with the two files that `nats stream restore` of the NATS CLI
takes: `backup.json` and `stream.tar.s2`.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
import structlog

from events.jetstream.api import RESTORED, STREAM_NOT_FOUND, ApiRefused, Done, StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.marks import RESTORING
from events.jetstream.snapshot import CHUNK, Download, Snapshot, upload
from events.jetstream.streams import EVENTS, REPLICAS
from events.log import LogUnavailable
from events.phrases import Phrase
from events.stores import STORES
from recado.transfer.stream_shapes import differences

BACKUP = "recado.backup"
"""Key in the metadata of a restored stream; its value is the backup's id."""

_ABOUT = "recado.json"
_BUCKETS = ("OBJ_", "KV_")

log = structlog.get_logger("recado.backup")


class BackupUnusable(Exception):
    """The file `path` is no backup that can be restored."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is no backup of recado's that can be restored: {reason}")
        self.path = path
        self.reason = reason


class StreamThere(Exception):
    """The bus already has a stream that the backup would make."""

    def __init__(self, stream: str) -> None:
        super().__init__(
            f"the bus has a stream {stream}, and a backup is never put over one. Stop all instances and gateways and "
            "give NATS an empty store (or another account), or delete what is there, with the NATS CLI: "
            f"nats stream rm {stream}"
        )
        self.stream = stream


class SavedStream(msgspec.Struct, frozen=True):
    """A stream in a backup.

    - `stream`: its name.
    - `messages`: the number of its messages.
    - `last`: its last sequence.
    - `size`: its bytes in the file.
    """

    stream: str
    messages: int
    last: int
    size: int


class About(msgspec.Struct, frozen=True):
    """A backup's id, and the time at which it was begun."""

    id: str
    at: datetime


Moved = Callable[[str, int], None]
"""Is told the stream that is moved, and the bytes of it so far."""


def _untold(_stream: str, _size: int) -> None: ...


async def save(bus: Bus, path: Path, moved: Moved = _untold) -> list[SavedStream]:
    """Write a backup to `path`, which must not exist; the file appears there when it is complete.

    Recado may run: each stream is saved as of one moment, the log first, so that the files and names that it refers to
    are in the later ones. Raises FileExistsError, OSError, SnapshotBroken, ApiRefused, LogUnavailable.
    """
    unfinished = path.with_name(f"{path.name}.{token_hex(4)}.unfinished")
    if os.path.lexists(path):
        raise FileExistsError(17, "a file of this name is there already, and is left as it is", str(path))
    names = await _names(bus)
    try:
        with (
            os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file,
            zipfile.ZipFile(file, "w") as archive,
        ):
            about = About(token_hex(8), datetime.now(UTC))
            archive.writestr(_ABOUT, msgspec.json.encode(about))
            saved = [await _save_stream(bus, archive, name, moved) for name in names]
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            unfinished.unlink()
        raise
    return saved


async def put_back(bus: Bus, path: Path, moved: Moved = _untold) -> tuple[About, list[SavedStream]]:
    """Make the streams of the backup again. Instances and gateways do not start on the log before `settled`.

    Streams that an interrupted restore of the same backup has made are kept. Raises BackupUnusable, StreamThere,
    SnapshotBroken, ApiRefused, LogUnavailable.
    """
    replicas = REPLICAS if bus.in_cluster else 1
    try:
        with zipfile.ZipFile(path) as archive:
            if (broken := archive.testzip()) is not None:
                raise BackupUnusable(path, f"{broken} in it is damaged")
            about = msgspec.json.decode(archive.read(_ABOUT), type=About)
            names = [name.partition("/")[0] for name in archive.namelist() if name.endswith("/backup.json")]
            if EVENTS not in names:
                raise BackupUnusable(path, f"there is no {EVENTS} in it")
            names.sort(key=lambda name: (name == EVENTS, name))  # the log last: once it is there, the rest is too
            wanted = [name for name in names if not await _is_back(bus, name, about)]
            snapshots = {
                name: msgspec.json.decode(archive.read(f"{name}/backup.json"), type=Snapshot) for name in names
            }
            for name, snapshot in snapshots.items():
                if fields := differences(name, snapshot.config):
                    raise _not_ours(path, name, fields)
            put = []
            for name, snapshot in snapshots.items():
                if name in wanted:
                    await upload(bus, name, _marked(snapshot, name, about, replicas), _chunks(archive, name, moved))
                    await _check_made(bus, path, name)
                put.append(_described(archive, name, snapshot))
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
        raise BackupUnusable(path, str(error)) from error
    return about, put


async def _check_made(bus: Bus, path: Path, name: str) -> None:
    """Delete a restored stream whose real configuration differs, or that has consumers; raise BackupUnusable then.

    A snapshot holds the configuration in a second place, which `differences` does not see before the restore.
    """
    fields = differences(name, (await call(bus, f"STREAM.INFO.{name}", StreamInfo)).config)
    if (await call(bus, f"CONSUMER.NAMES.{name}", _Names)).total:
        fields.append("consumers")
    if fields:
        await call(bus, f"STREAM.DELETE.{name}", Done)
        raise _not_ours(path, name, fields)


def _not_ours(path: Path, name: str, fields: list[str]) -> BackupUnusable:
    return BackupUnusable(path, f"the stream {name} in it is not as recado makes it: look at {', '.join(fields)}")


async def settled(bus: Bus) -> None:
    """Let instances and gateways start on the restored log. Raises ApiRefused, LogUnavailable."""
    info = await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo)
    metadata = {name: value for name, value in info.config.get("metadata", {}).items() if name != RESTORING}
    await call(bus, f"STREAM.UPDATE.{EVENTS}", StreamInfo, info.config | {"metadata": metadata})


class _Names(msgspec.Struct, frozen=True):
    streams: list[str] | None = None
    total: int = 0


async def _names(bus: Bus) -> list[str]:
    """The streams to save: the log, the other stores of recado, and buckets of other programs."""
    found: list[str] = []
    while True:
        page = await call(bus, "STREAM.NAMES", _Names, {"offset": len(found)})
        found += page.streams or []
        if not page.streams or len(found) >= page.total:
            break
    if EVENTS not in found:
        raise LogUnavailable(Phrase("there is no stream %(events)s on the bus: nothing to save", events=EVENTS))
    beside = [name for name, store in STORES.items() if store.saved is True and name in found and name != EVENTS]
    foreign = sorted(name for name in found if name.startswith(_BUCKETS) and name not in STORES)
    return [EVENTS, *beside, *foreign]


async def _save_stream(bus: Bus, archive: zipfile.ZipFile, name: str, moved: Moved) -> SavedStream:
    size = 0
    download = Download(bus, name)
    snapshot = await download.begin()
    if fields := differences(name, snapshot.config):
        log.warning("backup.not_ours", stream=name, fields=fields, then="recado restore will refuse this backup")
    archive.writestr(f"{name}/backup.json", msgspec.json.encode(snapshot))
    with archive.open(f"{name}/stream.tar.s2", "w", force_zip64=True) as member:
        async for chunk in download.chunks():
            member.write(chunk)
            size += len(chunk)
            moved(name, size)
    return _described(archive, name, snapshot)


def _described(archive: zipfile.ZipFile, name: str, snapshot: Snapshot) -> SavedStream:
    state = snapshot.state
    size = archive.getinfo(f"{name}/stream.tar.s2").file_size
    return SavedStream(name, state.get("messages", 0), state.get("last_seq", 0), size)


def _marked(snapshot: Snapshot, name: str, about: About, replicas: int) -> Snapshot:
    metadata: dict[str, Any] = {
        key: value for key, value in snapshot.config.get("metadata", {}).items() if not key.startswith("_nats.")
    }
    metadata[BACKUP] = about.id
    metadata[RESTORED] = token_hex(8)
    if name == EVENTS:
        metadata[RESTORING] = about.id
    return Snapshot(snapshot.config | {"metadata": metadata, "num_replicas": replicas}, snapshot.state)


def _chunks(archive: zipfile.ZipFile, name: str, moved: Moved) -> Iterator[bytes]:
    size = 0
    with archive.open(f"{name}/stream.tar.s2") as member:
        while chunk := member.read(CHUNK):
            yield chunk
            size += len(chunk)
            moved(name, size)


async def _is_back(bus: Bus, name: str, about: About) -> bool:
    """True if the stream was restored from this backup already, and the log is not settled yet. Raises StreamThere."""
    try:
        config = (await call(bus, f"STREAM.INFO.{name}", StreamInfo)).config
    except ApiRefused as refused:
        if refused.fault.err_code == STREAM_NOT_FOUND:
            return False
        raise
    metadata = config.get("metadata", {})
    if metadata.get(BACKUP) != about.id or (name == EVENTS and RESTORING not in metadata):
        raise StreamThere(name)
    return True
