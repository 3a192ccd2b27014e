"""The modes of OPENAI_API_MODE: a row for each way of having a reply written.

`recado.wiring.backends` has a row of the same name with the code that opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from recado.settings.provider import is_openai

ApiMode = Literal["chat", "responses", "assistants", "agents", "scripted"]

_SHUT_DOWN = (
    "OPENAI_API_MODE is 'assistants', and OpenAI has no such API any more: the Assistants API was shut down on "
    "2026-08-26. Use OPENAI_API_MODE=responses or agents; your conversations come along: the new thread is seeded with "
    "the history. (For another server that still speaks it, set OPENAI_BASE_URL.)"
)
_WHERE = "the server that has the assistant shows it in its list of assistants, and GET /v1/assistants gives it"


class Given(NamedTuple):
    """The settings that a mode may need.

    - `api_key`: OPENAI_API_KEY
    - `base_url`: OPENAI_BASE_URL; None for OpenAI's own
    - `assistant_id`: OPENAI_ASSISTANT_ID
    - `agent_id`: OPENAI_AGENT_ID
    - `model`: OPENAI_MODEL, empty if unset
    - `prompt`: AI_SYSTEM_PROMPT, empty if it is the default
    """

    api_key: str
    base_url: str | None
    assistant_id: str
    agent_id: str
    model: str
    prompt: str


Check = Callable[[Given], Iterator[str]]
"""Sentences about settings that do not suit the mode."""


def nothing(_: Given) -> Iterator[str]:
    """No sentence."""
    return iter(())


class ToolTypes(NamedTuple):
    """The hosted tools that an API has: `only` these, or all `but` those."""

    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def has(self, type_: str) -> bool:
        return type_ in self.only if self.only else type_ not in self.but


class Saved(NamedTuple):
    """An assistant or agent that is saved at the provider, with a model of its own.

    - `noun`: the provider's word for it
    - `field`: the field of Settings with its id
    - `variable`: the variable of that field
    - `path`: its place in the API, before the id
    - `takes_additions`: each run may add instructions and tools to its own
    """

    noun: str
    field: Literal["openai_assistant_id", "openai_agent_id"]
    variable: str
    path: str
    takes_additions: bool


class Mode(msgspec.Struct, frozen=True, kw_only=True):
    """One way of having replies written.

    - `keeps_threads`: the provider keeps a conversation for each chat
    - `has_provider`: a model server is asked; otherwise this process writes the replies
    - `has_local_model`: without a key and a server, the small local model answers
    - `thread_prefix`: prefix of OpenAI's thread ids; empty if unknown. Other servers use any ids
    - `hosted_tools`: the tools that the provider carries out itself; None: it has none
    - `saved`: the assistant or agent that may answer
    - `problems`: the reasons not to start
    - `doubts`: warnings about settings that are probably mistakes
    """

    keeps_threads: bool = False
    has_provider: bool = True
    has_local_model: bool = False
    thread_prefix: str = ""
    hosted_tools: ToolTypes | None = None
    saved: Saved | None = None
    problems: Check = nothing
    doubts: Check = nothing


def _needs_server(mode: ApiMode) -> Check:
    """The small local model keeps no conversations and has no agents."""

    def problems(given: Given) -> Iterator[str]:
        if not given.api_key and given.base_url is None:
            yield f"OPENAI_API_KEY is required in mode {mode}: set it, or OPENAI_BASE_URL for another server"

    return problems


def _agents_problems(given: Given) -> Iterator[str]:
    yield from _needs_server("agents")(given)
    if not given.agent_id and not given.model:
        yield (
            "OPENAI_AGENT_ID or OPENAI_MODEL is required in mode agents: set OPENAI_AGENT_ID to a saved agent's id "
            "(agent_…; GET /v1/agents lists yours), or OPENAI_MODEL to a model, which then answers by AI_SYSTEM_PROMPT"
        )


def _agents_doubts(given: Given) -> Iterator[str]:
    if given.agent_id and given.prompt:
        yield "AI_SYSTEM_PROMPT has no effect with OPENAI_AGENT_ID: the saved agent has its own instructions"


def _assistants_problems(given: Given) -> Iterator[str]:
    if is_openai(given.base_url):
        yield _SHUT_DOWN
    id_ = given.assistant_id
    if not id_:
        yield f"OPENAI_ASSISTANT_ID is required in mode assistants: set it to the assistant's id (asst_…); {_WHERE}"
    elif given.base_url is None and not id_.startswith("asst_"):
        yield f"OPENAI_ASSISTANT_ID is {id_!r}, which is no assistant's id (asst_…): {_WHERE}"


def _assistants_doubts(given: Given) -> Iterator[str]:
    """A warning if the id may be wrong; it may be right, since other servers have ids of their own."""
    id_ = given.assistant_id
    if given.base_url is not None and id_ and not id_.startswith("asst_"):
        yield f"OPENAI_ASSISTANT_ID is {id_!r}, which does not begin with asst_; if nothing answers, {_WHERE}"


MODES: dict[ApiMode, Mode] = {
    "chat": Mode(has_local_model=True),
    "responses": Mode(
        keeps_threads=True, thread_prefix="conv_", hosted_tools=ToolTypes(), problems=_needs_server("responses")
    ),
    "assistants": Mode(
        keeps_threads=True,
        thread_prefix="thread_",
        hosted_tools=ToolTypes(only=("file_search", "code_interpreter")),
        saved=Saved("assistant", "openai_assistant_id", "OPENAI_ASSISTANT_ID", "/assistants/", takes_additions=True),
        problems=_assistants_problems,
        doubts=_assistants_doubts,
    ),
    "agents": Mode(
        keeps_threads=True,
        hosted_tools=ToolTypes(but=("file_search", "code_interpreter", "image_generation")),
        saved=Saved("agent", "openai_agent_id", "OPENAI_AGENT_ID", "/agents/", takes_additions=False),
        problems=_agents_problems,
        doubts=_agents_doubts,
    ),
    "scripted": Mode(has_provider=False),
}
"""By the value of OPENAI_API_MODE, which is also the name of the backend in events."""
