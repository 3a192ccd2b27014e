"""Pictures and files in what a model is sent: what the real APIs take of them beyond the library's types."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from tests.doubles import openai_wire as wire
from tests.doubles.openai_wire import Json, WireError

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PDF = frozenset({"application/pdf"})
OFFICE = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


def wrong_parts(messages: Iterable[Json], files: frozenset[str]) -> WireError | None:
    """What is wrong with the pictures and files of `messages`, where files of these types are taken."""
    for part in _parts(messages):
        match part.get("type"):
            case "image_url":
                wrong = _wrong_data(part["image_url"]["url"], PICTURES)
            case "input_image":
                wrong = _wrong_data(part["image_url"], PICTURES)
            case "file" | "input_file":
                file = part.get("file", part)
                wrong = _wrong_data(file.get("file_data"), files) or ("" if file.get("filename") else "no filename")
            case _:
                continue
        if wrong:
            return wire.invalid("content", wrong)
    return None


def data_of(part: Json) -> bytes:
    """The bytes of a part that holds some."""
    match part["type"]:
        case "image_url":
            url = part["image_url"]["url"]
        case "input_image":
            url = part["image_url"]
        case _:
            url = part.get("file", part)["file_data"]
    return base64.b64decode(url.partition(",")[2])


def _parts(messages: Iterable[Json]) -> Iterator[Json]:
    for message in messages:
        content: Any = message.get("content")
        yield from (part for part in content if isinstance(part, dict)) if isinstance(content, list) else ()


def _wrong_data(url: str | None, types: frozenset[str]) -> str:
    head, comma, data = (url or "").partition(",")
    type_ = head.removeprefix("data:").removesuffix(";base64")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return "expected a base64-encoded data URL"
    if type_ not in types:
        return f"unsupported MIME type '{type_}'"
    try:
        return "" if base64.b64decode(data, validate=True) else "the file is empty"
    except binascii.Error as error:
        return str(error)
