"""The documents of the desk in memory, and what is read in their pages."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backends.content.markdown import MarkdownReader
from events.knowledge import Document, Pair, Place
from events.memory_knowledge import MemoryKnowledgeLog
from events.memory_library import MemoryLibrary
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from recado.knowledge.desk import StoredDocuments
from recado.knowledge.texts import LibraryTexts
from recado.wiring.knowledge import SearchedKnowledge
from tests.console.conftest import Page, serve
from tests.console.given import AT, HTML
from tests.waiting import until

SHOP = "/desk/documents/shop"
SHIPPING = "# Envios\n\nO frete para o Rio custa R$ 15 <hoje>.\n"
FAQ = Place("shop", "faq & more")
FORM = f"{SHOP}/pair?name=faq+%26+more"


class Shelf:
    """A page with documents, in memory.

    - `page`: the served page.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = MemoryKnowledgeLog()
        self.library = MemoryLibrary()
        self.texts = LibraryTexts(self.library, MarkdownReader())
        self.indexing = Indexing(Index(None), self.log, self.texts)
        documents = StoredDocuments(self.log, self.texts, self.indexing, SearchedKnowledge(self.indexing, None))
        object.__setattr__(page.deps, "documents", documents)

    async def put(self, name: str, text: str = "", *, collection: str = "shop", **fields: Any) -> int:
        place = Place(collection, name)
        kept = await self.library.keep(text.encode()) if text else None
        made = {"object": kept, "text": kept, "mime": "text/markdown", "at": AT, "by": "ana", **fields}
        before = (await self.log.look()).newest.get(place)
        return await self.log.write(place, Document(name=name, **made), expected=before.seq if before else 0)

    async def pairs(self, *pairs: Pair) -> int:
        return await self.put(FAQ.name, faq=pairs, mime="")

    async def faq(self) -> tuple[Pair, ...]:
        return (await self.log.look()).newest[FAQ].document.faq

    async def indexed(self) -> None:
        """Return once the index has all that is stored."""
        last = max(one.seq for one in (await self.log.look()).newest.values())

        async def has_it() -> bool:
            return (await self.indexing.unfound())[0] >= last

        await until(has_it)

    async def shown(self, path: str, status: int = 200) -> str:
        found, text = await self.page.get(path, **HTML)
        assert found == status, text
        return str(text)

    async def give(self, path: str, **form: str) -> tuple[int, str]:
        """POST a form: the status, and where it leads or what it says."""
        headers = {"Origin": self.page.address, **HTML}
        async with self.page.session.post(
            self.page.address + path, data=form, headers=headers, allow_redirects=False
        ) as response:
            return response.status, response.headers.get("location") or await response.text()


@asynccontextmanager
async def shelved(folder: Path, **how: Any) -> AsyncIterator[Shelf]:
    async with serve(folder, **how) as page:
        shelf = Shelf(page)
        following = asyncio.create_task(shelf.indexing.follow())
        try:
            yield shelf
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await shelf.indexing.close()


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelved(tmp_path) as made:
        yield made


def linked(shown: str, beginning: str) -> str:
    """The first link that begins so."""
    found = re.search(rf'href="({re.escape(beginning)}[^"]*)"', shown)
    assert found, shown
    return html.unescape(found[1])


def field(shown: str, name: str) -> str:
    """The value of a field of the form."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', shown) or re.search(
        rf'<textarea[^>]*name="{name}"[^>]*>([^<]*)</textarea>', shown
    )
    assert found, shown
    return html.unescape(found[1])


def numbered(shown: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(rf'href="({re.escape(SHOP)}/pair[^"]*number=[^"]*)"', shown)]
