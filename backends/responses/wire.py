"""The Responses and Conversations APIs on the wire: the fields that are read, and the bodies that are sent.

https://platform.openai.com/docs/api-reference/responses and …/conversations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backends.content.attachments import Message
from backends.content.message_text import spoken
from backends.protocol import Tool
from backends.provider.answer_parts import refusal_of, text_of
from chat.context import Line

JsonObject = dict[str, Any]


class Item(msgspec.Struct):
    """A message, a function call (`call_id`, `name`, `arguments`), its output (`call_id`), or an item of another type,
    which is passed over and may hold other values in the same fields."""

    id: str | None = None
    type: str | None = "message"
    role: str | None = None
    phase: str | None = None
    content: Any = None
    call_id: str | None = None
    name: Any = None
    arguments: Any = None

    @property
    def text(self) -> str:
        """The words of a message."""
        return text_of(self.content)

    @property
    def refusal(self) -> str:
        """The words in which the model refuses."""
        return refusal_of(self.content)


class Page(msgspec.Struct):
    """Items of a conversation."""

    data: list[Item]
    has_more: bool = False


class Conversation(msgspec.Struct):
    id: str


class Problem(msgspec.Struct):
    """The error of a failed response."""

    code: str | int | None = None
    message: str | None = None


class Incomplete(msgspec.Struct):
    reason: str | None = None


class TokenCount(msgspec.Struct):
    input_tokens: Any = None
    output_tokens: Any = None
    input_tokens_details: Any = None


class Response(msgspec.Struct):
    """A response object."""

    id: str
    status: str | None = None
    output: list[Item] | None = None
    model: str | None = None
    error: Problem | None = None
    incomplete_details: Incomplete | None = None
    usage: TokenCount | None = None
    metadata: dict[str, Any] | None = None

    @property
    def outputs(self) -> list[Item]:
        """The model's items."""
        return self.output or []

    @property
    def ended(self) -> bool:
        return self.status not in ("queued", "in_progress")

    def noted(self, name: str) -> str | None:
        """The value that we wrote into its metadata under `name`, if the server keeps it."""
        value = (self.metadata or {}).get(name)
        return value if isinstance(value, str) else None


def message_items(lines: Sequence[Line]) -> list[JsonObject]:
    return [{"type": "message", "role": line.role, "content": spoken(line)} for line in lines]


def input_items(messages: Sequence[Message]) -> list[JsonObject]:
    """The input items for the messages of a turn, with their files."""
    return [{"type": "message", "role": message.line.role, "content": _content(message)} for message in messages]


def _content(message: Message) -> str | list[JsonObject]:
    if not message.files:
        return spoken(message.line)
    parts: list[JsonObject] = [{"type": "input_text", "text": spoken(message.line)}]
    for file in message.files:
        if file.attachment.is_image and file.body is not None:
            parts.append({"type": "input_image", "image_url": file.url, "detail": "auto"})
        elif file.body is not None:  # a missing file gets no text: the message is found again by its text
            parts.append({"type": "input_file", "filename": file.attachment.filename, "file_data": file.url})
    return parts


def output_items(outputs: Mapping[str, str]) -> list[JsonObject]:
    """The input items for the outputs of function calls; `outputs` are by call id."""
    return [
        {"type": "function_call_output", "call_id": call_id, "output": output} for call_id, output in outputs.items()
    ]


def function_tools(tools: Sequence[Tool]) -> list[JsonObject]:
    """The tools as the API takes them. A schema from a function's signature is not strict."""
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": tool.strict,
        }
        for tool in tools
    ]
