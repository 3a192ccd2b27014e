"""The settings of the model that writes the replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from events.phrases import Phrase
from recado.settings.hosted_tools import HostedTools, hosted_tools, hosted_tools_problems
from recado.settings.modes import MODES, ApiMode, Given, Mode, Saved
from recado.settings.tool_names import EVERY, built_in_tools, collections, tool_names
from recado.settings.variables import Variable, choice, seconds, secret, text, url, whole


class SavedAtProvider(NamedTuple):
    """The assistant or agent that answers, and its id."""

    kind: Saved
    id: str


class FallbackModel(NamedTuple):
    """The second model, and its server and key."""

    api_key: str
    base_url: str | None
    model: str


@dataclass(frozen=True, kw_only=True, repr=False)
class ModelSettings:
    """The settings of the model."""

    openai_api_key: Annotated[
        str,
        Variable(
            name="OPENAI_API_KEY",
            named=True,
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
    fallback_model: Annotated[
        str,
        Variable(
            name="OPENAI_FALLBACK_MODEL",
            profile=True,
            reader=text(),
            meaning="A second model, which answers by Chat Completions when the first is down, refuses or is slow "
            "(docs/second-model.md). Unset: none.",
            example="gpt-5.6-luna",
        ),
    ] = ""
    fallback_base_url: Annotated[
        str | None,
        Variable(
            name="OPENAI_FALLBACK_BASE_URL",
            profile=True,
            reader=url("https", "http", example="http://localhost:11434/v1"),
            meaning="The second model's server. If unset: the first one's.",
            example="http://localhost:11434/v1",
        ),
    ] = None
    fallback_api_key: Annotated[
        str,
        Variable(
            name="OPENAI_FALLBACK_API_KEY",
            named=True,
            reader=secret(),
            meaning="The key for the second model's server. If unset, `OPENAI_API_KEY` is sent where "
            "`OPENAI_FALLBACK_BASE_URL` is unset too, and to no other server.",
            example="sk-proj-…",
            secret=True,
        ),
    ] = ""
    fallback_after: Annotated[
        float,
        Variable(
            name="RECADO_FALLBACK_AFTER",
            profile=True,
            reader=seconds(0, 3600),
            meaning="The seconds that one request to the first model may take, retries included, before the second "
            "model is asked. 0: as long as `RECADO_RUN_TIMEOUT`.",
            example="45",
        ),
    ] = 20.0
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
            reader=whole(0, 1000, Phrase("messages")),
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
            meaning="A Python module whose public functions the model may call.",
            example="bakery_tools",
        ),
    ] = ""
    service_tools: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_SERVICE_TOOLS",
            profile=True,
            reader=tool_names(),
            meaning="The tools of NATS services that the model may call, by name. `*` stands for every tool that no "
            "stored profile names. Empty: none.",
            example="arrival, stock",
            keep_empty=True,
        ),
    ] = (EVERY,)
    built_in_tools: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_BUILT_IN_TOOLS",
            profile=True,
            reader=built_in_tools(),
            meaning="The tools of recado's own that the model may call: `ask_choice` asks the person a question with "
            "answers to tap, `send_file` and `send_location` send a file and a place of the account's library. Unset: "
            "none.",
            example="ask_choice, send_file, send_location",
        ),
    ] = ()
    knowledge: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_KNOWLEDGE",
            profile=True,
            reader=collections(),
            meaning="The collections of documents that the model may look up with its tool `look_up` (`recado "
            "knowledge add` fills them). Unset: none.",
            example="shop, terms",
        ),
    ] = ()
    knowledge_mode: Annotated[
        Literal["tool", "front"],
        Variable(
            name="RECADO_KNOWLEDGE_MODE",
            profile=True,
            reader=choice("tool", "front"),
            meaning="`tool`: the model looks the documents of RECADO_KNOWLEDGE up. `front`: recado looks up the words "
            "of each message, and shows the model the best three passages before them; for models without tools.",
            example="front",
        ),
    ] = "tool"
    knowledge_sources: Annotated[
        Literal["on", "off"],
        Variable(
            name="RECADO_KNOWLEDGE_SOURCES",
            profile=True,
            reader=choice("on", "off"),
            meaning="`on`: a line under each answer whose model was shown documents names them, with the day on which "
            "each was added.",
            example="on",
        ),
    ] = "off"
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
        """True if the small local model answers, since no model server is set."""
        return self.mode.has_local_model and not self.openai_api_key and self.openai_base_url is None

    @property
    def fallback(self) -> FallbackModel | None:
        """The second model, if there is one. The key of the first goes to its own server alone."""
        if not self.fallback_model:
            return None
        key = self.fallback_api_key or (self.openai_api_key if self.fallback_base_url is None else "")
        return FallbackModel(key, self.fallback_base_url or self.openai_base_url, self.fallback_model)

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
    yield from _fallback_problems(settings)
    yield from hosted_tools_problems(settings.openai_api_mode, settings.hosted_tools, saved.id if saved else "")


def _fallback_problems(settings: ModelSettings) -> Iterator[str]:
    second = settings.fallback
    if second is None:
        return
    if not settings.mode.has_provider or settings.wants_local_model:
        yield (
            "OPENAI_FALLBACK_MODEL is set, and there is no first model that could fail: set OPENAI_API_KEY or "
            "OPENAI_BASE_URL for it, or unset OPENAI_FALLBACK_MODEL"
        )
    elif settings.saved is None and second[1:] == (settings.openai_base_url, settings.openai_model):
        yield (
            f"OPENAI_FALLBACK_MODEL is {second.model}, as OPENAI_MODEL is, at the same server: give another model, or "
            "another server in OPENAI_FALLBACK_BASE_URL"
        )


def model_doubts(settings: ModelSettings) -> Iterator[str]:
    """Warnings about values that are valid, but probably mistakes."""
    yield from settings.mode.doubts(_given(settings, settings.openai_model))
    if settings.fallback is None and (settings.fallback_base_url or settings.fallback_api_key):
        yield "OPENAI_FALLBACK_BASE_URL and OPENAI_FALLBACK_API_KEY have no effect without OPENAI_FALLBACK_MODEL"


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
