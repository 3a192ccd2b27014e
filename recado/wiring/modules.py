"""Looks for what an instance loads beside recado itself: the module of RECADO_TOOLS, and PyAV for voice."""

from __future__ import annotations

from importlib.util import find_spec

from recado.settings.settings import Settings


def tools_problem(settings: Settings) -> str | None:
    """Why the module of RECADO_TOOLS cannot be used, and what to do; None if it can, or none is set."""
    if not settings.tools:
        return None
    from actors.tools.python import ToolsUnusable, load  # noqa: PLC0415 - few have tools

    try:
        load(settings.tools)
    except ToolsUnusable as unusable:
        return f"RECADO_TOOLS: {unusable}"
    return None


def speech_problem(settings: Settings) -> str | None:
    """What to install, where a server is to transcribe voice notes and PyAV is not there; None otherwise."""
    if not settings.speech_model or find_spec("av") is not None:
        return None
    return (
        f"voice notes are to be transcribed by {settings.transcription_model} (OPENAI_TRANSCRIPTION_MODEL), and PyAV, "
        "which converts them, is not installed: install it with `make speech` (the extra recado[speech]), or set "
        "OPENAI_TRANSCRIPTION_MODEL= (empty); then people are asked to write"
    )


def problems(settings: Settings) -> list[str]:
    """Each reason why an instance cannot start with what is installed."""
    found = (tools_problem(settings), speech_problem(settings))
    return [problem for problem in found if problem is not None]
