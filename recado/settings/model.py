"""The settings of the model that writes the replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from recado.settings.hosted_tools import HostedTools, hosted_tools, hosted_tools_problems
from recado.settings.modes import MODES, ApiMode, Given, Mode, Saved
from recado.settings.variables import Variable, choice, secret, text, url, whole


class SavedAtProvider(NamedTuple):
    """The assistant or agent that answers, and its id."""

    kind: Saved
    id: str


@dataclass(frozen=True, kw_only=True, repr=False)
class ModelSettings:
    """The settings of the model."""

    openai_api_key: Annotated[
        str,
        Variable(
            name="OPENAI_API_KEY",
            reader=secret(),
            meaning="The key for OpenAI, or for the server of `OPENAI_BASE_URL`. If both are unset, the small local "
            "model answers in mode `chat`.",
            example="sk-proj-…",
            secret=True,
        ),
    ] = ""
    openai_base_url: Annotated[
        str | None,
        Variable(
            name="OPENAI_BASE_URL",
            profile=True,
            reader=url("https", "http", example="http://localhost:11434/v1"),
            meaning="Another server that speaks OpenAI's API. It need not be reachable when recado starts. If unset: "
            "OpenAI's own.",
            example="http://localhost:11434/v1",
        ),
    ] = None
    openai_model: Annotated[
        str,
        Variable(
            name="OPENAI_MODEL",
            profile=True,
            reader=text(),
            meaning="The model that writes the replies. The default is the small tier of OpenAI's current generation; "
            "the local model needs no name.",
            example="gpt-6-sol",
        ),
    ] = "gpt-6-luna"
    openai_api_mode: Annotated[
        ApiMode,
        Variable(
            name="OPENAI_API_MODE",
            profile=True,
            reader=choice(*MODES),
            meaning="The API that writes the replies. `chat` is Chat Completions. `responses` is the Responses API; "
            "the provider keeps a Conversation for each chat. `agents` is the Agents API (beta), with a session for "
            "each chat. `assistants` is for servers other than OpenAI that still speak the Assistants API. `scripted` "
            "needs no model and echoes, for a first look and for tests.",
            example="chat",
        ),
    ] = "chat"
    openai_assistant_id: Annotated[
        str,
        Variable(
            name="OPENAI_ASSISTANT_ID",
            profile=True,
            reader=text(),
            meaning="The assistant that answers; required in mode `assistants`, unused in others.",
            example="asst_abc123",
        ),
    ] = ""
    openai_agent_id: Annotated[
        str,
        Variable(
            name="OPENAI_AGENT_ID",
            profile=True,
            reader=text(),
            meaning="The saved agent that answers in mode `agents`, with its own model, instructions and tools. If it "
            "is unset, that mode needs `OPENAI_MODEL`, which then answers by `AI_SYSTEM_PROMPT`.",
            example="agent_abc123",
        ),
    ] = ""
    ai_system_prompt: Annotated[
        str,
        Variable(
            name="AI_SYSTEM_PROMPT",
            profile=True,
            reader=text(),
            meaning="The model's instructions for every conversation, in addition to the limit of a reply's length. "
            "`{name}`, `{date}`, `{time}`, `{weekday}`, `{account}` and `{open}` in it are filled for each turn; other "
            "braces stay (see [What the model is told](moment.md)). In mode `assistants` the assistant has its own "
            "instructions; a prompt that is set here is added to them, the default is not.",
            example="You work for a bakery in Porto Alegre. We open at 7.",
            keep_empty=True,
        ),
    ] = (
        "You are a friendly assistant who answers WhatsApp messages. Reply in the language you are written in, "
        "briefly and in plain text."
    )
    max_conversation_history: Annotated[
        int,
        Variable(
            name="MAX_CONVERSATION_HISTORY",
            profile=True,
            reader=whole(0, 1000, "messages"),
            meaning="The number of earlier messages of the chat, people's and replies, that the model gets in mode "
            "`chat`. A conversation that a provider keeps begins with so many. The messages that are being answered "
            "do not count.",
            example="40",
        ),
    ] = 20
    tools: Annotated[
        str,
        Variable(
            name="RECADO_TOOLS",
            profile=True,
            reader=text(),
            meaning="A Python module whose public functions the model may call. recado finds NATS services with "
            "endpoints marked `recado.tool` by itself.",
            example="bakery_tools",
        ),
    ] = ""
    hosted_tools: Annotated[
        HostedTools,
        Variable(
            name="RECADO_HOSTED_TOOLS",
            profile=True,
            reader=hosted_tools(),
            meaning="Tools that the provider carries out itself (web search, file search, code interpreter, remote "
            "MCP), in the form of its API. Modes `responses`, `assistants` and `agents` have some.",
            example='[{"type": "web_search"}]',
            secret=True,
        ),
    ] = ()

    @property
    def mode(self) -> Mode:
        """The row of OPENAI_API_MODE."""
        return MODES[self.openai_api_mode]

    @property
    def wants_local_model(self) -> bool:
        """Whether the small local model answers, since no model server is set."""
        return self.mode.has_local_model and not self.openai_api_key and self.openai_base_url is None

    @property
    def saved(self) -> SavedAtProvider | None:
        """The assistant or agent that answers with its own model, if there is one."""
        kind = self.mode.saved
        id_ = getattr(self, kind.field) if kind is not None else ""
        return SavedAtProvider(kind, id_) if kind is not None and id_ else None


def model_problems(settings: ModelSettings, given: Mapping[str, str]) -> Iterator[str]:
    """Reasons not to start in the mode that is set. `given` are the variables."""
    saved = settings.saved
    yield from settings.mode.problems(_given(settings, given.get("OPENAI_MODEL", "").strip()))
    yield from hosted_tools_problems(settings.openai_api_mode, settings.hosted_tools, saved.id if saved else "")


def model_doubts(settings: ModelSettings) -> Iterator[str]:
    """Warnings about values that are valid, but probably mistakes."""
    return settings.mode.doubts(_given(settings, settings.openai_model))


def _given(settings: ModelSettings, model: str) -> Given:
    """`model` is empty where OPENAI_MODEL is not set."""
    prompt = settings.ai_system_prompt
    return Given(
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        assistant_id=settings.openai_assistant_id,
        agent_id=settings.openai_agent_id,
        model=model,
        prompt="" if prompt == ModelSettings().ai_system_prompt else prompt,
    )
