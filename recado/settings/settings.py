"""Every setting, from the environment and `.env`: what it means, what it may be, what it is if nobody sets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import structlog

from recado.settings import modes
from recado.settings.environment import SettingsInvalid, unknown_names, variables_of
from recado.settings.hosted_tools import HostedTools, hosted_tools, hosted_tools_problems
from recado.settings.media import MediaSettings
from recado.settings.nats import NatsSettings, nats_problems
from recado.settings.page import PageSettings, page_problems
from recado.settings.people import PeopleSettings
from recado.settings.texts import TextSettings
from recado.settings.variables import (
    Endpoint,
    Variable,
    choice,
    duration,
    endpoint,
    folder,
    instance,
    name,
    seconds,
    secret,
    text,
    url,
    whole,
    without_userinfo,
)
from recado.settings.whatsapp import UNSET_ACCOUNT, WhatsAppSettings

log = structlog.get_logger("recado.settings")

ApiMode = Literal["chat", "responses", "assistants", "agents", "scripted"]


class Settings(TextSettings, frozen=True, kw_only=True):
    """What recado was told. `python -m recado.reference` writes docs/configuration.md from what stands here."""

    openai_api_key: Annotated[
        str,
        Variable(
            name="OPENAI_API_KEY",
            reader=secret(),
            meaning="The key of OpenAI, or of the server that `OPENAI_BASE_URL` names. With neither of the two, the "
            "small local model answers.",
            example="sk-proj-…",
            secret=True,
        ),
    ] = ""
    openai_base_url: Annotated[
        str | None,
        Variable(
            name="OPENAI_BASE_URL",
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
            reader=choice("chat", "responses", "assistants", "agents", "scripted"),
            meaning="Which API writes the replies. `chat` is Chat Completions; `responses` is the Responses API, with "
            "a Conversation for each chat that the provider keeps; `scripted` needs no model and echoes, for a first "
            "look and for tests. `agents` is the Agents API (beta), with a session for each chat. `assistants` is for "
            "servers other than OpenAI that still speak the Assistants API.",
            example="chat",
        ),
    ] = "chat"
    openai_assistant_id: Annotated[
        str,
        Variable(
            name="OPENAI_ASSISTANT_ID",
            reader=text(),
            meaning="The assistant that answers; required in mode `assistants`, unused in others.",
            example="asst_abc123",
        ),
    ] = ""
    openai_agent_id: Annotated[
        str,
        Variable(
            name="OPENAI_AGENT_ID",
            reader=text(),
            meaning="The saved agent that answers in mode `agents`, with its own model, instructions and tools. If "
            "unset, `OPENAI_MODEL` has to be set there; it answers by `AI_SYSTEM_PROMPT`.",
            example="agent_abc123",
        ),
    ] = ""
    ai_system_prompt: Annotated[
        str,
        Variable(
            name="AI_SYSTEM_PROMPT",
            reader=text(),
            meaning="What the model is told before every conversation, besides how long a reply may be. In mode "
            "`assistants` the assistant has its own instructions, and only what is set here is added to them.",
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
            reader=whole(0, 1000, "messages"),
            meaning="How many earlier messages of the chat, people's and replies, the model is shown in mode `chat`, "
            "and how many a conversation begins with that a provider keeps. The messages that are being answered are "
            "not counted.",
            example="40",
        ),
    ] = 20
    tools: Annotated[
        str,
        Variable(
            name="RECADO_TOOLS",
            reader=text(),
            meaning="A Python module whose public functions the model may call. NATS services whose endpoints are "
            "marked `recado.tool` are found by themselves.",
            example="bakery_tools",
        ),
    ] = ""
    hosted_tools: Annotated[
        HostedTools,
        Variable(
            name="RECADO_HOSTED_TOOLS",
            reader=hosted_tools(),
            meaning="Tools that the provider carries out itself (web search, file search, code interpreter, remote "
            "MCP), written as its API takes them. Modes `responses`, `assistants` and `agents` have some.",
            example='[{"type": "web_search"}]',
            secret=True,
        ),
    ] = ()
    account: Annotated[
        str,
        Variable(
            name="RECADO_ACCOUNT",
            reader=name(),
            meaning="The business number or device for which the built-in gateways, the simulated phones and "
            "`recado say` speak, and in which a chat begins with `--new`, unless told otherwise. Other commands find a "
            "chat's account themselves. Every account in the log is answered.",
            example="5511988887777",
            keep_empty=True,
        ),
    ] = UNSET_ACCOUNT
    data: Annotated[
        Path,
        Variable(
            name="RECADO_DATA",
            reader=folder(),
            meaning="Where recado keeps its files: the projection and, unless `NATS_URL` is set, the log itself. One "
            "process uses it at a time.",
            example="/var/lib/recado",
        ),
    ] = Path("data")
    probes: Annotated[
        Endpoint | None,
        Variable(
            name="RECADO_PROBES",
            reader=endpoint(),
            meaning="`/healthz`, `/readyz` and `/metrics` of `recado serve` and `recado up` are served here too, for "
            "supervisors and Prometheus on other machines: numbers and states, nothing that anybody wrote. The page "
            "is not.",
            example="0.0.0.0:9088",
        ),
    ] = None
    port: Annotated[
        int,
        Variable(
            name="RECADO_PORT",
            reader=whole(0, 65535, ""),
            meaning="The page, `/healthz`, `/readyz` and `/metrics` are served on this port, on loopback. 0: any free "
            "one, which is printed.",
            example="9000",
        ),
    ] = 8088
    debounce: Annotated[
        float,
        Variable(
            name="RECADO_DEBOUNCE",
            reader=seconds(0, 300),
            meaning="How long recado waits for the next message before it answers all of them together; ten times as "
            "long at most.",
            example="0.5",
        ),
    ] = 1.0
    run_timeout: Annotated[
        float,
        Variable(
            name="RECADO_RUN_TIMEOUT",
            reader=seconds(0.1, 3600),
            meaning="How long a reply may take, retries included, before the turn fails.",
            example="60",
        ),
    ] = 120.0
    max_runs: Annotated[
        int,
        Variable(
            name="RECADO_MAX_RUNS",
            reader=whole(1, 100_000, "turns"),
            meaning="How many turns may be under way at once with one key, in all instances of a bus together; each "
            "takes an equal share. Further messages wait, first come, first served, and are then answered together, "
            "chat by chat.",
            example="50",
        ),
    ] = 512
    max_tokens_per_chat_per_day: Annotated[
        int,
        Variable(
            name="RECADO_MAX_TOKENS_PER_CHAT_PER_DAY",
            reader=whole(0, 10**11, "tokens"),
            meaning="A chat that has cost so many tokens, input and output, since midnight UTC is not answered any "
            "more that day: its messages end as `ignored: budget`, before the model is asked. 0: no limit.",
            example="200000",
        ),
    ] = 0
    stale_after: Annotated[
        timedelta,
        Variable(
            name="RECADO_STALE_AFTER",
            reader=duration(timedelta(seconds=1), timedelta(days=3650)),
            meaning="Messages older than this are not answered any more: they end as `ignored: stale`.",
            example="90m",
        ),
    ] = timedelta(hours=24)
    instance: Annotated[
        str | None,
        Variable(
            name="RECADO_INSTANCE",
            reader=instance(),
            meaning="This instance's name. If unset, one is made up and kept in `RECADO_DATA`.",
            example="blue-1",
        ),
    ] = None

    @property
    def wants_local_model(self) -> bool:
        """Whether nobody named a model server, so that the small local model answers."""
        return self.openai_api_mode == "chat" and not self.openai_api_key and self.openai_base_url is None

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{field}={value!r}' for field, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(field, self._shown(field, variable)) for field, variable in VARIABLES.items()]

    def _shown(self, field: str, variable: Variable) -> Any:
        value = getattr(self, field)
        if variable.secret and value:
            return "…"
        return without_userinfo(value) if isinstance(value, str) else value


_HINTS = get_type_hints(Settings, include_extras=True)
_FIELDS = [
    field
    for part in (Settings, PageSettings, NatsSettings, TextSettings, PeopleSettings, MediaSettings, WhatsAppSettings)
    for field in part.__annotations__
]
VARIABLES: dict[str, Variable] = {field: _HINTS[field].__metadata__[0] for field in _FIELDS}
"""The variable behind each field of Settings."""

NAMES = frozenset(variable.name for variable in VARIABLES.values())


def load(environ: Mapping[str, str], dotenv: Path = Path(".env")) -> Settings:
    """The settings of `environ` and, for what it does not set, of the file `dotenv` (which need not be there).

    Raises SettingsInvalid with everything that is wrong. A `RECADO_` variable that nobody knows is logged.
    """
    given = variables_of(environ, dotenv)
    for warning in unknown_names(given, NAMES):
        log.warning(warning)
    settings = settings_of(given)
    for warning in doubts(settings):
        log.warning(warning)
    return settings


def doubts(settings: Settings) -> list[str]:
    """A sentence on each value that recado starts with, and that may not be what was meant."""
    if settings.openai_api_mode == "assistants":
        return list(modes.assistants_doubts(settings.openai_assistant_id, settings.openai_base_url))
    if settings.openai_api_mode == "agents" and settings.ai_system_prompt not in ("", Settings().ai_system_prompt):
        return list(modes.agents_doubts(settings.openai_agent_id))
    return []


def settings_of(given: Mapping[str, str]) -> Settings:
    """The settings of `given` variables. SettingsInvalid with everything that is wrong with them."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field, variable in VARIABLES.items():
        raw = given.get(variable.name)
        if raw is None or not (raw.strip() or variable.keep_empty):
            continue
        try:
            values[field] = variable.value(raw)
        except ValueError as error:
            problems.append(str(error))
    problems += _at_odds(Settings(**values), given)
    if problems:
        raise SettingsInvalid(problems)
    return Settings(**values)


def _at_odds(settings: Settings, given: Mapping[str, str]) -> Iterator[str]:
    """What is wrong although each value alone is right."""
    mode = settings.openai_api_mode
    if mode == "responses":
        yield from modes.responses_problems(settings.openai_api_key, settings.openai_base_url)
    if mode == "assistants":
        yield from modes.assistants_problems(settings.openai_assistant_id, settings.openai_base_url)
    if mode == "agents":
        agent = settings.openai_agent_id or given.get("OPENAI_MODEL", "").strip()
        yield from modes.agents_problems(settings.openai_api_key, settings.openai_base_url, agent)
    yield from hosted_tools_problems(mode, settings.hosted_tools, settings.openai_agent_id)
    yield from nats_problems(given)
    yield from page_problems(settings)
