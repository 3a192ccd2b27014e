"""Files in the results of tools: from the library of the chat's account, or of bytes, checked before they are sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from actors.tools.library_parts import LibraryParts
from actors.tools.protocol import ToolResult
from actors.tools.python import PythonTool
from chat.files import file_part
from events.library import Entry, object_of
from events.log import LogFull
from events.memory_library import MemoryLibrary
from events.parts import Part
from events.subjects import ChatKey
from recado.tools import FromBytes, FromLibrary, Result, from_bytes, from_library, text
from tests.sample_files import PDF, picture, recording

SHOP = ChatKey("shop", "5511999990001@s.whatsapp.net")
OTHER = SHOP._replace(account="other")
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
LIST = file_part(PDF, "Price list.pdf", caption="In reais")
PLACE = Part(kind="location", latitude=1, longitude=2, name="Bakery")


class Shelf:
    """A library with a price list and a place, and what was kept for one chat alone."""

    def __init__(self) -> None:
        self.library = MemoryLibrary()
        self.kept: list[bytes] = []
        self.full = False
        self.parts = LibraryParts(self.library, self)

    async def keep(self, content: bytes) -> str:
        if self.full:
            raise LogFull("no room")
        self.kept.append(content)
        return f"MEDIA/sent:{len(self.kept)}"

    async def answer(self, returned: Any, key: ChatKey = SHOP) -> ToolResult:
        """The result of a Python function that returns this."""

        def tool() -> Any:
            return returned

        return await self.parts.resolved(key.account, await PythonTool(tool).call(key, b"{}"))


@pytest.fixture
async def shelf() -> Shelf:
    shelf = Shelf()
    await shelf.library.add("shop", Entry(name="Price list", part=LIST, size=len(PDF), at=AT), PDF)
    await shelf.library.add("shop", Entry(name="Bakery", part=PLACE, at=AT))
    return shelf


async def test_a_file_by_its_name(shelf: Shelf) -> None:
    """It is the entry's part, and the model reads what the person gets."""
    result = await shelf.answer(from_library("price LIST"))
    assert (result.send, result.wanted, result.failed) == ((LIST,), (), False)
    assert "📄 Price list.pdf" in result.output
    result = await shelf.answer(Result("Sent.", [text("Here:"), from_library("Price list", caption="New"), PLACE]))
    assert result.output == "Sent."
    assert [(part.kind, part.caption) for part in result.send] == [
        ("text", None),
        ("document", "New"),
        ("location", None),
    ]
    assert (await shelf.answer(from_library("bakery"))).send == (PLACE,)


async def test_a_name_that_is_not_there(shelf: Shelf) -> None:
    """The model is told the names that are, and nothing of other accounts."""
    result = await shelf.answer(Result("Sent.", [from_library("Menu")]))
    assert (result.failed, result.send) == (True, ())
    assert "no 'Menu'. There are: Bakery, Price list" in result.output
    result = await shelf.answer(from_library("Price list"), OTHER)
    assert (result.failed, "There is none yet" in result.output) == (True, True)


async def test_bytes(shelf: Shelf) -> None:
    """They are kept for the chat alone, with their type."""
    result = await shelf.answer(from_bytes(PDF, "Invoice 7", caption="Yours"))
    assert result.send == (
        Part(
            kind="document",
            object="MEDIA/sent:1",
            mime="application/pdf",
            filename="Invoice 7.pdf",
            caption="Yours",
        ),
    )
    assert shelf.kept == [PDF]
    sound = recording("ogg", "libopus")
    assert (await shelf.answer(from_bytes(sound, "hello", voice=True))).send[0].voice


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (FromBytes(b"", "x"), "is empty"),
        (FromBytes(PDF[:40], "x"), "ends in the middle"),
        (FromBytes(b"<html>", "x.pdf"), "page of HTML"),
        (FromBytes(picture("GIF"), "x"), "a GIF"),
        (FromBytes(picture("JPEG"), "x", "voice"), "as a picture, not as a voice message"),
        (FromLibrary("bakery", "caption"), "no `caption`"),
    ],
)
async def test_a_file_that_cannot_be_sent(shelf: Shelf, returned: Any, says: str) -> None:
    """Also beside others that can: the result fails, and nothing is sent."""
    for one in (returned, Result("Done.", [LIST, returned])):
        result = await shelf.answer(one)
        assert (result.failed, result.send, result.wanted) == (True, (), ())
        assert says in result.output


@pytest.mark.parametrize(
    "made", [lambda: from_bytes("text", "x"), lambda: from_bytes(b"x", "a/b"), lambda: from_library("a\nb")]
)
def test_a_tool_hears_of_a_slip_at_once(made: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        made()


async def test_a_library_without_room(shelf: Shelf) -> None:
    shelf.full = True
    result = await shelf.answer(from_bytes(PDF, "x"))
    assert (result.failed, "no room" in result.output) == (True, True)


async def test_a_part_that_names_an_object_of_the_library(shelf: Shelf) -> None:
    """As services give it: it gets the type of the entry, and keeps its own words."""
    given = Part(kind="document", object=object_of(PDF), caption="Look")
    result = await shelf.parts.resolved("shop", ToolResult("Sent.", send=(given,)))
    assert result.send == (
        Part(
            kind="document",
            object=object_of(PDF),
            mime="application/pdf",
            filename="Price list.pdf",
            caption="Look",
        ),
    )


@pytest.mark.parametrize(
    ("account", "given", "says"),
    [
        ("other", Part(kind="document", object=object_of(PDF)), "no file of this account's library"),
        ("shop", Part(kind="document", object=object_of(b"nothing")), "no file of this account's library"),
        ("shop", Part(kind="image", object=object_of(PDF)), "is of the kind document, not image"),
    ],
)
async def test_an_object_that_is_not_the_account_s_own(shelf: Shelf, account: str, given: Part, says: str) -> None:
    """Given bytes that another account added, that nobody did, or of another kind, then nothing is sent."""
    result = await shelf.parts.resolved(account, ToolResult("Sent.", send=(text("Here:"), given)))
    assert (result.failed, result.send) == (True, ())
    assert says in result.output


async def test_other_results_are_left_as_they_are(shelf: Shelf) -> None:
    for result in (ToolResult("x"), ToolResult("x", send=(text("y"),)), ToolResult("x", failed=True)):
        assert await shelf.parts.resolved("shop", result) is result
