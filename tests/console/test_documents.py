"""The desk's documents over real HTTP: collections, texts, searches, and who changed what."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import pytest

from actors.tools.passages import Found
from chat.spending import Price
from console.documents import pages
from events.knowledge import Pair, Place
from events.knowledge_contents import Contents
from events.knowledge_log import Stock
from events.log import LogFull, LogMismatch, LogUnavailable
from events.memory_vectors import MemoryVectors
from projections.knowledge import meanings
from recado.knowledge.desk import StoredDocuments
from recado.wiring import knowledge as wiring
from tests.console.conftest import serve
from tests.console.given import HTML
from tests.console.shelf import FORM, SHIPPING, SHOP, Shelf, field, linked, numbered, shelf, shelved

__all__ = ["shelf"]


async def test_the_way_of_a_document(shelf: Shelf) -> None:
    """It is listed with type, time and author, read as it is searched, found, and removed after a question."""
    assert "There is no document yet." in await shelf.shown("/desk/documents")
    await shelf.put("menu/<a>.md", SHIPPING)
    await shelf.put("terms.txt", "Nothing of this.", collection="other")
    await shelf.indexed()
    shown = await shelf.shown("/desk/documents?collection=shop")
    assert "menu/&lt;a&gt;.md" in shown
    assert '<span class="kind">Markdown</span> added <time' in shown
    assert "by ana" in shown
    assert "terms.txt" not in shown
    assert "other <small>1</small>" in shown
    assert "Nothing of it is found" not in shown
    document = await shelf.shown(linked(shown, f"{SHOP}/document"))
    assert "R$ 15 &lt;hoje&gt;." in document
    found = await shelf.shown(f"{SHOP}?q=quanto+e+o+FRETE")
    assert "What the model would be shown" in found
    assert "Envios" in found
    assert "R$ 15 &lt;hoje&gt;." in found
    assert "no document has such words" in await shelf.shown(f"{SHOP}?q=zebra")
    asking = linked(shown, f"{SHOP}/remove")
    base = field(await shelf.shown(asking), "base")
    assert await shelf.give(asking, base=base) == (303, f"{SHOP}?said=removed")
    ended = (await shelf.log.look()).newest[Place("shop", "menu/<a>.md")].document
    assert (ended.removed, ended.by) == (True, "page")
    assert "There is no document in shop yet." in await shelf.shown(f"{SHOP}?said=removed")
    for path in (asking, linked(shown, f"{SHOP}/document")):
        await shelf.shown(path, 404)
    assert (await shelf.give(asking, base=base))[0] == 404


async def test_documents_that_are_not_found(shelf: Shelf) -> None:
    """The list names the reason: it cannot be read, has no words, or its newest version is odd."""
    await shelf.put("gone.md", object=f"LIBRARY/{'cd' * 32}")
    await shelf.put("blank.md", " \n")
    await shelf.put("odd.md", "some words")
    await shelf.log.store(Place("shop", "odd.md").subject, b"{}")
    await shelf.indexed()
    shown = await shelf.shown(SHOP)
    assert "Nothing of it is found: its file is no longer in the library: add it again." in shown
    assert "Nothing of it is found: it has no words." in shown
    assert "The newest version of shop/odd.md cannot be read: " in shown
    assert "its file is no longer in the library" in await shelf.shown(f"{SHOP}/document?name=gone.md")
    asking = f"{SHOP}/remove?name=odd.md"
    assert (await shelf.give(asking, base=field(await shelf.shown(asking), "base")))[0] == 303
    assert "odd.md" not in await shelf.shown(SHOP)


async def test_a_document_that_is_not_indexed_yet(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list says so."""
    await shelf.put("new.md", "some words")

    async def behind() -> tuple[int, dict[int, str]]:
        return 0, {}

    monkeypatch.setattr(shelf.indexing, "unfound", behind)
    assert "it is not indexed yet" in await shelf.shown(SHOP)


