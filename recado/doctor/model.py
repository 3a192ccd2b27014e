"""Checks whether the model answers. A failure is no error: a server that is away may come back."""

from __future__ import annotations

import aiohttp
import msgspec

from backends.provider.raw_post import bounded
from recado.doctor.finding import Finding
from recado.settings.model import SavedAtProvider
from recado.settings.provider import OPENAI
from recado.settings.settings import Settings
from recado.wiring.backends import BACKENDS
from recado.wiring.local_model import LocalModel

WITHIN = 5.0
"""Seconds for the model's server to answer."""


async def model_finding(settings: Settings) -> Finding:
    """Ask the server for its models, or for the saved assistant or agent; neither costs tokens."""
    if not settings.mode.has_provider:
        return Finding("model", "ok", "scripted replies need none")
    if settings.wants_local_model:
        missing = LocalModel.available()
        return (
            Finding("model", "ok", "the small local model") if missing is None else Finding("model", "failure", missing)
        )
    base = (settings.openai_base_url or OPENAI).rstrip("/")
    headers = {"Authorization": f"Bearer {settings.openai_api_key}"}
    saved, kept = settings.saved, BACKENDS[settings.openai_api_mode].kept
    if saved is not None and kept is not None:
        headers |= kept.headers
    path = "/models" if saved is None else saved.kind.path + saved.id
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN)) as session,
            session.get(f"{base}{path}", headers=headers, allow_redirects=False) as answer,
        ):
            if saved is not None:
                return _shown(saved, base, answer.status)
            return _models(settings, base, answer.status, await bounded(answer))
    except (aiohttp.ClientError, TimeoutError) as error:
        why = str(error) or f"no answer within {WITHIN:g} s"
        return Finding("model", "warning", f"{base} cannot be reached: {why}", "check OPENAI_BASE_URL and the network")


async def fallback_finding(settings: Settings) -> Finding | None:
    """The same for the second model; None: there is none."""
    second = settings.fallback
    if second is None:
        return None
    alone = Settings(
        openai_api_key=second.api_key or "none", openai_base_url=second.base_url, openai_model=second.model
    )
    found = await model_finding(alone)
    do = found.do.replace("OPENAI_", "OPENAI_FALLBACK_") if found.do else found.do
    return Finding("second model", found.state, found.says, do)


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    data: list[_Model]


def _shown(saved: SavedAtProvider, base: str, status: int) -> Finding:
    name = f"{saved.kind.noun} {saved.id}"
    if status in (401, 403):
        return Finding("model", "warning", f"{base} refuses the key (HTTP {status})", "check OPENAI_API_KEY")
    if status != 200:
        says = f"{base} does not show the {name} (HTTP {status})"
        return Finding("model", "warning", says, f"check {saved.kind.variable} and OPENAI_BASE_URL")
    return Finding("model", "ok", f"{name} at {base}")


def _models(settings: Settings, base: str, status: int, body: bytes) -> Finding:
    if status in (401, 403):
        return Finding("model", "warning", f"{base} refuses the key (HTTP {status})", "check OPENAI_API_KEY")
    if status != 200:
        return Finding("model", "warning", f"{base}/models answers HTTP {status}", "check OPENAI_BASE_URL")
    try:
        names = {model.id for model in msgspec.json.decode(body, type=_Models).data}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Finding("model", "warning", f"{base}/models does not list models", "check OPENAI_BASE_URL")
    if settings.openai_model not in names:
        some = ", ".join(sorted(names)[:5])
        says = f"{base} does not list {settings.openai_model} (it lists {some or 'none'})"
        return Finding("model", "warning", says, "set OPENAI_MODEL to one that it has")
    return Finding("model", "ok", f"{settings.openai_model} at {base}")
