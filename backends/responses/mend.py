"""The request for a response, as a server with quirks takes it."""

from __future__ import annotations

from collections.abc import Collection

from backends.content.attachments import NOT_TAKEN
from backends.provider.quirks import fields_mended
from backends.provider.refusals import is_file
from backends.provider.schemas import plain
from backends.responses.wire import JsonObject


def mended(body: JsonObject, found: Collection[str]) -> JsonObject:
    """`body` as a server with these quirks takes it. The words of a message stay as they are: it is found again by
    them."""
    body = fields_mended(body, found)
    if "no_tools" in found:
        for field in ("tools", "tool_choice", "parallel_tool_calls"):
            body.pop(field, None)
    if "plain_schemas" in found and "tools" in body:
        body["tools"] = [
            {**tool, "parameters": plain(tool["parameters"]), "strict": False}
            if tool.get("type") == "function"
            else tool
            for tool in body["tools"]
        ]
    if "no_files" in found or "refused_files" in found:
        items = [_without_files(item) for item in body["input"]]
        if items != body["input"]:
            body["instructions"] = f"{body.get('instructions', '')}\n\n{NOT_TAKEN}".lstrip()
        body["input"] = items
    return body


def _without_files(item: JsonObject) -> JsonObject:
    content = item.get("content")
    if not isinstance(content, list):
        return item
    return {**item, "content": [part for part in content if not is_file(part)]}
