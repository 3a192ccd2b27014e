"""A reply whose file WhatsApp refuses is not delivered: in the lists, the counts, its line and its story."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from events.inbound import REFUSED_FILE, Receipt
from events.log import EventLog
from events.memory_log import MemoryLog
from events.parts import Part
from events.subjects import account_filter
from projections.reads.views import Entry
from projections.story.deliveries import told
from projections.story.story import story
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import cloud_gateway
from tests.gateways.cloud.kept_files import PNG, KeptFiles
from tests.gateways.cloud.sent_files import MENU, PDF, PICTURE, send
from tests.gateways.replies import events
from tests.projections.conftest import Known, known

__all__ = ["known"]

PARTS = (PICTURE, MENU, Part(kind="image", object="MEDIA/door", mime="image/png"))


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


async def until(log: EventLog, holds: Callable[[list[Receipt]], bool]) -> None:
    """Wait until the receipts of `r1` are so."""
    told: list[Receipt] = []
    async for batch in log.tail(0, account_filter("shop")):
        told += [one.event for one in batch if isinstance(one.event, Receipt)]
        if holds(told):
            return


async def folded(log: EventLog, known: Known) -> Entry:
    """The reply as a projection of this log shows it."""
    known.projection.apply(await events(log, "shop"))
    (why,) = known.queries.why("r1")
    assert why.entry is not None
    return why.entry


def readings(receipts: list[Receipt], state: str) -> set[int]:
    return {one.part for one in receipts if one.file == "reading" and one.state == state}


@pytest.mark.parametrize("refused", [{1}, {2}, {3}, {1, 2, 3}], ids=["first", "middle", "last", "all"])
async def test_a_file_that_is_refused_later(
    log: MemoryLog, data_dir: Path, known: Known, refused: Collection[int]
) -> None:
    """Also where every other message is read, and so are the words in its place; a refusal may be told twice."""
    files = KeptFiles(menu=PNG, pdf=PDF, door=PNG + b"door")
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files):
        await send(log, "r1", *PARTS)
        await until(log, lambda told: any(one.state == "accepted" and one.part == 3 for one in told))
        sent = list(meta.taken)
        for part in refused:
            await meta.tell(sent[part - 1], "failed", "failed", code=131053)
        await until(log, lambda told: readings(told, "accepted") == set(refused))
        for number, message in enumerate(sent, 1):
            if number not in refused:
                await meta.tell(message, "read", "delivered", "sent")
        for message in meta.taken[3:]:
            await meta.tell(message, "delivered", "sent")
        await until(log, lambda told: readings(told, "delivered") == set(refused))
    entry = await folded(log, known)
    assert entry.partly is not None
    assert entry.partly.class_ == "file_refused"
    assert entry.partly.detail
    (delivery,) = known.queries.deliveries()
    assert (delivery.waiting, delivery.failed) == (0, 1)
    assert [one.says for one in told([delivery], None, delivery.last_at or entry.at)] == [
        "1 could not be sent, or only in part"
    ]
    (view,) = known.queries.chats("shop")
    assert view.marks == ("undelivered",)
    (why,) = known.queries.why("r1")
    last = story(why, entry.at)[-1]
    assert last.what == "partly undelivered: WhatsApp does not take its file (file_refused)"


async def test_a_file_that_is_refused_at_once(log: MemoryLog, data_dir: Path, known: Known) -> None:
    """The words that went in its place do not make the reply whole."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=KeptFiles(menu=PNG)):
        await send(log, "r1", PICTURE, MENU)  # its second file is not there any more
        await until(log, lambda told: readings(told, "accepted") == {2})
    entry = await folded(log, known)
    assert entry.partly is not None
    assert entry.partly.class_ == "file_removed"
    assert [one.failed for one in known.queries.deliveries()] == [1]


async def test_another_message_that_is_refused_later(log: MemoryLog, data_dir: Path, known: Known) -> None:
    """A place that could not be delivered is missing, although the picture behind it was read."""
    place = Part(kind="location", latitude=1.0, longitude=2.0)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=KeptFiles(menu=PNG)):
        await send(log, "r1", place, PICTURE)
        await until(log, lambda told: any(one.state == "accepted" and one.part == 2 for one in told))
        await meta.tell(meta.taken[0], "failed", code=131026)
        await meta.tell(meta.taken[1], "read")
        await until(log, lambda told: any(one.state == "read" for one in told))
    entry = await folded(log, known)
    assert (entry.receipt, entry.partly is not None and entry.partly.class_) == ("read", "recipient")
    assert [one.failed for one in known.queries.deliveries()] == [1]


async def test_a_reply_that_arrived_has_no_mark(log: MemoryLog, data_dir: Path, known: Known) -> None:
    files = KeptFiles(menu=PNG, pdf=PDF, door=PNG + b"door")
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, files=files):
        await send(log, "r1", *PARTS)
        await until(log, lambda told: any(one.state == "accepted" and one.part == 3 for one in told))
        for message in meta.taken:
            await meta.tell(message, "delivered")
        await until(log, lambda told: any(one.state == "delivered" and one.part == 3 for one in told))
    entry = await folded(log, known)
    assert (entry.receipt, entry.partly) == ("delivered", None)
    assert known.queries.deliveries() == ()
    assert REFUSED_FILE not in {one.event.file for one in await events(log, "shop") if isinstance(one.event, Receipt)}