async def test_a_document_that_was_changed_is_not_removed(shelf: Shelf) -> None:
    """Not before it was looked at again."""
    await shelf.put("a.md", "one")
    asking = f"{SHOP}/remove?name=a.md"
    base = field(await shelf.shown(asking), "base")
    await shelf.put("a.md", "two")
    status, shown = await shelf.give(asking, base=base)
    assert (status, "Nothing was removed" in shown) == (409, True)
    assert (await shelf.give(asking, base=field(shown, "base")))[0] == 303


async def test_long_lists_and_long_texts(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come in pages, and nothing is on two of them or on none."""
    monkeypatch.setattr(pages, "LISTED", 2)
    monkeypatch.setattr(pages, "SHOWN", 10)
    names = [f"n{number}.md" for number in range(5)]
    for name in names:
        await shelf.put(name, "0123456789ABCDEFGHIJxyz")
    await shelf.pairs(*(Pair(f"question {number}?", "yes") for number in range(5)))
    seen: list[str] = []
    path = SHOP
    for _ in range(3):
        shown = await shelf.shown(path)
        seen += re.findall(r">(n\d\.md|faq[^<]*)</bdi></a></span>", shown)
        path = _next(shown) if "Next page" in shown else path
    assert seen == ["faq &amp; more", *names]
    path = f"{SHOP}/document?name=n1.md"
    texts = [await shelf.shown(f"{path}&page={number}") for number in (1, 2, 3, 99)]
    assert [re.findall(r'document" dir="auto">([^<]*)<', text) for text in texts] == [
        ["0123456789"], ["ABCDEFGHIJ"], ["xyz"], ["xyz"]
    ]  # fmt: skip
    second = await shelf.shown(f"{SHOP}/document?name=faq+%26+more&page=2")
    assert re.findall(r"question \d", second)[0::2] == ["question 2", "question 3"]
    assert field(await shelf.shown(numbered(second)[1]), "q") == "question 3?"
    for odd in ("0", "-1", "x", "9" * 30, ""):
        await shelf.shown(f"{SHOP}?page={odd}")


def _next(shown: str) -> str:
    found = re.search(r'href="([^"]*)" rel="next"', shown)
    assert found
    return html.unescape(found[1])


async def test_a_bus_without_room(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words stay in the form; nothing is said to be removed."""
    base = str(await shelf.pairs(Pair("cards?", "yes")))

    async def full(*_: object, **__: object) -> int:
        raise LogFull("there is no room")

    monkeypatch.setattr(shelf.log, "write", full)
    status, shown = await shelf.give(FORM, do="save", base=base, q="mine?", a="yes")
    assert (status, "Not stored: there is no room" in shown, field(shown, "q")) == (503, True, "mine?")
    assert (await shelf.give(f"{SHOP}/remove?name=faq+%26+more", base=base))[0] == 503


async def test_while_the_index_is_made(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search says so after a while."""
    monkeypatch.setattr(wiring, "WITHIN", 0.01)
    await shelf.indexing.is_whole.wait()
    shelf.indexing.is_whole.clear()  # nothing is stored that would set it again
    assert "cannot be searched now" in await shelf.shown(f"{SHOP}?q=words", 503)


async def test_who_may_not(tmp_path: Path) -> None:
    """Without a login nothing is shown, stored or removed; another site's form is refused."""
    async with shelved(tmp_path, password="correct-horse-battery") as shelf:
        base = str(await shelf.pairs(Pair("cards?", "yes")))
        page = shelf.page
        for path in ("/desk/documents", SHOP, FORM, f"{SHOP}/document?name=faq+%26+more", f"{SHOP}/remove?name=x"):
            async with page.session.get(page.address + path, headers=HTML, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["location"].startswith("/login")) == (303, True)
        assert (await shelf.give(FORM, do="save", base=base, q="q", a="a"))[0] == 401
        assert (await shelf.give(f"{SHOP}/remove?name=faq+%26+more", base=base))[0] == 401
        login = {"password": "correct-horse-battery"}
        async with page.session.post(page.address + "/login", data=login, headers={"Origin": page.address}):
            pass
        form = {"do": "save", "base": base, "q": "q", "a": "a"}
        async with page.session.post(page.address + FORM, data=form, headers={"Origin": "https://evil.example"}) as no:
            assert no.status == 403
        assert await shelf.faq() == (Pair("cards?", "yes"),)


async def test_without_documents(tmp_path: Path) -> None:
    """There is no such page, and no link to it."""
    async with serve(tmp_path) as page:
        assert (await page.get(SHOP, **HTML))[0] == 404
        assert "/desk/documents" not in (await page.get("/desk", **HTML))[1]


@pytest.mark.parametrize("path", ["/desk/documents", SHOP, FORM, "/desk/documents/drafts/open"])
async def test_a_bus_without_the_stream(shelf: Shelf, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what is missing, and what to do."""

    async def missing(*_: object) -> Stock:
        raise LogMismatch("there is no stream KNOWLEDGE on the bus: start an instance, which makes it")

    monkeypatch.setattr(shelf.log, "look", missing)
    assert "start an instance, which makes it" in await shelf.shown(path, 503)


async def test_it_says_what_is_found_by_words_alone(shelf: Shelf) -> None:
    """Without a model, and with one that has not made all vectors yet."""
    await shelf.put("shipping.md", SHIPPING)
    await shelf.indexed()
    assert "by their words alone: OPENAI_EMBEDDING_MODEL" in await shelf.shown(SHOP)
    documents = StoredDocuments(shelf.log, shelf.texts, shelf.indexing, Nothing(), space="words")
    object.__setattr__(shelf.page.deps, "documents", documents)
    assert "1 of 1 pieces have no vector yet" in await shelf.shown(SHOP)
    (one,) = await shelf.indexing.read(meanings.lacking, "words", ("shop",), 9)
    await shelf.indexing.write(meanings.keep, "words", [(one.digest, b"\x00\x00\x80?" + b"\x00" * 28)])
    assert "words alone" not in await shelf.shown(SHOP)


async def test_the_numbers_have_the_cost_of_vectors(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the bus is away the others are shown."""
    shared = MemoryVectors()
    await shared.count("text-embedding-3-small", 50_000_000)
    documents = StoredDocuments(shelf.log, shelf.texts, shelf.indexing, Nothing(), shared=shared)
    object.__setattr__(shelf.page.deps, "documents", documents)
    object.__setattr__(shelf.page.deps, "prices", {"text-embedding-3-small": Price(input=Decimal("0.02"))})
    shown = await shelf.shown("/desk/numbers")
    assert "text-embedding-3-small (Documents)</th><td>0</td><td>50,000,000</td>" in shown
    assert "Cost: $1.00" in shown

    async def away(_: str) -> NoReturn:
        raise LogUnavailable("the bus is away")

    monkeypatch.setattr(shared, "counted", away)
    assert "text-embedding" not in await shelf.shown("/desk/numbers")


class Nothing:
    """Knowledge that finds nothing."""

    async def contents(self, collections: Sequence[str]) -> Contents:
        return Contents()

    async def look_up(self, collections: Sequence[str], query: str, tally: object = None) -> Sequence[Found]:
        return ()


async def test_words_that_a_document_hides_are_told(shelf: Shelf) -> None:
    await shelf.put("page.html", SHIPPING, unseen=1_412)
    await shelf.put("menu.pdf", SHIPPING)
    await shelf.indexed()
    listed = await shelf.shown(SHOP)
    assert listed.count("which were left out") == 1
    assert "It hides 1,412 words" in listed
    assert "It hides 1,412 words" in await shelf.shown(f"{SHOP}/document?name=page.html")
    assert "hides" not in await shelf.shown(f"{SHOP}/document?name=menu.pdf")
