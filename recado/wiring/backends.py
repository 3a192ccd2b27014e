"""The backend of each mode: how it is opened, and how its threads at the provider are deleted.

`recado.settings.modes` has a row of the same name with the facts about the mode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from backends.agents.backend import Agents
from backends.agents.delete import SESSIONS
from backends.assistants.backend import Assistants
from backends.assistants.delete import THREADS
from backends.chat_completions import ChatCompletions
from backends.content.attachments import IMAGES, OFFICE, PDF
from backends.protocol import Backend
from backends.provider.delete_threads import KeptThreads
from backends.provider.key import ApiKey
from backends.provider.quirks import quirks_of
from backends.responses.backend import Responses
from backends.responses.delete import CONVERSATIONS
from backends.scripted import Scripted
from gateways.delivery.texts import LONGEST
from recado.settings.modes import ApiMode
from recado.settings.provider import serves_as_openai
from recado.settings.settings import Settings
from recado.wiring.keys import model_key, second_key

LENGTH_RULE = f"A reply has at most {LONGEST:,} characters; what is longer is not sent."
"""A rule at the end of every model's instructions. They stay constant, so a provider's prompt cache works."""


class Model(msgspec.Struct, frozen=True):
    """The model that writes the replies.

    - `backend`: the backend that asks it.
    - `name`: its name, or that of the saved assistant or agent, for people.
    - `server`: its server, for people; empty for OpenAI.
    - `local`: whether it is the small local model, at the base URL `address`.
    - `takes`: the MIME types of files that it gets unchanged.
    """

    backend: Backend
    name: str
    server: str = ""
    local: bool = False
    takes: frozenset[str] = frozenset()
    address: str = ""


class BackendOf(NamedTuple):
    """`open` makes the backend from the settings; `kept` is None where the provider keeps no threads."""

    open: Callable[[Settings], Model]
    kept: KeptThreads | None = None


def instructions(settings: Settings) -> str:
    """The model's instructions for every conversation."""
    return f"{settings.ai_system_prompt}\n\n{LENGTH_RULE}".lstrip()


def chat_completions(key: ApiKey, base_url: str | None, model: str, prompt: str) -> ChatCompletions:
    quirks = quirks_of(base_url, model)
    return ChatCompletions(api_key=key, base_url=base_url, model=model, system_prompt=prompt, quirks=quirks)


def second_model(settings: Settings) -> ChatCompletions | None:
    """The second model, if there is one."""
    second = settings.fallback
    if second is None:
        return None
    return chat_completions(second_key(settings), second.base_url, second.model, instructions(settings))


def kept_threads() -> dict[str, KeptThreads]:
    """The APIs that keep threads, by the name of their backend."""
    return {mode: row.kept for mode, row in BACKENDS.items() if row.kept is not None}


def _chat(settings: Settings) -> Model:
    backend = chat_completions(
        model_key(settings), settings.openai_base_url, settings.openai_model, instructions(settings)
    )
    takes = IMAGES | (PDF if serves_as_openai(settings.openai_base_url) else frozenset())
    return Model(backend, settings.openai_model, _server(settings), takes=takes)


def _responses(settings: Settings) -> Model:
    as_openai = serves_as_openai(settings.openai_base_url)
    backend = Responses(
        api_key=model_key(settings),
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        system_prompt=instructions(settings),
        hosted_tools=settings.hosted_tools,
        locks=as_openai,
        quirks=quirks_of(settings.openai_base_url, settings.openai_model),
    )
    takes = IMAGES | (PDF | OFFICE if as_openai else frozenset())
    return Model(backend, settings.openai_model, _server(settings), takes=takes)


def _assistants(settings: Settings) -> Model:
    # The assistant has instructions of its own, which recado's default prompt would disturb.
    prompt = settings.ai_system_prompt
    backend = Assistants(
        api_key=model_key(settings),
        base_url=settings.openai_base_url,
        assistant=settings.openai_assistant_id,
        additional_instructions=LENGTH_RULE if prompt == Settings().ai_system_prompt else instructions(settings),
        hosted_tools=settings.hosted_tools,
        quirks=quirks_of(settings.openai_base_url, settings.openai_assistant_id),
    )
    return Model(backend, settings.openai_assistant_id, _server(settings), takes=IMAGES)


def _agents(settings: Settings) -> Model:
    backend = Agents(
        api_key=model_key(settings),
        base_url=settings.openai_base_url,
        agent=settings.openai_agent_id,
        model=settings.openai_model,
        system_prompt=instructions(settings),
        rule=LENGTH_RULE,
        hosted_tools=settings.hosted_tools,
        quirks=quirks_of(settings.openai_base_url, settings.openai_agent_id or settings.openai_model),
    )
    return Model(backend, settings.openai_agent_id or settings.openai_model, _server(settings), takes=IMAGES)


def _scripted(_: Settings) -> Model:
    return Model(Scripted(), "scripted", takes=IMAGES)


def _server(settings: Settings) -> str:
    return urlsplit(settings.openai_base_url or "").netloc.rpartition("@")[2]


BACKENDS: dict[ApiMode, BackendOf] = {
    "chat": BackendOf(_chat),
    "responses": BackendOf(_responses, CONVERSATIONS),
    "assistants": BackendOf(_assistants, THREADS),
    "agents": BackendOf(_agents, SESSIONS),
    "scripted": BackendOf(_scripted),
}
