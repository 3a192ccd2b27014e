"""Chooses the model that writes the replies: OpenAI or a server like it, the small local one, or a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import structlog

from backends.agents.backend import Agents
from backends.assistants.backend import Assistants
from backends.chat_completions import ChatCompletions
from backends.content.attachments import IMAGES, OFFICE, PDF
from backends.protocol import Backend, NoThreads, Threads
from backends.provider.delete_threads import ProviderThreads
from backends.responses.backend import Responses
from backends.scripted import Scripted
from events.private_file import replace_private
from gateways.delivery.texts import LONGEST
from recado.settings.settings import Settings
from recado.wiring.local_model import LocalModel, LocalModelFailed

log = structlog.get_logger("recado.model")

_ADDRESS = "local-model.json"

LENGTH_RULE = f"A reply has at most {LONGEST:,} characters; what is longer is not sent."
"""A rule at the end of every model's instructions. They stay constant, so a provider's prompt cache works."""


class Model(msgspec.Struct, frozen=True):
    """The model that writes the replies.

    - `backend`: the backend that asks it.
    - `name`: its name, for people.
    - `server`: its server, for people; empty for OpenAI.
    - `local`: whether it is the small local model.
    - `takes`: the MIME types of files that it gets unchanged.
    """

    backend: Backend
    name: str
    server: str = ""
    local: bool = False
    takes: frozenset[str] = frozenset()


class _Address(msgspec.Struct):
    base_url: str
    model: str


@asynccontextmanager
async def open_model(settings: Settings, *, own: bool = False) -> AsyncIterator[Model]:
    """The model that the settings name, until the block is left. Raises LocalModelFailed.

    With `own` a local model is started, and its address is written into the data folder: the recado that holds the
    folder does so. Without `own` a command uses that running model, or starts one for itself.
    """
    if settings.openai_api_mode == "scripted":
        yield Model(Scripted(), "scripted", takes=IMAGES)
    elif settings.openai_api_mode == "assistants":
        made = Model(_assistants(settings), settings.openai_assistant_id, _server(settings), takes=IMAGES)
        async with _closing(made) as model:
            yield model
    elif settings.openai_api_mode == "agents":
        name = settings.openai_agent_id or settings.openai_model
        async with _closing(Model(_agents(settings), name, _server(settings), takes=IMAGES)) as model:
            yield model
    elif settings.openai_api_mode == "responses":
        takes = IMAGES | (PDF | OFFICE if _is_openai(settings) else frozenset())
        made = Model(_responses(settings), settings.openai_model, _server(settings), takes=takes)
        async with _closing(made) as model:
            yield model
    elif not settings.wants_local_model:
        key = settings.openai_api_key or "none"
        prompt = instructions(settings)
        backend = _chat(key, settings.openai_base_url, settings.openai_model, prompt)
        takes = IMAGES | (PDF if _is_openai(settings) else frozenset())
        async with _closing(Model(backend, settings.openai_model, _server(settings), takes=takes)) as model:
            yield model
    elif not own and (running := await _running(settings.data)) is not None:
        backend = _chat("local", running.base_url, running.model, settings.ai_system_prompt)
        async with _closing(Model(backend, running.model, local=True)) as model:
            yield model
    else:
        async with _started(settings, announced=own) as model, _closing(model):
            yield model


@asynccontextmanager
async def open_threads(settings: Settings) -> AsyncIterator[Threads]:
    """The provider's stored conversations, of every mode that recado has used with this server."""
    if settings.openai_api_mode == "scripted":
        yield NoThreads()
        return
    threads = ProviderThreads(settings.openai_api_key or "none", settings.openai_base_url)
    try:
        yield threads
    finally:
        await threads.close()


def key_print(settings: Settings) -> str:
    """A hash that identifies the key and its server without revealing the key; empty without a provider."""
    if settings.openai_api_mode == "scripted" or settings.wants_local_model:
        return ""
    return sha256(f"{settings.openai_base_url}\n{settings.openai_api_key}".encode()).hexdigest()[:12]


def instructions(settings: Settings) -> str:
    """The model's instructions for every conversation."""
    return f"{settings.ai_system_prompt}\n\n{LENGTH_RULE}".lstrip()


def _chat(key: str, base_url: str | None, model: str, prompt: str) -> ChatCompletions:
    return ChatCompletions(api_key=key, base_url=base_url, model=model, system_prompt=prompt)


def _responses(settings: Settings) -> Responses:
    return Responses(
        api_key=settings.openai_api_key or "none",
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        system_prompt=instructions(settings),
        hosted_tools=settings.hosted_tools,
    )


def _agents(settings: Settings) -> Agents:
    return Agents(
        api_key=settings.openai_api_key or "none",
        base_url=settings.openai_base_url,
        agent=settings.openai_agent_id,
        model=settings.openai_model,
        system_prompt=instructions(settings),
        rule=LENGTH_RULE,
        hosted_tools=settings.hosted_tools,
    )


def _assistants(settings: Settings) -> Assistants:
    # The assistant has instructions of its own, which recado's default prompt would disturb.
    prompt = settings.ai_system_prompt
    return Assistants(
        api_key=settings.openai_api_key or "none",
        base_url=settings.openai_base_url,
        assistant=settings.openai_assistant_id,
        additional_instructions=LENGTH_RULE if prompt == Settings().ai_system_prompt else instructions(settings),
        hosted_tools=settings.hosted_tools,
    )


def _is_openai(settings: Settings) -> bool:
    """Whether the server is OpenAI or Azure's. Few other servers take files, so they get documents as text."""
    host = urlsplit(settings.openai_base_url or "https://api.openai.com/v1").hostname or ""
    return host.endswith((".openai.com", ".openai.azure.com"))


def _server(settings: Settings) -> str:
    return urlsplit(settings.openai_base_url or "").netloc.rpartition("@")[2]


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
        # It cannot write a long reply, and is easily confused.
        backend = _chat("local", local.base_url, local.model, settings.ai_system_prompt)
        yield Model(backend, local.model, local=True)
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
