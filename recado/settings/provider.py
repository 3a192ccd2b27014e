"""The provider behind OPENAI_BASE_URL: OpenAI itself, its models at Azure, or another server."""

from __future__ import annotations

from urllib.parse import urlsplit

OPENAI = "https://api.openai.com/v1"
"""The server where OPENAI_BASE_URL is unset."""


def is_openai(base_url: str | None) -> bool:
    """True if OpenAI itself answers there, in any region (`eu.api.openai.com`): its shut-down APIs are gone there."""
    host = _host(base_url)
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def serves_as_openai(base_url: str | None) -> bool:
    """True if OpenAI or Azure serves OpenAI's models there: both take files, and lock a conversation while a response
    is being made in it. Of other servers few do."""
    return _host(base_url).endswith((".openai.com", ".openai.azure.com"))


def _host(base_url: str | None) -> str:
    return urlsplit(base_url or OPENAI).hostname or ""
