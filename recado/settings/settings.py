"""Every setting, from the environment and `.env`: its meaning, its values and its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import structlog

from recado.settings.environment import SettingsInvalid, unknown_names, variables_of
from recado.settings.hosted_tools import HostedTools, hosted_tools, hosted_tools_problems
from recado.settings.media import MediaSettings
from recado.settings.modes import MODES, ApiMode, Given, Mode, Saved
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
    secret_texts,
    text,
    url,
    whole,
    without_userinfo,
)
from recado.settings.whatsapp import UNSET_ACCOUNT, WhatsAppSettings

log = structlog.get_logger("recado.settings")


class SavedAtProvider(NamedTuple):
    """The assistant or agent that answers, and its id."""

    kind: Saved
    id: str


class Settings(TextSettings, frozen=True, kw_only=True):
    """All settings. `python -m recado.reference` writes docs/configuration.md from them."""

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
            meaning="The saved agent that answers in mode `agents`, with its own model, instructions and tools. If it "
            "is unset, that mode needs `OPENAI_MODEL`, which then answers by `AI_SYSTEM_PROMPT`.",
            example="agent_abc123",
        ),
    ] = ""
    ai_system_prompt: Annotated[
        str,
        Variable(
            name="AI_SYSTEM_PROMPT",
            reader=text(),
            meaning="The model's instructions for every conversation, in addition to the limit of a reply's length. In "
            "mode `assistants` the assistant has its own instructions; a prompt that is set here is added to them, the "
            "default is not.",
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
            reader=hosted_tools(),
            meaning="Tools that the provider carries out itself (web search, file search, code interpreter, remote "
            "MCP), in the form of its API. Modes `responses`, `assistants` and `agents` have some.",
            example='[{"type": "web_search"}]',
            secret=True,
        ),
    ] = ()
    account: Annotated[
        str,
        Variable(
            name="RECADO_ACCOUNT",
            reader=name(),
            meaning="The business number or device of commands and the built-in gateways, unless they get another one. "
            "An instance answers every account in the log.",
            example="5511988887777",
            keep_empty=True,
        ),
    ] = UNSET_ACCOUNT
    data: Annotated[
        Path,
        Variable(
            name="RECADO_DATA",
            reader=folder(),
            meaning="The folder for recado's files: the projection and, unless `NATS_URL` is set, the log itself. One "
            "process uses it at a time.",
            example="/var/lib/recado",
        ),
    ] = Path("data")
    probes: Annotated[
        Endpoint | None,
        Variable(
            name="RECADO_PROBES",
            reader=endpoint(),
            meaning="A second address for `/healthz`, `/readyz` and `/metrics` of `recado serve` and `recado up`, for "
            "supervisors and Prometheus on other machines. It shows numbers and states only, no message and no page.",
            example="0.0.0.0:9088",
        ),
    ] = None
    port: Annotated[
        int,
        Variable(
            name="RECADO_PORT",
            reader=whole(0, 65535, ""),
            meaning="The port of the page, `/healthz`, `/readyz` and `/metrics`, on the address `RECADO_HOST`. 0: any "
            "free one, which is printed.",
            example="9000",
        ),
    ] = 8088
    debounce: Annotated[
        float,
        Variable(
            name="RECADO_DEBOUNCE",
            reader=seconds(0, 300),
            meaning="The time for which recado waits for another message before it answers all of them together. It "
            "waits at most ten times as long in all.",
            example="0.5",
        ),
    ] = 1.0
    run_timeout: Annotated[
        float,
        Variable(
            name="RECADO_RUN_TIMEOUT",
            reader=seconds(0.1, 3600),
            meaning="The longest time for a reply, retries included, before the turn fails.",
            example="60",
        ),
    ] = 120.0
    max_runs: Annotated[
        int,
        Variable(
            name="RECADO_MAX_RUNS",
            reader=whole(1, 100_000, "turns"),
            meaning="The number of turns that may run at once with one key, in all instances of a bus together; each "
            "instance takes an equal share. Further messages wait, first come, first served, and are then answered "
            "together, chat by chat.",
            example="50",
        ),
    ] = 512
    max_tokens_per_chat_per_day: Annotated[
        int,
        Variable(
            name="RECADO_MAX_TOKENS_PER_CHAT_PER_DAY",
            reader=whole(0, 10**11, "tokens"),
            meaning="The tokens, input and output, that a chat may cost in a day (UTC). After that its messages end as "
            "`ignored: budget`, before the model is asked. 0: no limit.",
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

    @property
    def secrets(self) -> list[str]:
        """The texts in the values of secret variables, as a log or an error may quote them."""
        values = (getattr(self, field) for field, variable in VARIABLES.items() if variable.secret)
        return [text for value in values for text in secret_texts(value)]

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
"""The variable of each field of Settings."""

NAMES = frozenset(variable.name for variable in VARIABLES.values())


def load(environ: Mapping[str, str], dotenv: Path = Path(".env")) -> Settings:
    """The settings of `environ` and of the file `dotenv`, which may be missing; `environ` counts first.

    Raises SettingsInvalid with every problem. Logs unknown `RECADO_` variables and doubtful values.
    """
    given = variables_of(environ, dotenv)
    for warning in unknown_names(given, NAMES):
        log.warning(warning)
    settings = settings_of(given)
    for warning in doubts(settings):
        log.warning(warning)
    return settings


def doubts(settings: Settings) -> list[str]:
    """A sentence on each value that is valid, but probably a mistake."""
    return list(settings.mode.doubts(_given(settings, settings.openai_model)))


def settings_of(given: Mapping[str, str]) -> Settings:
    """The settings of `given` variables. Raises SettingsInvalid with every problem."""
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
    """Problems of values that are valid alone but not together."""
    mode, saved = settings.openai_api_mode, settings.saved
    yield from settings.mode.problems(_given(settings, given.get("OPENAI_MODEL", "").strip()))
    yield from hosted_tools_problems(mode, settings.hosted_tools, saved.id if saved else "")
    yield from nats_problems(given)
    yield from page_problems(settings)


def _given(settings: Settings, model: str) -> Given:
    """`model` is empty where OPENAI_MODEL is not set."""
    prompt = settings.ai_system_prompt
    return Given(
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        assistant_id=settings.openai_assistant_id,
        agent_id=settings.openai_agent_id,
        model=model,
        prompt="" if prompt == Settings().ai_system_prompt else prompt,
    )
