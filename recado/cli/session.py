"""The start of every command: it loads the settings and, for commands that wait, runs a loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from recado import logs
from recado.settings.settings import Settings, load

T = TypeVar("T")


def settings(instead: Mapping[str, str] | None = None) -> Settings:
    """Load the settings and mask their secrets in every later log line. Variables of `instead` override the
    environment. Raises SettingsInvalid."""
    loaded = load({**os.environ, **(instead or {})})
    logs.mask(*loaded.secrets)
    return loaded


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` and return its result. Ctrl-C ends the process with status 130 and no message."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
