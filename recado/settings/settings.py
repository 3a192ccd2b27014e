"""Every setting, from the environment and `.env`: its meaning, its values and its default."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import structlog

from recado.settings.environment import SettingsInvalid, unknown_names, variables_of
from recado.settings.instance import InstanceSettings
from recado.settings.knowledge import EMBEDDED, KnowledgeSettings
from recado.settings.media import MediaSettings
from recado.settings.model import ModelSettings, model_doubts, model_problems
from recado.settings.money import MoneySettings, models_in_use, money_problems
from recado.settings.nats import NatsSettings, nats_problems
from recado.settings.page import PageSettings, page_problems
from recado.settings.people import PeopleSettings
from recado.settings.profiles import AllowedSettings
from recado.settings.secrets import Secrets, SecretUnusable
from recado.settings.texts import TextSettings
from recado.settings.turns import TurnSettings
from recado.settings.variables import Variable, secret_texts, without_userinfo
from recado.settings.whatsapp import WhatsAppSettings

log = structlog.get_logger("recado.settings")


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings(
    ModelSettings,
    InstanceSettings,
    TurnSettings,
    MoneySettings,
    PageSettings,
    NatsSettings,
    TextSettings,
    PeopleSettings,
    MediaSettings,
    KnowledgeSettings,
    WhatsAppSettings,
    AllowedSettings,
):
    """All settings, topic by topic. `python -m recado.reference` writes docs/configuration.md from them.

    - `secrets`: gives keys and tokens by name, also those that no setting has
    """

    secrets: Secrets = field(default_factory=lambda: Secrets({}, None), compare=False)

    @property
    def speech_model(self) -> str:
        """The model that hears voice notes; empty: none does. The small local model only writes."""
        own = self.transcription_base_url is not None
        hears = own or (self.mode.has_provider and not self.wants_local_model)
        return self.transcription_model if hears else ""

    @property
    def meaning_model(self) -> str:
        """The model by which documents are found by meaning; empty: they are found by their words alone. The small
        local model makes no vectors."""
        asks = (
            self.embeds_here
            or self.embedding_base_url is not None
            or (self.mode.has_provider and not self.wants_local_model)
        )
        return self.embedding_model if asks and self.knowledge else ""

    @property
    def embeds_here(self) -> bool:
        """True if vectors are made by the model of a package."""
        return self.embedding_model == EMBEDDED and self.embedding_base_url is None

    def mask(self, mask: Callable[[str], object]) -> None:
        """Give `mask` each secret text, as a log or an error may quote it: those of the settings, and later each that
        is read by name."""
        for name, variable in VARIABLES.items():
            if variable.secret:
                for text in secret_texts(getattr(self, name)):
                    mask(text)
        self.secrets.masked_by(mask)

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{field}={value!r}' for field, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(field, self._shown(field, variable)) for field, variable in VARIABLES.items()]

    def _shown(self, field: str, variable: Variable) -> Any:
        value = getattr(self, field)
        if variable.secret and value:
            return "…"
        return without_userinfo(value) if isinstance(value, str) else value


def _table() -> Iterator[tuple[str, Variable]]:
    defaults = {field.name: field.default for field in fields(Settings)}
    for part in Settings.__bases__:
        topic, hints = part.__module__.rpartition(".")[2], get_type_hints(part, include_extras=True)
        for name in part.__annotations__:
            variable: Variable = hints[name].__metadata__[0]
            yield name, msgspec.structs.replace(variable, topic=topic, default=defaults[name])


VARIABLES: dict[str, Variable] = dict(_table())
"""The table of settings, by the field of Settings."""

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
    found = list(model_doubts(settings))
    if settings.embedding_model and settings.knowledge and not settings.meaning_model:
        found.append(
            "OPENAI_EMBEDDING_MODEL has no effect, since no server is set that could be asked: set "
            "OPENAI_EMBEDDING_BASE_URL, or OPENAI_EMBEDDING_MODEL=embedded"
        )
    return found


def settings_of(given: Mapping[str, str]) -> Settings:
    """The settings of `given` variables, and of the folder that RECADO_SECRETS names among them. Raises SettingsInvalid
    with every problem."""
    settings, problems = read(given)
    if problems:
        raise SettingsInvalid(problems)
    return settings


def read(given: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The settings of those `given` variables that are valid alone, and every problem."""
    secrets = Secrets(given, _secrets_folder(given))
    texts: dict[str, str] = {}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, variable in VARIABLES.items():
        try:
            raw = secrets.text(variable.name) if variable.may_be_file else given.get(variable.name)
            if raw is None or not (raw.strip() or variable.keep_empty):
                continue
            texts[variable.name] = raw
            values[name] = variable.value(raw)
        except SecretUnusable as error:
            problems.append(str(error))
        except ValueError as error:
            place = secrets.place(variable.name) if variable.may_be_file else variable.name
            problems.append(str(error) if place == variable.name else f"{error} (it is in {place})")
    settings = Settings(**values, secrets=secrets)
    return settings, [*problems, *_at_odds(settings, texts)]


def _secrets_folder(given: Mapping[str, str]) -> Path | None:
    """The folder of RECADO_SECRETS; None if it is unset, or no folder, which is a problem of its own."""
    text = given.get("RECADO_SECRETS", "").strip()
    folder = Path(text).expanduser()
    return folder if text and folder.is_dir() else None


def _at_odds(settings: Settings, given: Mapping[str, str]) -> Iterator[str]:
    """Problems of values that are valid alone but not together."""
    yield from model_problems(settings, given)
    yield from nats_problems(given)
    yield from page_problems(settings)
    yield from money_problems(settings, models_in_use(settings, settings.speech_model, settings.meaning_model))
