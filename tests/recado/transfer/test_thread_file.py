"""Maps from chats to threads as people bring them."""

from __future__ import annotations

import pickle
import shelve
from pathlib import Path

import pytest

from recado.transfer.thread_file import Row, ThreadFileUnreadable, read

ANA, BOB = "5511999990001@s.whatsapp.net", "5511999990002@s.whatsapp.net"
ROWS = [Row(ANA, "thread_a"), Row(BOB, "thread_b")]


def test_json_maps_numbers_or_jids_to_threads(tmp_path: Path) -> None:
    """Any form of a JID, canonical afterwards."""
    file = tmp_path / "threads.json"
    file.write_text('{"+55 11 99999-0001": "thread_a", "5511999990002:7@c.us": "thread_b"}')
    assert read(file) == ROWS


@pytest.mark.parametrize("header", ["", "sender_jid,thread_id\n"])
def test_csv_has_two_columns_and_perhaps_a_header(tmp_path: Path, header: str) -> None:
    """Spreadsheets write a byte order mark and blank lines."""
    file = tmp_path / "threads.csv"
    file.write_text(f"\ufeff{header}5511999990001,thread_a\n\n{BOB},thread_b,ignored\n")
    assert read(file) == ROWS


@pytest.mark.parametrize("named", ["threads_db", "threads_db.db"])
def test_a_shelve_is_read_without_loading_its_pickles(
    tmp_path: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the well-known bot writes it: phone number to thread id."""
    with shelve.open(str(tmp_path / "threads_db")) as shelf:
        shelf["5511999990001"] = "thread_a"
        shelf["5511999990002"] = "thread_b"

    def never(*_: object) -> None:
        raise AssertionError("a pickle was loaded")

    monkeypatch.setattr(pickle, "loads", never)
    monkeypatch.setattr(pickle, "Unpickler", never)
    assert sorted(read(tmp_path / named), key=lambda row: row.chat) == ROWS


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("executed",))


@pytest.mark.parametrize("value", [Evil(), ["thread_a"], {"thread": "a"}, 7, b"thread_a"])
def test_a_pickle_that_is_no_string_is_refused(
    tmp_path: Path, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named as such, and nothing of it runs."""
    with shelve.open(str(tmp_path / "threads_db")) as shelf:
        shelf["5511999990001"] = value
    with pytest.raises(ThreadFileUnreadable, match="no plain string"):
        read(tmp_path / "threads_db")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", "[]"),
        ("b.json", '{"5511": 7}'),
        ("c.json", "{"),
        ("d.csv", "only-one-column-1\n"),
        ("e.txt", "hello"),
    ],
)
def test_another_file_than_a_map_is_refused(tmp_path: Path, name: str, content: str) -> None:
    """Nothing is imported of it."""
    (tmp_path / name).write_text(content)
    with pytest.raises(ThreadFileUnreadable, match="cannot be read as a map"):
        read(tmp_path / name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the system's own words."""
    with pytest.raises(ThreadFileUnreadable, match="No such file"):
        read(tmp_path / "gone.json")


def test_a_bad_line_does_not_spoil_the_others(tmp_path: Path) -> None:
    """It is kept with its fault."""
    file = tmp_path / "threads.csv"
    file.write_text("5511999990001,thread_a\nnobody@nowhere,thread_x\n5511999990002,\n")
    good, bad, empty = read(file)
    assert good == ROWS[0]
    assert "nowhere" in (bad.fault or "")
    assert empty.fault == "it has no thread id"
