"""Keys for providers by the names of their variables."""

from __future__ import annotations

from backends.provider.key import Key
from recado.settings.secrets import Secrets
from recado.settings.settings import Settings

NONE = "none"
"""The key for servers that need none, since the client wants one."""


def model_key(settings: Settings) -> Key:
    """The key for the model that writes the replies."""
    return _key(settings, "OPENAI_API_KEY", settings.openai_api_key)


def second_key(settings: Settings) -> Key:
    """The key for the second model. The key of the first goes to its own server alone."""
    own = settings.fallback_api_key or settings.fallback_base_url is not None
    return _key(settings, "OPENAI_FALLBACK_API_KEY", settings.fallback_api_key) if own else model_key(settings)


def transcription_key(settings: Settings) -> Key:
    """The key for the server that transcribes: the model's, or its own."""
    if settings.transcription_base_url is None:
        return model_key(settings)
    return _key(settings, "OPENAI_TRANSCRIPTION_API_KEY", settings.transcription_api_key)


def embedding_key(settings: Settings) -> Key:
    """The key for the server that embeds documents: the model's, or its own."""
    if settings.embedding_base_url is None:
        return model_key(settings)
    return _key(settings, "OPENAI_EMBEDDING_API_KEY", settings.embedding_api_key)


def named_key(secrets: Secrets, name: str, value: str) -> Key:
    """The key `value`, which is read again under `name` if that is where it came from: a key of another name goes to
    another server."""
    if (secrets.value(name) or "") != value:
        return Key(value or NONE, lambda: None)
    return Key(value or NONE, lambda: secrets.again(name))


def _key(settings: Settings, name: str, value: str) -> Key:
    return named_key(settings.secrets, name, value)
