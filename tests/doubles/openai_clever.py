"""A model of the double's that does what `recado doctor --model` asks for, as a good model would."""

from __future__ import annotations

import re
import zlib
from typing import Any

import msgspec

from recado.doctor.trial.picture import COLOURS
from tests.doubles.openai_parts import data_of
from tests.doubles.openai_wire import Json

_PIXEL = {rgb: name for name, rgb in COLOURS.items()}


def text(messages: list[Json]) -> str:
    """The answer to the last user's words, from the conversation."""
    said = [(message["role"], _words(message)) for message in messages]
    whole = "\n".join(words for _, words in said)
    last = next((words for role, words in reversed(said) if role == "user"), "")
    if pair := re.search(r"two words: (\w+) and (\w+)\.", whole):
        if "only the first of" in last:
            return pair[1]
        if "only the second of" in last:
            return f"It is {pair[2].upper()}."
    if "word of the day?" in last:
        return _after(whole, r"The word of the day is (\w+)")
    if "my cat called?" in last:
        return _after(whole, r"my cat is called (\w+)")
    if "my left hand?" in last:
        return _after(whole, r"left hand is a (\w+)")
    if count := re.search(r"Count up from (\d+), (\d+) numbers", last):
        return " ".join(str(number) for number in range(int(count[1]), int(count[1]) + int(count[2])))
    if "OK" in last:
        return "OK"
    return f"reply to: {last}"


def speaks(body: Json) -> Json:
    """The message that answers a request, in the shape of Chat Completions."""
    messages: list[Json] = body["messages"]
    last = messages[-1]
    outputs = []
    while messages and messages[-1]["role"] == "tool":
        outputs.insert(0, messages[-1]["content"])
        messages = [one for one in messages[:-1] if "tool_calls" not in one or one is not messages[-2]]
    if outputs:
        return {"content": " ".join(outputs)}
    if body.get("tools") and (calls := _calls(_words(last))):
        return {"content": None, "tool_calls": calls}
    pictures = [part for part in last["content"] if part["type"] == "image_url"] if _has_parts(last) else []
    return {"content": _colour(data_of(pictures[0])) if pictures else text(body["messages"])}


def _calls(asked: str) -> list[Json]:
    keys = re.search(r"codes? (?:does|do) the keys? (\w+)(?: and (\w+))? have", asked)
    choices = re.search(r"Ask me which of (\w+), (\w+) and (\w+) I want", asked)
    if choices:
        told: list[tuple[str, Json]] = [("ask_choice", {"question": "Which one?", "options": list(choices.groups())})]
    elif keys:
        told = [("look_up_code", {"key": key}) for key in keys.groups() if key]
    else:
        told = [("door_code", {})] if "code of the door" in asked else []
    return [
        {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": _json(arguments)}}
        for place, (name, arguments) in enumerate(told)
    ]


def _json(arguments: Json) -> str:
    return msgspec.json.encode(arguments).decode()


def _colour(png: bytes) -> str:
    """The colour of the first pixel."""
    start = png.index(b"IDAT") + 4
    length = int.from_bytes(png[start - 8 : start - 4])
    line = zlib.decompress(png[start : start + length])
    return _PIXEL[(line[1], line[2], line[3])].capitalize()


def _has_parts(message: Json) -> bool:
    return isinstance(message["content"], list)


def _words(message: Json) -> str:
    content: Any = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def _after(whole: str, pattern: str) -> str:
    found = re.search(pattern, whole)
    return found[1] if found else "I do not know."
