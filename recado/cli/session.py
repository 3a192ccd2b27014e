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
    """The settings, with the variables `instead` of those that are set; from here on no log line shows their secrets.
    Raises SettingsInvalid."""
    loaded = load({**os.environ, **(instead or {})})
    for secret in (
        loaded.openai_api_key,
        loaded.whatsapp_access_token,
        loaded.whatsapp_app_secret,
        loaded.whatsapp_verify_token,
    ):
        logs.mask(secret)
    return loaded


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. Ctrl-C ends the process as it ends any other: status 130, no words."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
