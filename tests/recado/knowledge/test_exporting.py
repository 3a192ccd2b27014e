"""Documents that leave as files: none is written outside of the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.knowledge import Document, Pair, Place, Version
from events.memory_library import MemoryLibrary
from recado.knowledge.exporting import Exported, export


async def exported(folder: Path, name: str, *, mime: str = "text/plain", lost: bool = False) -> Exported:
    library = MemoryLibrary()
    object_ = await library.keep(b"words")
    if lost:
        library.lose(object_)
    version = Version(Place("shop", name), 1, Document(name=name, object=object_, mime=mime))
    (one,) = [one async for one in export([version], library, folder)]
    return one


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        "/tmp/out.txt",
        "a/../../out.txt",
        "..",
        ".",
        "./a.txt",
        "a//b.txt",
        "a/./b.txt",
        ".ssh/keys.txt",
        "//a",
    ],
)
async def test_a_name_that_leads_out(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in" / "folder"
    folder.mkdir(parents=True)
    one = await exported(folder, name)
    assert "leads out" in one.reason
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    """Given a name that is too long, two names for one file, and bytes that are gone, then each is named."""
    assert "cannot be written" in (await exported(tmp_path, "a" * 290 + ".txt")).reason
    assert (await exported(tmp_path, "a")).file == "a.txt"
    assert "cannot be written" in (await exported(tmp_path, "a.txt")).reason
    assert "cannot be written" in (await exported(tmp_path, "a.txt/b.txt")).reason
    assert "add it again" in (await exported(tmp_path, "lost.txt", lost=True)).reason


async def test_pairs_are_a_file_that_is_known(tmp_path: Path) -> None:
    version = Version(Place("shop", "faq"), 1, Document(name="faq", faq=(Pair("Open?", "Yes."),)))
    assert [one.file async for one in export([version], MemoryLibrary(), tmp_path)] == ["faq.faq.csv"]
    assert (tmp_path / "faq.faq.csv").read_text() == '"question";"answer"\n"Open?";"Yes."\n'
