"""Puts together which chats the users of the desk have seen: the bucket, and its copy in memory."""

from __future__ import annotations

from console.seen import SeenChats
from events.jetstream.connection import Bus
from events.jetstream.desk import DeskBucket
from recado.wiring.lifecycle import Lifetime


async def keep_marks(life: Lifetime, bus: Bus, replicas: int) -> tuple[DeskBucket, SeenChats]:
    """The bucket, and its marks, followed until the process ends."""
    bucket = await DeskBucket.open(bus, replicas=replicas)
    life.stack.push_async_callback(bucket.close)
    seen = SeenChats(bucket)
    life.keep(seen.run())
    return bucket, seen
