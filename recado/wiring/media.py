"""Puts together the reading of messages' files: the object store, the transcription, the text extraction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from prometheus_client import Gauge

from actors.document_slots import DocumentSlots
from actors.media_files import Extract, Listen, MediaFiles
from backends.content.transcription import Transcription
from backends.scripted import heard
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.log import LogError
from recado.settings.settings import Settings
from recado.wiring.backends import Model
from recado.wiring.keys import transcription_key

LOOK_EVERY = 30.0
"""Seconds between two updates of the object store's gauges."""

_size = Gauge("recado_media_bytes", "Bytes in the object store MEDIA.")
_limit = Gauge("recado_media_max_bytes", "Bytes that the object store MEDIA may hold; 0 if there is no limit.")

log = structlog.get_logger("recado.media")


@asynccontextmanager
async def watched_store(settings: Settings, bus: Bus, event_log: JetStreamLog) -> AsyncIterator[MediaStore]:
    """The object store, whose size the metrics show until the block is left. Raises LogUnavailable, LogError."""
    store = await open_store(settings, bus, event_log)
    watching = asyncio.create_task(watch(store))
    try:
        yield store
    finally:
        watching.cancel()


async def watch(store: MediaStore, *, every: float = LOOK_EVERY) -> None:
    """Update the gauges with the store's size until cancelled. A store that does not answer is asked again."""
    while True:
        try:
            fullness = await store.fullness()
        except LogError as error:
            log.warning("media_unavailable", reason=str(error))
        else:
            _size.set(fullness.size)
            _limit.set(fullness.limit)
        await asyncio.sleep(every)


def files_of(
    settings: Settings,
    model: Model,
    stack: AsyncExitStack,
    *,
    store: MediaStore,
    extract: Extract,
    slots: DocumentSlots,
) -> MediaFiles:
    """The reading of messages' files in the store; closed with the stack."""
    listen: Listen | None = heard
    if settings.mode.has_provider:
        transcription = transcription_of(settings)
        listen = transcription.transcribe if transcription is not None else None
        if transcription is not None:
            stack.push_async_callback(transcription.close)
    return MediaFiles(store, listen=listen, extract=extract, takes=model.takes, slots=slots)


def transcription_of(settings: Settings) -> Transcription | None:
    """The server that transcribes voice notes: its own, or the model's; None if there is none."""
    if not settings.speech_model:
        return None
    own = settings.transcription_base_url
    base_url = own or settings.openai_base_url
    return Transcription(api_key=transcription_key(settings), base_url=base_url, model=settings.speech_model)


async def open_store(settings: Settings, bus: Bus, event_log: JetStreamLog) -> MediaStore:
    """The object store beside the log. Raises LogUnavailable, LogError."""
    limit = (await event_log.head()).limit
    return await MediaStore.open(bus, kept=settings.media_kept, log_bytes=limit, replicas=event_log.replicas)
