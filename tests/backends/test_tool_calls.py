"""Tool calls in mode chat: the model's calls, and their outputs in the next request."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from backends.chat_completions import ChatCompletions, request_body
from backends.chat_request import Written
from backends.protocol import DoneCall, Tool, ToolsWanted, Usage
from chat.limits import LONGEST_RAW
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


MESSAGE = {
    "role": "assistant",
    "content": None,
    "reasoning_content": "They want two.",
    "tool_calls": [
        {
            "id": id_,
            "type": "function",
            "function": {"name": "price", "arguments": arguments},
            "extra_content": {"google": {"thought_signature": f"sig-{id_}"}},
        }
        for id_, arguments in (("c1", '{"bread":1}'), ("c2", "{}"))
    ],
}
SERVER = "127.0.0.1:9/v1"


def shown(*calls: DoneCall, server: str = SERVER, model: str = "small-1") -> list[dict[str, Any]]:
    """The messages after the turn's own."""
    messages: list[dict[str, Any]] = request_body(model, "", (), replace(asked("hi"), calls=calls), server=server)[
        "messages"
    ]
    return messages[1:]


def done(message: dict[str, Any]) -> list[DoneCall]:
    """The calls of a message of the model's, as the log gives them back."""
    body = msgspec.json.encode({"choices": [{"message": message}]})
    outcome = BACKEND._read(body, asked("hi"))
    assert isinstance(outcome, ToolsWanted)
    return [
        DoneCall(id=call.id, name=call.name, arguments=call.arguments, output=f"out {place}", raw=call.raw)
        for place, call in enumerate(outcome.calls)
    ]


def test_a_message_goes_back_as_it_came() -> None:
    """Thought signatures and reasoning too; then come the results of all its calls, in their order."""
    one, two = done(MESSAGE)
    assert two.raw is None
    results = [{"role": "tool", "tool_call_id": id_, "content": f"out {n}"} for n, id_ in enumerate(("c1", "c2"))]
    assert shown(one, two) == [MESSAGE, *results]


def test_two_messages_stay_two() -> None:
    """Calls that the model made after it had seen the results of others."""
    first = done({**MESSAGE, "tool_calls": MESSAGE["tool_calls"][:1]})
    second = done({**MESSAGE, "tool_calls": MESSAGE["tool_calls"][1:]})
    assert [one["role"] for one in shown(*first, *second)] == ["assistant", "tool", "assistant", "tool"]


@pytest.mark.parametrize("other", [{"server": "api.other.com/v1"}, {"model": "small-2"}])
def test_another_server_or_model_gets_the_calls_alone(other: dict[str, str]) -> None:
    """Nothing of what the former one thought."""
    asks, *_ = shown(*done(MESSAGE), **other)
    assert set(asks) == {"role", "tool_calls"}
    assert [set(call) for call in asks["tool_calls"]] == [{"id", "type", "function"}] * 2


def test_a_crash_between_two_calls_leaves_the_first() -> None:
    """The second was never logged, and the model never made it."""
    asks, result = shown(done(MESSAGE)[0])
    assert asks == {**MESSAGE, "tool_calls": MESSAGE["tool_calls"][:1]}
    assert result["tool_call_id"] == "c1"


@pytest.mark.parametrize(
    ("arguments", "shown_as", "back"),
    [
        ({"bread": 1}, '{"bread":1}', {"bread": 1}),
        (None, "{}", "{}"),
        ("", "{}", "{}"),
        ("null", "{}", "{}"),
        ('{"bread": ', '{"bread": ', "{}"),
        ([1], "[1]", [1]),
        ("[1]", "[1]", "{}"),
        (7, "7", 7),
    ],
)
def test_arguments_in_any_form(arguments: Any, shown_as: str, back: Any) -> None:
    """A tool gets JSON, or its check tells the model what is wrong. What a server would not parse does not go back."""
    call = {"id": "c1", "type": "function", "function": {"name": "price", "arguments": arguments}}
    (made,) = done({"role": "assistant", "tool_calls": [call]})
    assert made.arguments == shown_as
    assert shown(made)[0]["tool_calls"][0]["function"]["arguments"] == back


def test_a_message_that_no_event_could_hold_is_not_kept() -> None:
    """The calls still belong together."""
    one, two = done({**MESSAGE, "reasoning_content": "x" * LONGEST_RAW})
    assert msgspec.json.decode(one.raw or "", type=Written).message is None
    assert [message["role"] for message in shown(one, two)] == ["assistant", "tool", "tool"]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "null",
        "[]",
        '{"server": 1}',
        '{"server":"127.0.0.1:9/v1","model":"small-1","message":{"tool_calls":7}}',
    ],
)
def test_a_log_may_hold_anything(raw: str) -> None:
    """Then the calls are shown without their message."""
    asks, *_ = shown(replace(DONE, raw=raw))
    assert set(asks) == {"role", "tool_calls"}
