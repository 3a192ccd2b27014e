"""Whether the model can be asked. It need not be: a server that is away may come back."""

from __future__ import annotations

import aiohttp
import msgspec

from recado.finding import Finding
from recado.local_model import LocalModel
from recado.settings import Settings

WITHIN = 5.0
"""Seconds in which the model's server should answer."""

OPENAI = "https://api.openai.com/v1"


async def model_finding(settings: Settings) -> Finding:
    """Ask the model's server for its models, which costs nothing."""
    if settings.openai_api_mode == "scripted":
        return Finding("model", "ok", "scripted replies need none")
    if settings.wants_local_model:
        missing = LocalModel.available()
        return (
            Finding("model", "ok", "the small local model") if missing is None else Finding("model", "failure", missing)
        )
    base = (settings.openai_base_url or OPENAI).rstrip("/")
    headers = {"Authorization": f"Bearer {settings.openai_api_key}"}
    path = "/models"
    if settings.openai_api_mode == "assistants":
        headers["OpenAI-Beta"] = "assistants=v2"
        path = f"/assistants/{settings.openai_assistant_id}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN)) as session,
            session.get(f"{base}{path}", headers=headers) as answer,
        ):
            if settings.openai_api_mode == "assistants":
                return _assistant(settings, base, answer.status)
            return _models(settings, base, answer.status, await answer.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        why = str(error) or f"no answer within {WITHIN:g} s"
        return Finding("model", "warning", f"{base} cannot be reached: {why}", "check OPENAI_BASE_URL and the network")


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    data: list[_Model]


def _assistant(settings: Settings, base: str, status: int) -> Finding:
    name = settings.openai_assistant_id
    if status in (401, 403):
        return Finding("model", "warning", f"{base} refuses the key (HTTP {status})", "check OPENAI_API_KEY")
    if status != 200:
        says = f"{base} does not show the assistant {name} (HTTP {status})"
        return Finding("model", "warning", says, "check OPENAI_ASSISTANT_ID and OPENAI_BASE_URL")
    return Finding("model", "ok", f"assistant {name} at {base}")


def _models(settings: Settings, base: str, status: int, body: bytes) -> Finding:
    if status in (401, 403):
        return Finding("model", "warning", f"{base} refuses the key (HTTP {status})", "check OPENAI_API_KEY")
    if status != 200:
        return Finding("model", "warning", f"{base}/models answers HTTP {status}", "check OPENAI_BASE_URL")
    try:
        names = {model.id for model in msgspec.json.decode(body, type=_Models).data}
    except msgspec.DecodeError:
        return Finding("model", "warning", f"{base}/models does not list models", "check OPENAI_BASE_URL")
    if settings.openai_model not in names:
        some = ", ".join(sorted(names)[:5])
        says = f"{base} does not list {settings.openai_model} (it lists {some or 'none'})"
        return Finding("model", "warning", says, "set OPENAI_MODEL to one that it has")
    return Finding("model", "ok", f"{settings.openai_model} at {base}")
