"""RECADO_DATA: one process at a time, and a clear word when it cannot be used."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recado.embedded.data_folder import DataFolder, DataHeld, DataUnusable, write_private
from tests.recado.embedded.other_process import OtherProcess

NOBODY = 65534


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process may read but not write to, as any user."""
    folder = Path(tempfile.mkdtemp())
    (folder / "data").mkdir()
    (folder / "data").chmod(0o555)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    yield folder / "data"
    if root:
        os.seteuid(0)
    folder.chmod(0o755)
    (folder / "data").chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    """Given no folder, when it is held, then it is made, for this user alone."""
    with DataFolder.hold(tmp_path / "a" / "data") as folder:
        assert folder.path == tmp_path / "a" / "data"
        assert folder.path.stat().st_mode & 0o777 == 0o700


def test_a_second_holder_learns_who_the_first_is(tmp_path: Path) -> None:
    """Given a folder that a process holds, when another one wants it, then it is told that process's id."""
    other = OtherProcess(tmp_path)
    with pytest.raises(DataHeld) as caught, DataFolder.hold(tmp_path):
        pass
    assert (caught.value.path, caught.value.pid) == (tmp_path, other.pid)
    assert str(other.pid) in str(caught.value)
    assert "RECADO_DATA" in str(caught.value)
    assert other.end() == 0
    with DataFolder.hold(tmp_path):
        pass


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    """Given a holder that was killed, and its server that lives on, then the folder can be held again."""
    other = OtherProcess(tmp_path)
    other.end(signal.SIGKILL)
    with DataFolder.hold(tmp_path):
        os.kill(other.server_pid, signal.SIGKILL)


def test_a_folder_given_back_can_be_held_again(tmp_path: Path) -> None:
    """Given a holder that failed, then the next one holds the folder."""
    with pytest.raises(ZeroDivisionError), DataFolder.hold(tmp_path):
        raise ZeroDivisionError
    with DataFolder.hold(tmp_path):
        pass


def test_the_instance_keeps_its_name(tmp_path: Path) -> None:
    """Given a folder, then its instance's name is the same at every start, and another folder has another."""
    with DataFolder.hold(tmp_path / "one") as folder:
        name = folder.instance_name
        assert name.isalnum()
        assert folder.instance_name == name
    with DataFolder.hold(tmp_path / "one") as folder:
        assert folder.instance_name == name
    with DataFolder.hold(tmp_path / "two") as folder:
        assert folder.instance_name != name


def test_a_read_only_folder(read_only: Path) -> None:
    """Given a folder that cannot be written to, then the error says so, and what to set."""
    with pytest.raises(DataUnusable, match=r"Permission denied.*RECADO_DATA") as caught, DataFolder.hold(read_only):
        pass
    assert caught.value.path == read_only


def test_a_folder_that_cannot_be_made(read_only: Path) -> None:
    """Given a place where no folder can be made, then the error names the folder."""
    with pytest.raises(DataUnusable, match="deeper"), DataFolder.hold(read_only / "deeper"):
        pass


def test_a_file_in_its_place(tmp_path: Path) -> None:
    """Given a file where the folder should be, then the error names the fault."""
    (tmp_path / "data").write_text("notes")
    with pytest.raises(DataUnusable, match="File exists"), DataFolder.hold(tmp_path / "data"):
        pass
    assert (tmp_path / "data").read_text() == "notes"


def test_a_private_file_is_private_from_the_start(tmp_path: Path) -> None:
    """Given a file that every user may read, when it is written again, then only this user may."""
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
