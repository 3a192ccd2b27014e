"""A name that is taken is one that export can write, on each system; one that was stored before stays readable."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.file_names import made_fit, path_fault
from events.knowledge import Document, KnowledgeUnreadable, Pair, Place
from events.library import name_fault, new_name_fault
from events.memory_knowledge import MemoryKnowledgeLog
from events.memory_library import MemoryLibrary
from recado.knowledge.exporting import export

BAD = [
    "", " ", ".", "..", "../../escape", "/tmp/abs", "a/../../b", "a//b",
    "a/", "./a", ".ssh/keys", "~$a.docx", "a\\..\\b",
    "con", "CON", "nul.txt", "a/aux.md", "com1", "LPT9.pdf", "COM¹", "prn .md", "a.", "a /b", "a\nb", "a\x1bb",
    "a\u202eb",
    "x" * 301,
]  # fmt: skip
GOOD = [
    "faq",
    "prices/2026.pdf",
    "console",
    "com",
    "com10.md",
    "a.con",
    "São João.md",
    "👩‍💻.md",
    "shop.example/a?b=c.html",
]


@pytest.mark.parametrize("name", BAD, ids=repr)
async def test_a_name_that_cannot_be_is_refused_where_it_comes_in(name: str) -> None:
    """In words that say what to do, not in those of the type."""
    place = Place("shop", name)
    with pytest.raises(KnowledgeUnreadable, match=r"its name .*: give|no file of Windows") as raised:
        await MemoryKnowledgeLog().write(place, Document(name=name, faq=(Pair("Q?", "A."),)), expected=0)
    assert "matching" not in str(raised.value)


@pytest.mark.parametrize("name", GOOD)
def test_other_names_are_taken(name: str) -> None:
    assert path_fault(name) is None


@pytest.mark.parametrize("name", [".", "..", "con", "nul.pdf", "a.", ".hidden"])
def test_the_library_takes_no_such_name_any_more(name: str) -> None:
    assert name_fault(name) is None  # one that is there is still found
    assert new_name_fault(name) is not None


@given(st.text(max_size=40))
def test_a_name_that_is_taken_stays_in_its_folder(name: str) -> None:
    if path_fault(name) is None:
        for kind in (PurePosixPath, PureWindowsPath):
            assert not kind(name).is_absolute()
            assert ".." not in kind(name).parts


@given(st.text("ab./ ~$\\", min_size=1, max_size=40))
def test_the_path_of_an_address_is_made_a_name(path: str) -> None:
    assert path_fault(made_fit(f"shop.example/{path}")) is None


async def test_a_name_that_was_stored_before_stays(tmp_path: Path) -> None:
    """Its pairs can be changed, it can be removed, and then it does not come again."""
    log, place = MemoryKnowledgeLog(), Place("shop", "../old")
    await log.store(place.subject, b'{"name": "../old", "faq": [{"q": "Q?", "a": "A."}]}')
    assert place in (await log.look()).newest
    document = Document(name=place.name, faq=(Pair("Q?", "B."),))
    assert await log.write(place, document, expected=1) == 2
    assert [one.file async for one in export((await log.look()).there(), MemoryLibrary(), tmp_path)] == [""]
    assert await log.write(place, Document(name=place.name, removed=True), expected=2) == 3
    with pytest.raises(KnowledgeUnreadable):
        await log.write(place, document, expected=3)
