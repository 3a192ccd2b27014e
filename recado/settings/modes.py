"""The settings that each OPENAI_API_MODE needs, and those that it cannot work with."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

_SHUT_DOWN = (
    "OPENAI_API_MODE is 'assistants', and OpenAI has no such API any more: the Assistants API was shut down on "
    "2026-08-26. Use OPENAI_API_MODE=responses or agents; your conversations come along: the new thread is seeded with "
    "the history. (For another server that still speaks it, set OPENAI_BASE_URL.)"
)
_WHERE = "the server that has the assistant shows it in its list of assistants, and GET /v1/assistants gives it"


def responses_problems(api_key: str, base_url: str | None) -> Iterator[str]:
    """Reasons not to start in mode `responses`: the small local model keeps no conversations."""
    if not api_key and base_url is None:
        yield "OPENAI_API_KEY is required in mode responses: set it, or OPENAI_BASE_URL for another server"


def agents_problems(api_key: str, base_url: str | None, agent: str) -> Iterator[str]:
    """Reasons not to start in mode `agents`; `agent` is the saved agent or the model."""
    if not api_key and base_url is None:
        yield "OPENAI_API_KEY is required in mode agents: set it, or OPENAI_BASE_URL for another server"
    if not agent:
        yield (
            "OPENAI_AGENT_ID or OPENAI_MODEL is required in mode agents: set OPENAI_AGENT_ID to a saved agent's id "
            "(agent_…; GET /v1/agents lists yours), or OPENAI_MODEL to a model, which then answers by AI_SYSTEM_PROMPT"
        )


def agents_doubts(agent_id: str) -> Iterator[str]:
    """A warning if a prompt is set that has no effect."""
    if agent_id:
        yield "AI_SYSTEM_PROMPT has no effect with OPENAI_AGENT_ID: the saved agent has its own instructions"


def assistants_problems(assistant_id: str, base_url: str | None) -> Iterator[str]:
    """Reasons not to start in mode `assistants`."""
    if _is_openai(base_url):
        yield _SHUT_DOWN
    if not assistant_id:
        yield f"OPENAI_ASSISTANT_ID is required in mode assistants: set it to the assistant's id (asst_…); {_WHERE}"
    elif base_url is None and not assistant_id.startswith("asst_"):
        yield f"OPENAI_ASSISTANT_ID is {assistant_id!r}, which is no assistant's id (asst_…): {_WHERE}"


def assistants_doubts(assistant_id: str, base_url: str | None) -> Iterator[str]:
    """A warning if the id may be wrong; it may be right, since other servers have ids of their own."""
    if base_url is not None and assistant_id and not assistant_id.startswith("asst_"):
        yield f"OPENAI_ASSISTANT_ID is {assistant_id!r}, which does not begin with asst_; if nothing answers, {_WHERE}"


def _is_openai(base_url: str | None) -> bool:
    host = (urlsplit(base_url).hostname or "") if base_url is not None else "api.openai.com"
    return host == "api.openai.com" or host.endswith(".api.openai.com")
