"""The start of every command: it loads the settings and, for commands that wait, runs a loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from recado import logs
from recado.settings.environment import SettingsInvalid, variables_of
from recado.settings.settings import Settings, load

T = TypeVar("T")


def settings(instead: Mapping[str, str] | None = None) -> Settings:
    """Load the settings and mask their secrets in every later log line. Variables of `instead` override the
    environment. Raises SettingsInvalid."""
    loaded = load({**os.environ, **(instead or {})})
    loaded.mask(logs.mask)
    return loaded


def settings_of_instance() -> Settings:
    """As `settings`, for a command that answers chats: the module of RECADO_TOOLS is loaded too, so that its fault is
    named together with all others. Raises SettingsInvalid."""
    loaded, problems = None, list[str]()
    try:
        loaded = settings()
        tools: str | None = loaded.tools
    except SettingsInvalid as wrong:
        problems += wrong.problems
        tools = variables_of(os.environ, Path(".env")).get("RECADO_TOOLS")
    if tools:
        from actors.tools.python import ToolsUnusable  # noqa: PLC0415 - few have tools
        from actors.tools.python import load as load_tools  # noqa: PLC0415

        try:
            load_tools(tools)
        except ToolsUnusable as unusable:
            problems.append(str(unusable))
    if loaded is None or problems:
        raise SettingsInvalid(problems)
    return loaded


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` and return its result. Ctrl-C ends the process with status 130 and no message."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
