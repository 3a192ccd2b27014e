"""The argument that names a collection, and the opening of documents, for all commands of `recado knowledge`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import click
import msgspec

from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.knowledge import COLLECTION, Place, Version
from events.knowledge_log import KnowledgeLog
from events.library import Library
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from recado.cli.control import by_user
from recado.cli.log import open_log
from recado.cli.session import settings
from recado.knowledge.adding import Author
from recado.knowledge.texts import LibraryTexts
from recado.wiring.library import joined_library


class Name(click.ParamType[str]):
    """The name of a collection."""

    name = "collection"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not COLLECTION.fullmatch(value):
            self.fail(f"{value!r} is no name of a collection: give 1 to 64 of a-z, 0-9, '_' and '-'", param, ctx)
        return value


collection_argument = click.argument("collection", type=Name())


class Open(NamedTuple):
    """The documents, and who changes them now."""

    stored: KnowledgeLog
    library: Library
    author: Author


@asynccontextmanager
async def opened() -> AsyncIterator[Open]:
    async with open_log(settings()) as (log, bus), AsyncExitStack() as stack:
        stored = await JetStreamKnowledgeLog.open(bus)
        stack.push_async_callback(stored.close)
        author = Author(by_user(), (await log.head()).now)
        yield Open(stored, await joined_library(stack, bus), author)


@asynccontextmanager
async def searched(*collections: str) -> AsyncIterator[Indexing]:
    """An index of all documents, for the length of a command. Refuses a collection without documents."""
    async with opened() as there:
        for one in collections:
            if not (await there.stored.look(one)).there():
                raise click.ClickException(f"the collection {one} has no documents: recado knowledge list shows all")
        indexing = Indexing(Index(None), there.stored, LibraryTexts(there.library))
        try:
            await indexing.catch_up()
            yield indexing
        finally:
            await indexing.close()


async def version_of(stored: KnowledgeLog, place: Place) -> Version:
    """The document's newest version. Refuses one that is not there."""
    version = (await stored.look(place.collection)).newest.get(place)
    if version is None or version.document.removed:
        raise click.ClickException(f"there is no document {place}: recado knowledge list shows them")
    return version


def shown(version: Version) -> dict[str, object]:
    """The version as JSON has it."""
    document = msgspec.structs.asdict(version.document)
    return {"collection": version.place.collection, "seq": version.seq, **document}
