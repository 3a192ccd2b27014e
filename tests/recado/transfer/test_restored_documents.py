"""Documents that were restored: an index that had read further before is made again."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.log import JetStreamLog
from events.knowledge import Document, Pair, Place
from events.settled import Outcome, Settled
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from recado.transfer.archive import put_back, save
from tests.events.test_knowledge_log import AT
from tests.projections.knowledge.test_index import Texts, found

FAQ = Place("shop", "faq")
DRAFT = Settled(1_764_000_000, ((7,), (9, 12)))


def saying(words: str) -> Document:
    return Document(name="faq", faq=(Pair("Open?", words),), at=AT, by="test")


async def test_an_index_that_had_read_further(bus: Bus, jetstream_log: JetStreamLog, tmp_path: Path) -> None:
    """Given a version that was lost with the restore and another one at its sequence, then the index has the other
    one, and again after a second restore of the same backup; drafts that were settled are kept."""
    stored = await JetStreamKnowledgeLog.open(bus)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(stored.close)
        indexing = Indexing(Index(tmp_path / "knowledge.db"), stored, Texts())
        stack.push_async_callback(indexing.close)
        await stored.write(FAQ, saying("zebra"), expected=0)
        await stored.settle(DRAFT, Outcome(did="dismissed", by="ana", at=AT))
        backup = tmp_path / "log.recado"
        await save(bus, backup)
        for before, after in (("lost", "tiger"), ("panther", "lion")):
            last = (await stored.look()).last_of(FAQ)
            await stored.write(FAQ, saying(before), expected=last)
            await indexing.catch_up()
            assert await found(indexing, before) == ["shop/faq"]
            for stream in ("EVENTS", "DLQ", "ACCOUNTS", "PROFILES", "KNOWLEDGE"):
                await bus.request(f"$JS.API.STREAM.DELETE.{stream}")
            await put_back(bus, backup)
            assert await stored.settled() == [DRAFT]
            for _ in range(2):  # up to the sequence that the index had read, and further
                await stored.write(FAQ, saying(after), expected=(await stored.look()).last_of(FAQ))
            await indexing.catch_up()
            assert await found(indexing, before) == []
            assert await found(indexing, after) == ["shop/faq"]
