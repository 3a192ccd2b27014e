"""The double's model writes a reply to the last message, or the function calls that the message asks for.

A message scripts its calls, also from another process:

    !call NAME ARGUMENTS     on lines of their own: these calls, together
    !then                    the calls below it, once those above have their outputs

Then it says `tools said: ` and the outputs of all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from tests.doubles.openai_conversations import text_of
from tests.doubles.openai_wire import Json


class Model:
    """`reply` writes the text of an answer from the conversation's messages, in the shape of Chat Completions."""

    def __init__(self, reply: Callable[[list[Json]], str]) -> None:
        self._reply = reply
        self._numbers = itertools.count(1)

    def says(self, context: Sequence[Json]) -> list[Json]:
        """Output items."""
        users = [place for place, item in enumerate(context) if item["type"] == "message" and item["role"] == "user"]
        last = users[-1] if users else 0
        since = context[last:]
        asked = sum(item["type"] == "function_call" for item in since)
        for calls in _rounds(text_of(context[last])) if users else ():
            if asked < len(calls):
                return [self._call(name, arguments) for name, arguments in calls]
            asked -= len(calls)
        outputs = [str(item["output"]) for item in since if item["type"] == "function_call_output"]
        if outputs:
            return [self._message(f"tools said: {' | '.join(outputs)}")]
        messages = [{"role": item["role"], "content": text_of(item)} for item in context if item["type"] == "message"]
        return [self._message(self._reply(messages))]

    def _message(self, text: str) -> Json:
        return {
            "id": f"msg_said{next(self._numbers):06}",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
        }

    def _call(self, name: str, arguments: str) -> Json:
        number = next(self._numbers)
        return {
            "id": f"fc_said{number:06}",
            "type": "function_call",
            "call_id": f"call_said{number:06}",
            "name": name,
            "arguments": arguments,
            "status": "completed",
        }


def _rounds(script: str) -> list[list[tuple[str, str]]]:
    rounds: list[list[tuple[str, str]]] = [[]]
    for line in script.splitlines():
        match line.split(maxsplit=2):
            case ["!call", name, arguments]:
                rounds[-1].append((name, arguments))
            case ["!call", name]:
                rounds[-1].append((name, "{}"))
            case ["!then"]:
                rounds.append([])
    return [calls for calls in rounds if calls]
