"""A name of a secret comes from a profile, a file from whoever mounts the folder: neither leads elsewhere, stops the
process, or shows a secret in an error."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from recado.settings.environment import SettingsInvalid
from recado.settings.secrets import LARGEST, Secrets, SecretUnusable
from recado.settings.settings import settings_of

NAME = "OPENAI_API_KEY"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret",
        "a/b",
        "/etc/passwd",
        "KEY\n",
        "KEY\0",
        "2KEY",
        "KEY-2",
        "..data",
        "ΚEY",
        "K" * 129,
        " K",
    ],
)
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    """Not even where the environment has such a name."""
    (tmp_path / "secret").write_text("sk-other")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SecretUnusable, match="no name of a variable"):
        Secrets({name: "sk-set"}, tmp_path / "folder").value(name)


def looped(path: Path) -> None:
    path.symlink_to(path)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(os.path.relpath(path))


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def chain(path: Path) -> None:
    (path.parent / "a").symlink_to("b")
    (path.parent / "b").symlink_to("a")
    path.symlink_to("a")


def in_a_file(path: Path) -> None:
    (path.parent / "file").write_text("")
    path.symlink_to("file/value")


KINDS: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a loop": looped,
    "a longer loop": chain,
    "a pipe without an end": pipe,
    "a socket": listening,
    "a device without an end": endless,
    "a link through a file": in_a_file,
    "too large": lambda path: path.write_bytes(b"k" * (LARGEST + 1)),
    "no text": lambda path: path.write_bytes(b"sk-\xff\xfe-hidden"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_none_is_named(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start and later, at once, with its path and what to do."""
    monkeypatch.chdir(tmp_path)
    KINDS[kind](tmp_path / NAME)
    with pytest.raises(SecretUnusable, match=str(tmp_path / NAME)) as caught:
        Secrets({}, tmp_path).value(NAME)
    assert "hidden" not in str(caught.value)
    with pytest.raises(SettingsInvalid, match=str(tmp_path / NAME)):
        settings_of({"RECADO_SECRETS": str(tmp_path)})


def test_a_file_that_recado_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, who may read all."""

    def refused(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / NAME).write_text("sk-1")
    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(SecretUnusable, match=r"Permission denied.*let recado's user read"):
        Secrets({}, tmp_path).value(NAME)


@pytest.mark.parametrize("text", ["two words", "sk-1\nX-Header: 1", "sk-“quoted”", "sk\x00", "sk-\x7f"])
def test_a_value_that_no_header_takes(tmp_path: Path, text: str) -> None:
    """Refused before it is sent, and not shown."""
    (tmp_path / NAME).write_text(text)
    with pytest.raises(SecretUnusable, match="copy it again") as caught:
        Secrets({}, tmp_path).value(NAME)
    assert text not in str(caught.value)


def test_links_as_kubernetes_makes_them(tmp_path: Path) -> None:
    """A name is a link into `..data`, which is a link to the folder of the present version, and is changed at once."""
    for version, value in (("..1", "sk-old"), ("..2", "sk-new")):
        (tmp_path / version).mkdir()
        (tmp_path / version / NAME).write_text(value)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / NAME).symlink_to(f"..data/{NAME}")
    secrets = Secrets({}, tmp_path)
    assert secrets.value(NAME) == "sk-old"
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert secrets.again(NAME) == "sk-new"
