"""Reads files of this machine that are to be sent, and checks them before anything is written."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from chat.file_types import FileNotTaken
from chat.files import file_part
from events.library import LARGEST, folded, new_name_fault
from events.parts import Part
from events.phrases import Phrase

MOST_AT_ONCE = 1_000
"""Files of one command."""


class Checked(msgspec.Struct, frozen=True):
    """A file that WhatsApp takes, or a place.

    - `name`: its name in the library.
    - `part`: the part that sends it.
    - `content`: the file's bytes.
    """

    name: str
    part: Part
    content: bytes | None = None


def checked(path: Path, name: str | None = None, kind: str | None = None, caption: str | None = None) -> Checked:
    """The file, under its own name or another one. Raises click.ClickException, which names the file."""
    named = name if name is not None else path.name
    try:
        content = _read(path)
        part = file_part(content, named, kind=kind, caption=caption)
    except (FileNotTaken, OSError) as refused:
        why = refused.strerror or str(refused) if isinstance(refused, OSError) else str(refused)
        raise click.ClickException(f"{_shown(path)}: {why}") from refused
    if (fault := new_name_fault(named)) is not None:
        raise click.ClickException(f"{_shown(path)}: {fault}" + (": rename it" if name is None else ""))
    return Checked(named, part, content)


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The files, and those in the folders among them, but for hidden ones. Raises click.ClickException."""
    found = [file for path in paths for file in _in(path)]
    if not found:
        raise click.ClickException("there are no files in it" if paths else "there is nothing to add: give a FILE")
    if len(found) > MOST_AT_ONCE:
        raise click.ClickException(f"these are {len(found):,} files: give at most {MOST_AT_ONCE:,} at once")
    names: dict[str, Path] = {}
    for file in found:
        if (other := names.setdefault(folded(file.name), file)) is not file:
            raise click.ClickException(f"{_shown(other)} and {_shown(file)} have the same name: give one by --name")
    return found


def _in(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    try:
        yield from sorted(one for one in path.iterdir() if not one.name.startswith(".") and not one.is_dir())
    except OSError as error:
        raise click.ClickException(f"{_shown(path)}: {error.strerror}") from error


def _read(path: Path) -> bytes:
    """At most one byte more than a file may have. Raises OSError, FileNotTaken."""
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe waits for a writer
        raise FileNotTaken(Phrase("it is no file"))
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "replace").decode()
