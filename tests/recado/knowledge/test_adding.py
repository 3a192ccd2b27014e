"""What becomes of a file that is added again."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from backends.content.markdown import MarkdownReader
from events.knowledge import Place, Version
from events.knowledge_log import Stock
from events.memory_knowledge import MemoryKnowledgeLog
from events.memory_library import MemoryLibrary
from projections.knowledge.pieces import MOST
from recado.knowledge.adding import Added, Adding, Author
from recado.knowledge.sources import named

AUTHOR = Author("test", datetime(2026, 11, 29, 12, tzinfo=UTC))


class Shop:
    """A collection in memory, and the folder of its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = MemoryKnowledgeLog()
        self.library = MemoryLibrary()

    def adding(self, reader: MarkdownReader, stock: Stock) -> Adding:
        return Adding(self.log, self.library, reader, collection="shop", stock=stock, author=AUTHOR)

    async def add(self, name: str, text: str) -> Added:
        (self.folder / name).write_text(text)
        async with MarkdownReader() as reader:
            adding = self.adding(reader, await self.log.look())
            [added] = [one async for one in adding.add([named(self.folder / name, name)])]
        return added

    async def newest(self, name: str) -> Version:
        return (await self.log.look()).newest[Place("shop", name)]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize(("name", "old", "new"), [("a.md", "old", "new"), ("a.faq.csv", "q;old", "q;new")])
async def test_a_file_is_added_after_a_version_that_cannot_be_read(shop: Shop, name: str, old: str, new: str) -> None:
    await shop.add(name, old)
    await shop.log.store(Place("shop", name.removesuffix(".faq.csv")).subject, b"{}")
    added = await shop.add(name, new)
    assert (added.outcome, added.seq, added.reason) == ("changed", 3, "")


async def test_a_name_that_cannot_be_stored_is_refused(shop: Shop) -> None:
    (shop.folder / "x.md").write_text("words")
    adding = shop.adding(MarkdownReader(), await shop.log.look())
    [added] = [one async for one in adding.add([named(shop.folder / "x.md", "я" * 190)])]
    assert (added.outcome, added.reason) == ("refused", "its name cannot be stored: give a shorter one")


@pytest.mark.parametrize("lost", ["object", "text"])
@pytest.mark.parametrize("name", ["a.md", "a.html"])
async def test_a_file_that_the_library_lost_is_added_again(shop: Shop, name: str, lost: str) -> None:
    """Given a document whose bytes or text are gone, then adding its file again writes a version that is whole."""
    text = "<p>Open daily.</p>" if name.endswith("html") else "Open *daily*."
    await shop.add(name, text)
    assert (await shop.add(name, text)).outcome == "unchanged"
    shop.library.lose(getattr((await shop.newest(name)).document, lost))
    assert (await shop.add(name, text)).outcome == "changed"
    document = (await shop.newest(name)).document
    kept = [one for one in (document.object, document.text) if one is not None]
    assert [await shop.library.content(one) is not None for one in kept] == [True, True]
    assert (await shop.add(name, text)).outcome == "unchanged"


async def test_a_file_of_too_many_pieces_is_refused(shop: Shop) -> None:
    added = await shop.add("a.md", "".join(f"# {number}\nword\n" for number in range(MOST + 1)))
    assert (added.outcome, added.reason) == ("refused", "it has more than 20,000 pieces: split it")
    assert (await shop.log.look()).last == 0


@pytest.mark.parametrize("again", ["a.md", "a.md.faq.csv"])
async def test_of_two_files_with_one_name_the_first_is_added(shop: Shop, again: str) -> None:
    """Not one by chance. The same file twice is no other file."""
    (shop.folder / "other").mkdir()
    for path, text in (("a.md", "first"), (f"other/{again}", "second;2")):
        (shop.folder / path).write_text(text)
    given = [named(shop.folder / "a.md", "a.md"), named(shop.folder / "other" / again, again)]
    async with MarkdownReader() as reader:
        adding = shop.adding(reader, await shop.log.look())
        outcomes = {one.outcome: one async for one in adding.add(given)}
    assert set(outcomes) == {"added", "refused"}
    assert outcomes["refused"].reason == (
        f"{shop.folder / 'a.md'} has the same name: rename one, or give the folder that has both"
    )
    document = (await shop.newest("a.md")).document
    assert document.text is not None
    assert await shop.library.content(document.text) == b"first"


@pytest.mark.parametrize("is_pipe", [True, False])
async def test_what_has_no_end_is_refused(shop: Shop, is_pipe: bool) -> None:
    """Given a pipe or a device, it is refused before it is opened."""
    path = shop.folder / "a.md"
    os.mkfifo(path) if is_pipe else path.symlink_to("/dev/zero")
    async with MarkdownReader() as reader:
        adding = shop.adding(reader, await shop.log.look())
        [added] = [one async for one in adding.add([named(path, "a.md")])]
    assert (added.outcome, added.reason) == ("refused", "it is no ordinary file: save it as one")


async def test_two_who_add_the_same_files_at_once(shop: Shop) -> None:
    """Given two that begin with the same stock, then each file is there once; one that differs is refused to the
    second."""
    names = [f"{number}.md" for number in range(9)]
    for name in names:
        (shop.folder / name).write_text(f"words of {name}")
    async with MarkdownReader() as reader:
        stock = await shop.log.look()
        first, second = (shop.adding(reader, msgspec.structs.replace(stock, newest={})) for _ in range(2))
        sources = [named(shop.folder / name, name) for name in names]
        assert {one.outcome async for one in first.add(sources)} == {"added"}
        (shop.folder / names[-1]).write_text("other words")
        outcomes = [(one.name, one.outcome) async for one in second.add(sources)]
    assert sorted(outcomes) == [(name, "unchanged") for name in names[:-1]] + [(names[-1], "refused")]
    assert (await shop.log.look()).last == len(names)
