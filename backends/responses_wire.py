"""The Responses and Conversations APIs on the wire: what is read of their objects, and the bodies that are sent.

https://platform.openai.com/docs/api-reference/responses and …/conversations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backends.protocol import Tool
from chat.context import Line

JsonObject = dict[str, Any]


class Part(msgspec.Struct):
    """A part of a message's content: `text` of what was written or said, or `refusal`."""

    type: str = ""
    text: Any = None
    refusal: Any = None


class Item(msgspec.Struct):
    """A message, a function call (`call_id`, `name`, `arguments`), its output (`call_id`), or anything else that is
    only passed over. Of other types the same fields hold other things."""

    id: str = ""
    type: str = "message"
    role: str = ""
    phase: str | None = None
    content: Any = None
    call_id: str | None = None
    name: Any = None
    arguments: Any = None

    @property
    def parts(self) -> list[Part]:
        if isinstance(self.content, str):
            return [Part(text=self.content)]
        return msgspec.convert(self.content, list[Part]) if isinstance(self.content, list) else []

    @property
    def text(self) -> str:
        """The words of a message."""
        return "".join(part.text for part in self.parts if isinstance(part.text, str))


class Page(msgspec.Struct):
    """Items of a conversation."""

    data: list[Item]
    has_more: bool = False


class Conversation(msgspec.Struct):
    id: str


class Problem(msgspec.Struct):
    """Why a response failed."""

    code: str | None = None
    message: str | None = None


class Incomplete(msgspec.Struct):
    reason: str | None = None


class TokenCount(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None


class Response(msgspec.Struct):
    """A response object."""

    id: str
    status: str | None = None
    output: list[Item] = []
    model: str | None = None
    error: Problem | None = None
    incomplete_details: Incomplete | None = None
    usage: TokenCount | None = None
    metadata: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        return self.status not in ("queued", "in_progress")

    def noted(self, name: str) -> str | None:
        """What we wrote into its metadata, if the server keeps it."""
        value = (self.metadata or {}).get(name)
        return value if isinstance(value, str) else None


def as_sent(line: Line) -> str:
    """In a group the model has to be told who speaks."""
    return f"{line.name}: {line.text}" if line.name and line.role == "user" else line.text


def message_items(lines: Sequence[Line]) -> list[JsonObject]:
    return [{"type": "message", "role": line.role, "content": as_sent(line)} for line in lines]


def output_items(outputs: Mapping[str, str]) -> list[JsonObject]:
    """Function calls' outputs, by call id."""
    return [
        {"type": "function_call_output", "call_id": call_id, "output": output} for call_id, output in outputs.items()
    ]


def function_tools(tools: Sequence[Tool]) -> list[JsonObject]:
    """`strict` is off: a schema made from a function's signature is no strict one."""
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": False,
        }
        for tool in tools
    ]
