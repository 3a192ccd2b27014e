"""The tools of a session and the messages of a turn, as a server with quirks takes them."""

from __future__ import annotations

from collections.abc import Collection

from backends.agents.session import message
from backends.content.attachments import NOT_TAKEN
from backends.provider.refusals import JsonObject, is_file
from backends.provider.schemas import plain


def offered(body: JsonObject, found: Collection[str]) -> JsonObject:
    """The tools that the server takes."""
    if "no_tools" in found:
        return {"tools": []}
    if "plain_schemas" not in found:
        return body
    return {"tools": [_plain(tool) for tool in body["tools"]]}


def without_pictures(body: JsonObject, found: Collection[str]) -> JsonObject:
    """The messages without pictures, where the server does not take them. Their words stay as they are: recado finds
    them again by these."""
    said = body["input"]
    pictures = [part for one in said for part in one["content"] if is_file(part)]
    if not pictures or not {"no_files", "refused_files"} & set(found):
        return body
    bare = [{**one, "content": [part for part in one["content"] if not is_file(part)]} for one in said]
    return {"input": [message(NOT_TAKEN), *bare]}


def _plain(tool: JsonObject) -> JsonObject:
    return {**tool, "parameters": plain(tool["parameters"])} if tool.get("type") == "function" else tool
