"""The setting of tools that a provider carries out itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from events.phrases import Phrase
from events.read_back import read_back
from recado.settings.modes import MODES, ApiMode
from recado.settings.variables import Reader

HostedTools = tuple[dict[str, Any], ...]


class _Tool(msgspec.Struct):
    type: str


def hosted_tools() -> Reader:
    """A JSON list of tools as the provider's documentation writes them."""

    def read(given: str) -> HostedTools:
        try:
            types = [tool.type for tool in msgspec.json.decode(given, type=list[_Tool])]
        except msgspec.DecodeError as error:
            raise ValueError(
                Phrase(
                    "which is no JSON list of tools, such as %(example)s: %(error)s",
                    example='[{"type": "web_search"}]',
                    error=read_back(str(error)),
                )
            ) from error
        if "function" in types:
            raise ValueError(
                Phrase("which has a function in it: recado carries those out, so name them in RECADO_TOOLS")
            )
        return tuple(msgspec.json.decode(given))

    return Reader(Phrase("a JSON list of tools"), read, _text_of)


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def hosted_tools_problems(mode: ApiMode, tools: HostedTools, saved_id: str) -> Iterator[str]:
    """The reasons why these tools cannot be used in `mode` with the saved agent or assistant `saved_id`."""
    if not tools:
        return
    types, saved = MODES[mode].hosted_tools, MODES[mode].saved
    if types is None:
        yield f"RECADO_HOSTED_TOOLS is set, and mode {mode} has none: use OPENAI_API_MODE=responses, or unset it"
        return
    if saved is not None and saved_id and not saved.takes_additions:
        yield (
            f"RECADO_HOSTED_TOOLS is set, and the {saved.noun} of {saved.variable} has tools of its own: add them "
            "there, and unset it"
        )
    for tool in tools:
        if not types.has(tool["type"]):
            yield (
                f"RECADO_HOSTED_TOOLS has {tool['type']}, which mode {mode} does not have: use "
                "OPENAI_API_MODE=responses, or take it out"
            )
