"""Parts of a model's answer in the forms that servers give them: text, refusals, the arguments of a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

_THOUGHTS = ("think", "reason", "summary", "redacted")
"""A part whose type has one of these words is not said to a person."""


def text_of(content: Any) -> str:
    """The words of a message's `content`: a text, a part, or a list of both; parts of unknown types have none."""
    if isinstance(content, str):
        return content
    if isinstance(content, int | float) and not isinstance(content, bool):  # a server that decodes what is JSON
        return str(content)
    return "".join(_texts(content))


def refusal_of(content: Any) -> str:
    """The words of the parts in which the model refuses."""
    parts = content if isinstance(content, list) else [content]
    said = (part.get("refusal") for part in parts if isinstance(part, dict))
    return " ".join(words for words in said if isinstance(words, str)).strip()


def arguments_of(value: Any) -> str:
    """The arguments of a call as JSON text, as a tool's check takes them. None at all are an empty object."""
    if isinstance(value, str):
        return value if value.strip() not in ("", "null") else "{}"
    try:
        return "{}" if value is None else msgspec.json.encode(value).decode()
    except (OverflowError, UnicodeError, RecursionError):  # the tool's check tells the model
        return str(value)


def word(value: Any, most: int = 500) -> str | None:
    """A name or an id; None if it is anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and 0 < len(value) <= most else None


def _texts(content: Any) -> Iterator[str]:
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict) and not any(thought in str(part.get("type")) for thought in _THOUGHTS):
            said = part.get("text")
            if isinstance(said, dict):
                said = said.get("value")
            if isinstance(said, str):
                yield said
