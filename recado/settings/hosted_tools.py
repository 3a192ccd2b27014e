"""The setting of tools that a provider carries out itself, and the tools of each of its APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from recado.settings.variables import Reader

HostedTools = tuple[dict[str, Any], ...]

_OF_ASSISTANTS = ("file_search", "code_interpreter")
_NOT_OF_AGENTS = ("file_search", "code_interpreter", "image_generation")


class _Tool(msgspec.Struct):
    type: str


def hosted_tools() -> Reader:
    """A JSON list of tools as the provider's documentation writes them."""

    def read(given: str) -> HostedTools:
        try:
            types = [tool.type for tool in msgspec.json.decode(given, type=list[_Tool])]
        except msgspec.DecodeError as error:
            raise ValueError(f'which is no JSON list of tools, such as [{{"type": "web_search"}}]: {error}') from error
        if "function" in types:
            raise ValueError("which has a function in it: recado carries those out, so name them in RECADO_TOOLS")
        return tuple(msgspec.json.decode(given))

    return Reader("a JSON list of tools", read)


def hosted_tools_problems(mode: str, tools: HostedTools, agent_id: str) -> Iterator[str]:
    """The reasons for which these tools cannot be used in `mode`."""
    if not tools:
        return
    if mode not in ("responses", "assistants", "agents"):
        yield f"RECADO_HOSTED_TOOLS is set, and mode {mode} has none: use OPENAI_API_MODE=responses, or unset it"
    elif mode == "agents" and agent_id:
        yield (
            "RECADO_HOSTED_TOOLS is set, and the agent of OPENAI_AGENT_ID has tools of its own: add them there, and "
            "unset it"
        )
    for tool in tools:
        has = tool["type"] in _OF_ASSISTANTS if mode == "assistants" else tool["type"] not in _NOT_OF_AGENTS
        if mode in ("assistants", "agents") and not has:
            yield (
                f"RECADO_HOSTED_TOOLS has {tool['type']}, which mode {mode} does not have: use "
                "OPENAI_API_MODE=responses, or take it out"
            )
