"""A projection with a long past, folded without a server, for measurements of an instance that has run for long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from actors.answering import Answering, Means, OneProfile, Policy
from actors.instance import Instance, NoPeople, Parts, People
from actors.leases.clocks import BusTime
from actors.router import Router
from backends.scripted import Scripted
from benchmarks.conversations import chat_events
from benchmarks.people import key_of, words
from events.decisions import TYPE_OF
from events.inbound import INBOUND_TYPE_OF, Message
from events.memory_log import MemoryLog
from events.recorded import Recorded
from projections import files
from projections.projection import Projection
from projections.reads.actor_reads import ChatReads
from projections.reads.reader import Reader

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
_BATCH = 10_000


def past(folder: Path, chats: Iterable[tuple[int, int]]) -> int:
    """Make the live projection in `folder` from conversations (person and number of messages). Returns the number of
    events."""
    built = files.place_to_build(folder)
    projection = Projection.create(built, _AT)
    batch: list[Recorded] = []
    seq = 0
    for person, messages in chats:
        key = key_of(person)
        for event in chat_events(key, messages):
            seq += 1
            if isinstance(event, Message):
                batch.append(Recorded(seq, key, "i", INBOUND_TYPE_OF[Message], _AT, "", event))
            else:
                batch.append(Recorded(seq, key, "o", TYPE_OF[type(event)], _AT, f"before:{seq}", event))
            if len(batch) == _BATCH:
                projection.apply(batch)
                batch = []
    projection.apply(batch)
    projection.finish()
    files.make_live(built)
    return seq


class CaughtUp:
    """A stand-in for a runner that has read the whole log."""

    def __init__(self, checkpoint: int) -> None:
        self.checkpoint = checkpoint

    async def reached(self, seq: int) -> None:
        assert seq <= self.checkpoint


def idle_router(folder: Path, checkpoint: int, people: People | None = None) -> Router:
    """A router over the projection in `folder`, whose chats have no pending work. `people`: their names."""
    log = MemoryLog()
    bus_time = BusTime()
    bus_time.observe(datetime.now(UTC))
    instance = Instance(
        Parts(
            incarnation="bench",
            log=log,
            reads=ChatReads(Reader(folder)),
            progress=CaughtUp(checkpoint),
            bus_time=bus_time,
            fresh_id=lambda: "fresh",
            people=people or NoPeople(),
        ),
        OneProfile(Answering("bench", Means(backend=Scripted()), Policy())),
    )
    return Router(instance)


def known(person: int) -> Recorded:
    """An event that is already in the chat's snapshot: it wakes the chat's actor and changes nothing."""
    return Recorded(1, key_of(person), "i", "in", _AT, "", Message(id="before.0", text=words(0)))


def new(person: int, seq: int, name: str) -> Recorded:
    """A new message at `seq`, with another name of the person. It waits for the end of its burst."""
    event = Message(id=f"new.{seq}", text=words(0), aliases=(name,))
    return Recorded(seq, key_of(person), "i", "in", datetime.now(UTC), "", event)
