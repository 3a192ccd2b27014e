"""Puts together what reads the files of messages: the object store, who listens, who opens documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.media import MediaFiles
from backends.extraction import Extraction
from backends.scripted import heard
from backends.transcription import Transcription
from events.bus import Bus
from events.jetstream_log import JetStreamLog
from events.media_store import MediaStore
from recado.model import Model
from recado.settings import Settings


@asynccontextmanager
async def open_files(settings: Settings, model: Model, bus: Bus, log: JetStreamLog) -> AsyncIterator[MediaFiles]:
    """The files of an instance's messages, until the block is left."""
    store, extraction = await open_store(settings, bus, log), Extraction()
    if settings.openai_api_mode == "scripted":
        yield MediaFiles(store, listen=heard, extract=extraction.extract, takes=model.takes)
        return
    # The small local model cannot listen, and its server would say so each time.
    transcription = Transcription(
        api_key=settings.openai_api_key or "none",
        base_url=settings.openai_base_url,
        model="" if model.local else settings.transcription_model,
    )
    try:
        yield MediaFiles(store, listen=transcription.transcribe, extract=extraction.extract, takes=model.takes)
    finally:
        await transcription.close()


async def open_store(settings: Settings, bus: Bus, log: JetStreamLog) -> MediaStore:
    """The object store beside the log. Raises LogUnavailable, LogError."""
    limit = (await log.head()).limit
    return await MediaStore.open(bus, kept=settings.media_kept, log_bytes=limit, replicas=log.replicas)
