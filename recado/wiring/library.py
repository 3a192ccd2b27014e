"""Opens the library: an instance makes its stores, everyone else joins them."""

from __future__ import annotations

from contextlib import AsyncExitStack

from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.library import Library


async def made_library(stack: AsyncExitStack, bus: Bus, event_log: JetStreamLog) -> Library:
    """The library of an instance; closed with the stack. Raises LogMismatch, LogUnavailable."""
    limit = (await event_log.head()).limit
    library = await JetStreamLibrary.open(bus, log_bytes=limit, replicas=event_log.replicas)
    stack.push_async_callback(library.close)
    return library


async def joined_library(stack: AsyncExitStack, bus: Bus) -> Library:
    """The library of a gateway or a command; closed with the stack. Raises LogUnavailable."""
    library = await JetStreamLibrary.join(bus)
    stack.push_async_callback(library.close)
    return library
