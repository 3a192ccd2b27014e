"""Every setting, from the environment and `.env`: its meaning, its values and its default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import structlog

from recado.settings.environment import SettingsInvalid, unknown_names, variables_of
from recado.settings.instance import InstanceSettings
from recado.settings.media import MediaSettings
from recado.settings.model import ModelSettings, model_doubts, model_problems
from recado.settings.money import MoneySettings, models_in_use, money_problems
from recado.settings.nats import NatsSettings, nats_problems
from recado.settings.page import PageSettings, page_problems
from recado.settings.people import PeopleSettings
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
    WhatsAppSettings,
):
    """All settings, topic by topic. `python -m recado.reference` writes docs/configuration.md from them."""

    @property
    def speech_model(self) -> str:
        """The model that hears voice notes; empty: none does. The small local model only writes."""
        hears = self.transcription_base_url is not None or not self.wants_local_model
        return self.transcription_model if hears else ""

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


def _table() -> Iterator[tuple[str, Variable]]:
    defaults = {field.name: field.default for field in fields(Settings)}
    for part in Settings.__bases__:
        topic, hints = part.__module__.rpartition(".")[2], get_type_hints(part, include_extras=True)
        for field in part.__annotations__:
            variable: Variable = hints[field].__metadata__[0]
            yield field, msgspec.structs.replace(variable, topic=topic, default=defaults[field])


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
    return list(model_doubts(settings))


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
    yield from model_problems(settings, given)
    yield from nats_problems(given)
    yield from page_problems(settings)
    yield from money_problems(settings, models_in_use(settings, settings.speech_model))
