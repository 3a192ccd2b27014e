"""Puts the names of people together: the bucket, its names in memory, and the question who may join chats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from actors.leases.roster import all_read
from events.codec import JOINS
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey, token
from gateways.names.bucket import AliasBucket
from gateways.names.names import Names
from gateways.names.saved import NamesFile
from recado.wiring.lifecycle import Lifetime


async def keep_names(
    life: Lifetime,
    bus: Bus,
    event_log: JetStreamLog,
    account: str | None,
    *,
    data: Path,
    makes: bool = False,
    changed: Callable[[ChatKey], None] = lambda _: None,
) -> Names:
    """The names of the people of `account`, or of all, followed until the process ends. An instance makes the bucket
    where it is missing. A file in the folder `data` has them for the next start. Raises LogUnavailable."""
    bucket = await AliasBucket.open(bus, replicas=event_log.replicas, makes=makes)
    life.stack.push_async_callback(bucket.close)
    owner = f"-{token(account)}" if account is not None else "" if makes else ".gateway"
    file = NamesFile(data / f"names{owner}.bin")
    names = Names(event_log, bucket, account, may_join=lambda: all_read(bus, JOINS), changed=changed, file=file)
    life.keep(names.run())
    life.keep(names.save())
    return names
