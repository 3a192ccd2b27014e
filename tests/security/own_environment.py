"""The environment of an instance, of which the writer of a profile gets a part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from events.profile import Profile
from recado.profiles.overlay import ProfileUnusable
from recado.settings.settings import Settings
from tests.recado.profiles.laid import settings_of_profile

GROQ = "https://api.groq.com/openai/v1"
OLLAMA = "http://localhost:11434/v1"
SECOND = "https://second.example/v1"
SPEECH = "https://speech.example/v1"
VECTORS = "https://vectors.example/v1"
MCP = "https://mcp.example/sse"
SECRET = "authorization-of-the-instance"
OWN = {
    "OPENAI_API_KEY": "sk-own",
    "OPENAI_FALLBACK_MODEL": "second-model",
    "OPENAI_FALLBACK_BASE_URL": SECOND,
    "OPENAI_FALLBACK_API_KEY": "sk-second",
    "OPENAI_TRANSCRIPTION_BASE_URL": SPEECH,
    "OPENAI_TRANSCRIPTION_API_KEY": "sk-speech",
    "OPENAI_EMBEDDING_BASE_URL": VECTORS,
    "OPENAI_EMBEDDING_API_KEY": "sk-vectors",
    "RECADO_PROFILE_SERVERS": f"{GROQ} GROQ_KEY SHOP_*; {OLLAMA}; {MCP}",
    "RECADO_PROFILE_TOOLS": "bakery_tools",
    "GROQ_KEY": "gsk-groq",
    "SHOP_ONE": "sk-shop-one",
    "WHATSAPP_ACCESS_TOKEN": "EAA-token",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "HOME": "/root",
}


def profile(**fields: Any) -> Profile:
    return Profile(name="shop", n=1, at=datetime(2026, 11, 29, tzinfo=UTC), settings=fields)


def outcome(
    own: dict[str, str], one: Profile, secret_of: Callable[[str], str | None] | None = None
) -> Settings | ProfileUnusable:
    try:
        return settings_of_profile(own, one, secret_of)
    except ProfileUnusable as unusable:
        return unusable
