"""Puts together the means with which chats are answered: the models, the tools, the reading of files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from actors.answering import Means
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from events.jetstream.media_store import MediaStore
from recado.settings.settings import Settings
from recado.wiring.backends import Model, second_model
from recado.wiring.media import open_files
from recado.wiring.model import open_threads


@asynccontextmanager
async def open_means(
    settings: Settings, model: Model, functions: Mapping[str, PythonTool], services: ServiceTools, store: MediaStore
) -> AsyncIterator[Means]:
    """The means by the settings, until the block is left."""
    async with AsyncExitStack() as stack:
        fallback = second_model(settings)
        if fallback is not None:
            stack.push_async_callback(fallback.close)
        yield Means(
            backend=model.backend,
            fallback=fallback,
            tools=Toolbox(functions, services, hands_off=settings.handoff == "on"),
            files=await stack.enter_async_context(open_files(settings, model, store)),
            threads=await stack.enter_async_context(open_threads(settings)),
        )
