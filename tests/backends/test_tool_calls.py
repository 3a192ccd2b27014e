"""Tool calls in mode chat: the model's calls, and their outputs in the next request."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from backends.chat_completions import ChatCompletions, request_body
from backends.protocol import DoneCall, Tool, ToolsWanted, Usage
from tests.backends.asking import asked

BACKEND = ChatCompletions(api_key="sk-unused-000000", base_url="http://127.0.0.1:9/v1", model="small-1")
PRICE = Tool(name="price", description="What bread costs.", parameters={"type": "object", "properties": {}})
DONE = DoneCall(id="c1", name="price", arguments="{}", output="4.20")


def wanted(*ids: Any, calls: tuple[DoneCall, ...] = ()) -> ToolsWanted:
    """The calls that are read of an answer with these ids."""
    asks = [{"id": id_, "type": "function", "function": {"name": "price", "arguments": "{}"}} for id_ in ids]
    message = {"role": "assistant", "content": None, "tool_calls": asks}
    usage = {"prompt_tokens": 40, "completion_tokens": 4}
    body = {"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": usage}
    outcome = BACKEND._read(msgspec.json.encode(body), replace(asked("hello"), calls=calls))
    assert isinstance(outcome, ToolsWanted)
    return outcome


def test_the_calls_and_what_it_cost_to_be_asked() -> None:
    """The ids are the provider's."""
    outcome = wanted("c1", "c2")
    assert [(call.id, call.name, call.arguments) for call in outcome.calls] == [
        ("c1", "price", "{}"),
        ("c2", "price", "{}"),
    ]
    assert outcome.usage == Usage(40, 4)


@pytest.mark.parametrize("ids", [("", ""), (None, None), ("c1", "c1"), ("call_0",)])
def test_every_call_has_an_id_of_its_own(ids: tuple[Any, ...]) -> None:
    """Some servers give no ids, or one id for all calls: without new ids the turn would ask for the same for ever."""
    done = replace(DONE, id="call_0")
    made = [call.id for call in wanted(*ids, calls=(done,)).calls]
    assert len({*made, done.id}) == len(ids) + 1
    assert all(made)


def test_the_model_is_shown_its_calls_with_their_outputs() -> None:
    """One at a time, after the turn's messages."""
    body = request_body("small-1", "", (), replace(asked("hello"), tools=(PRICE,), calls=(DONE,)))
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "price", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "4.20"},
    ]
    assert body["tools"][0]["function"]["name"] == "price"
