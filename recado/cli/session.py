"""The start of every command: it loads the settings and, for commands that wait, runs a loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from recado import logs
from recado.settings.environment import SettingsInvalid, variables_of
from recado.settings.settings import Settings, load, read

T = TypeVar("T")


def settings(instead: Mapping[str, str] | None = None) -> Settings:
    """Load the settings and mask their secrets in every later log line. Variables of `instead` override the
    environment. Raises SettingsInvalid."""
    loaded = load({**os.environ, **(instead or {})})
    loaded.mask(logs.mask)
    return loaded


def settings_of_instance() -> Settings:
    """As `settings`, for a command that answers chats: what is not installed, and a fault in the module of
    RECADO_TOOLS, are named together with all other problems. Raises SettingsInvalid."""
    from recado.wiring import modules  # noqa: PLC0415 - few commands answer chats

    valid, _ = read(variables_of(os.environ, Path(".env")))
    missing = modules.problems(valid)
    try:
        loaded = settings()
    except SettingsInvalid as wrong:
        raise SettingsInvalid([*wrong.problems, *missing]) from wrong
    if missing:
        raise SettingsInvalid(missing)
    return loaded


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` and return its result. Ctrl-C ends the process with status 130 and no message."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
