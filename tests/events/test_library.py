"""The promises of every library, on JetStream or in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.library import LARGEST, LONGEST_NAME, Entry, Library, folded, name_fault, object_of
from events.memory_library import MemoryLibrary
from events.parts import Part
from tests.conftest import LOG_BYTES

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
LARGE = bytes(range(256)) * 2000


def file(name: str, content: bytes) -> Entry:
    part = Part(kind="document", object=object_of(content), mime="application/pdf", filename=name)
    return Entry(name=name, part=part, size=len(content), at=AT, by="test")


def place(name: str) -> Entry:
    return Entry(name=name, part=Part(kind="location", latitude=-23.5, longitude=-46.6, name=name), at=AT)


@pytest.fixture(params=["memory", "jetstream"])
async def library(request: pytest.FixtureRequest) -> AsyncIterator[Library]:
    if request.param == "memory":
        yield MemoryLibrary()
        return
    bus = await Bus.open(request.getfixturevalue("nats_server").url)
    found = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    yield found
    await found.close()
    await bus.close()


async def test_what_was_added_is_found(library: Library) -> None:
    """By its name in any case, in its account alone, with its bytes."""
    assert await library.add("shop", file("Price list.pdf", LARGE), LARGE) is None
    assert await library.add("shop", place("Bakery")) is None
    assert await library.entry("shop", "price LIST.pdf") == file("Price list.pdf", LARGE)
    assert await library.entry("other", "Price list.pdf") is None
    assert [entry.name for entry in await library.entries("shop")] == ["Bakery", "Price list.pdf"]
    assert await library.entries("other") == []
    assert await library.content(object_of(LARGE)) == LARGE


async def test_a_later_entry_replaces_the_earlier(library: Library) -> None:
    """Given a name that exists in another case, then the one that it replaces is told, and both files' bytes stay."""
    first, second = file("Menu", b"first"), file("MENU", b"second")
    await library.add("shop", first, b"first")
    assert await library.add("shop", second, b"second") == first
    assert await library.entries("shop") == [second]
    assert await library.content(object_of(b"first")) == b"first"
    assert await library.add("shop", second, b"second") == second


async def test_a_removed_entry_is_gone_and_its_bytes_stay(library: Library) -> None:
    await library.add("shop", file("Menu", b"menu"), b"menu")
    assert await library.remove("shop", "mEnU")
    assert not await library.remove("shop", "Menu")
    assert await library.entry("shop", "Menu") is None
    assert await library.entries("shop") == []
    assert await library.content(object_of(b"menu")) == b"menu"
    assert await library.add("shop", file("Menu", b"menu"), b"menu") is None
    assert await library.entry("shop", "Menu") is not None


async def test_two_add_the_same_file_at_once(library: Library) -> None:
    """Each under a name of its own, and some under the same: all are found, and of one name each replaces another."""
    names = ["one", "two", "three", "same", "same", "same"]
    before = await asyncio.gather(*(library.add("shop", file(name, LARGE), LARGE) for name in names))
    assert sorted(entry.name for entry in before if entry is not None) == ["same", "same"]
    assert [entry.name for entry in await library.entries("shop")] == ["one", "same", "three", "two"]
    assert await library.content(object_of(LARGE)) == LARGE


@pytest.mark.parametrize("name", ["", " ", "a/b", "..\\b", "a\nb", "a\u202eb", "a\x00", " a", "x" * (LONGEST_NAME + 1)])
async def test_a_name_that_nobody_can_read_is_refused(library: Library, name: str) -> None:
    with pytest.raises(ValueError, match="a name of the library"):
        await library.add("shop", place(name))
    assert await library.entries("shop") == []
    assert await library.entry("shop", name) is None
    assert not await library.remove("shop", name)


@pytest.mark.parametrize(
    "name",
    [
        "Cardápio da padaria.pdf",
        "价目表",
        "👩🏽‍🍳 menu",
        "*",
        ">",
        "a.b.c",
        "=41",
        "x" * LONGEST_NAME,
        "𐍈" * LONGEST_NAME,
    ],
)
async def test_any_readable_name_is_kept_as_it_was_written(library: Library, name: str) -> None:
    await library.add("5511 9999.*", place(name))
    (entry,) = await library.entries("5511 9999.*")
    assert entry == place(name) == await library.entry("5511 9999.*", name.upper())


async def test_bytes_that_are_no_file(library: Library) -> None:
    """None at all, too many, and others than the entry's: nothing is stored."""
    for content, says in ((b"", "1 to"), (bytes(LARGEST + 1), "1 to"), (b"others", "that of other bytes")):
        with pytest.raises(ValueError, match=says):
            await library.add("shop", file("Menu", b"menu"), content)
    assert await library.entries("shop") == []


@pytest.mark.parametrize(
    "object_", ["", "LIBRARY/", f"LIBRARY/{'0' * 64}", f"LIBRARY/{'G' * 64}", f"MEDIA/{'0' * 64}", "LIBRARY/../x"]
)
async def test_an_object_that_is_not_there(library: Library, object_: str) -> None:
    assert await library.content(object_) is None


async def test_bytes_without_a_name(library: Library) -> None:
    assert await library.keep(b"a document") == object_of(b"a document")
    assert await library.content(object_of(b"a document")) == b"a document"
    assert await library.entries("shop") == []
    with pytest.raises(ValueError, match="1 to"):
        await library.keep(b"")


@given(st.text(max_size=100))
def test_names_that_look_alike_are_one(name: str) -> None:
    """A name that is accepted is found in every case, and folding it again changes nothing."""
    assert folded(folded(name)) == folded(name)
    if name_fault(name) is None:
        assert folded(name.upper().lower()) == folded(name.lower())
        assert folded(name)
