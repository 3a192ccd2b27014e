"""Chooses the model that writes the replies: OpenAI or a server like it, the small local one, or a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec.structs import replace

from backends.protocol import NoThreads, Threads
from backends.provider.delete_threads import ProviderThreads
from events.private_file import replace_private
from recado.settings.settings import Settings
from recado.wiring.backends import BACKENDS, Model, chat_completions, kept_threads
from recado.wiring.keys import model_key
from recado.wiring.local_model import LocalModel, LocalModelFailed

log = structlog.get_logger("recado.model")

_ADDRESS = "local-model.json"


class _Address(msgspec.Struct):
    base_url: str
    model: str


@asynccontextmanager
async def open_model(settings: Settings, *, own: bool = False) -> AsyncIterator[Model]:
    """The model that the settings name, until the block is left. Raises LocalModelFailed.

    With `own` a local model is started, and its address is written into the data folder: the recado that holds the
    folder does so. Without `own` a command uses that running model, or starts one for itself.
    """
    if not settings.wants_local_model:
        async with _closing(BACKENDS[settings.openai_api_mode].open(settings)) as model:
            yield model
    elif not own and (running := await _running(settings.data)) is not None:
        backend = chat_completions("local", running.base_url, running.model, settings.ai_system_prompt)
        async with _closing(Model(backend, running.model, local=True, address=running.base_url)) as model:
            yield model
    else:
        async with _started(settings, announced=own) as model, _closing(model):
            yield model


def threads_of(settings: Settings, stack: AsyncExitStack) -> Threads:
    """The provider's stored conversations, of every mode that recado has used with this server; closed with the
    stack."""
    if not settings.mode.has_provider:
        return NoThreads()
    threads = ProviderThreads(model_key(settings), settings.openai_base_url, kept_threads())
    stack.push_async_callback(threads.close)
    return threads


def model_of(settings: Settings, own: Model, stack: AsyncExitStack) -> Model | None:
    """The model that a profile's settings name, closed with the stack; `own` is the instance's. None: they name the
    small local one, and the instance runs none."""
    if settings.wants_local_model:
        if not own.local:
            return None
        model = replace(own, backend=chat_completions("local", own.address, own.name, settings.ai_system_prompt))
    else:
        model = BACKENDS[settings.openai_api_mode].open(settings)
    stack.push_async_callback(model.backend.close)
    return model


def key_print(settings: Settings) -> str:
    """A hash that identifies the key and its server without revealing the key; empty without a provider."""
    if not settings.mode.has_provider or settings.wants_local_model:
        return ""
    return sha256(f"{settings.openai_base_url}\n{settings.openai_api_key}".encode()).hexdigest()[:12]


@asynccontextmanager
async def _closing(model: Model) -> AsyncIterator[Model]:
    try:
        yield model
    finally:
        await model.backend.close()


@asynccontextmanager
async def _started(settings: Settings, *, announced: bool) -> AsyncIterator[Model]:
    missing = LocalModel.available()
    if missing is not None:
        raise LocalModelFailed("cannot be started", missing)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    local = await LocalModel.start(settings.data)
    address = settings.data / _ADDRESS
    if announced:
        replace_private(address, msgspec.json.encode(_Address(local.base_url, local.model)))
    log.info("local_model_started", model=local.model)
    try:
        # It cannot write a long reply, and is easily confused: it is told no limit.
        backend = chat_completions("local", local.base_url, local.model, settings.ai_system_prompt)
        yield Model(backend, local.model, local=True, address=local.base_url)
    finally:
        if announced:
            with suppress(FileNotFoundError):
                address.unlink()
        await local.stop()


async def _running(data: Path) -> _Address | None:
    """The address of the local model that another process runs on this data folder, if it answers."""
    try:
        address = msgspec.json.decode((data / _ADDRESS).read_bytes(), type=_Address)
        where = urlsplit(address.base_url)
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(where.hostname, where.port)
    except (OSError, TimeoutError, msgspec.DecodeError):
        return None
    writer.close()
    return address
