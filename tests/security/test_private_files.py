"""Other users of the machine: they read nothing of recado's, and lead it to no other file by a link."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateways.delivery.checkpoint import CheckpointFile, Saved
from projections import files
from recado.embedded import process as nats_process
from recado.embedded.data_folder import DataFolder, DataUnusable
from recado.private_data import OWN, close_to_others
from recado.wiring.local_model import LocalModel, LocalModelFailed
from tests.chaos.process import recado

BEFORE = (
    *("nats/jetstream/$G/streams/OLD/msgs/1.blk", "nats.pid", "nats-server.log", "nats-server.log.2026.09.01.old"),
    *("projection", "projection-1.db", "projection-1.db-wal", "projection.write.lock", "lock"),
    *("gateway-local.json", "gateway-local.lock", "media-shop.json", "device-shop.db", "local-model.log"),
)
FOREIGN = ("notes.txt", "nats-notes.txt", "other/notes.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that was there before, made without care, with files of recado's and others in it."""
    data = tmp_path / "data"
    for name in (*BEFORE, *FOREIGN):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()
        (data / name).chmod(0o666)
    for within, _, _ in os.walk(data):
        Path(within).chmod(0o777)
    return data


@contextmanager
def careless() -> Iterator[None]:
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def rights_of_others(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode) & 0o077


def test_files_that_were_there_before(folder: Path) -> None:
    """They are closed and counted, once; those of others and the folder itself stay as they are."""
    with capture_logs() as lines:
        close_to_others(folder)
        close_to_others(folder)
    assert {name: rights_of_others(folder / name) for name in BEFORE} == dict.fromkeys(BEFORE, 0)
    assert rights_of_others(folder / "nats" / "jetstream") == 0
    assert {name: rights_of_others(folder / name) for name in FOREIGN} == dict.fromkeys(FOREIGN, 0o066)
    assert rights_of_others(folder / "other") == rights_of_others(folder) == 0o077
    folders = len(Path(BEFORE[0]).parents) - 1
    assert [(line["event"], line["files"]) for line in lines] == [("closed_to_others", len(BEFORE) + folders)]


@pytest.mark.parametrize("name", ["device-shop.db", "nats", "nats/jetstream/link"])
def test_a_link_is_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    """Given a link in the place of a file or a folder of recado's, then what it points to stays as it is."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    for path in (elsewhere, elsewhere / "file"):
        path.chmod(0o777)
    link = folder / name
    if name == "nats":
        link.rename(folder / "kept")
    link.unlink(missing_ok=True)
    link.symlink_to(elsewhere)
    close_to_others(folder)
    assert rights_of_others(elsewhere) == rights_of_others(elsewhere / "file") == 0o077


async def test_all_that_recado_up_leaves_behind(folder: Path) -> None:
    """Given such a folder, when recado has answered there and was stopped, then no file in it is for others, and each
    has a name that recado knows as its own. (5 s: a real recado and its server.)"""
    with careless(), recado(folder.parent, command="up") as process:
        await process.started()
        said = await process.run("say", "5511999990001", "hello")
        assert said.out == "echo: hello\n", said
        assert await process.stop() == 0
    own = [path for path in folder.rglob("*") if str(path.relative_to(folder)) not in (*FOREIGN, "other")]
    assert {str(path.relative_to(folder)) for path in own if rights_of_others(path)} == set()
    names = {path.name for path in own if path.parent == folder}
    assert {name for name in names if not any(fnmatchcase(name, pattern) for pattern in OWN)} == set()
    assert any(line.get("event") == "closed_to_others" for line in process.lines())


def hold(data: Path) -> None:
    with DataFolder.hold(data):
        pass


def be_gateway(data: Path) -> None:
    with CheckpointFile(data, "shop").locked():
        pass


def rebuild(data: Path) -> None:
    with files.rebuilding(data):
        pass


def follow(data: Path) -> None:
    with files.writing(data):
        pass


LOCKS: dict[str, Callable[[Path], object]] = {
    "lock": hold,
    "gateway-shop.lock": be_gateway,
    "projection.rebuild.lock": rebuild,
    "projection.write.lock": follow,
    nats_process.LOCK: nats_process.lives,
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_link_in_the_place_of_a_lock(tmp_path: Path, name: str) -> None:
    """It is refused, and nothing is made or cut where it points."""
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises((OSError, DataUnusable), match=name):
        LOCKS[name](tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def save(data: Path) -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    CheckpointFile(data, "shop").save(Saved(at, 1, at))


def switch(data: Path) -> None:
    built = data / "projection-1.db.building"
    built.touch()
    files.make_live(built)


def start_model(data: Path) -> None:
    with pytest.raises(LocalModelFailed):
        asyncio.run(LocalModel.start(data))


def hold_and_name(data: Path) -> None:
    with DataFolder.hold(data) as folder:
        assert folder.instance_name


WRITTEN: dict[str, Callable[[Path], None]] = {
    "gateway-shop.json.new": save,
    "projection.new": switch,
    "instance.new": hold_and_name,
    "local-model.log": start_model,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_link_in_the_place_of_a_new_file(tmp_path: Path, name: str) -> None:
    """It is replaced; what it points to stays as it is, and the new file is for this user alone."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("somebody else's")
    (tmp_path / name).symlink_to(elsewhere)
    with careless():
        WRITTEN[name](tmp_path)
    assert elsewhere.read_text() == "somebody else's"
    written = tmp_path / name.removesuffix(".new")
    assert not written.is_symlink()
    assert rights_of_others(written) == 0
