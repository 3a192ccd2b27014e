"""The settings as the page shows them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from console.deps import SettingLine
from events.phrases import Phrase
from recado.settings.settings import VARIABLES, Settings
from recado.settings.variables import without_userinfo

_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def lines(settings: Settings) -> list[SettingLine]:
    """Every setting. A secret shows only whether it is set, a URL neither its user nor its query, which may be keys."""
    unset = Settings()
    shown = []
    for field, value in settings.__rich_repr__():
        variable, is_chosen = VARIABLES[field], getattr(settings, field) != getattr(unset, field)
        text = (Phrase("set") if value else Phrase("not set")) if variable.secret else shown_value(value)
        shown.append(SettingLine(variable.name, text, is_chosen, Phrase(variable.meaning)))
    return shown


def shown_value(value: Any) -> str:
    """The value for people, without the user and the query of a URL; that of an unset one is empty."""
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    if isinstance(value, str) and _URL.fullmatch(value):
        return without_userinfo(value).partition("?")[0] + ("?…" if "?" in value else "")
    return ", ".join(sorted(map(str, value))) if isinstance(value, tuple | frozenset) else str(value)
