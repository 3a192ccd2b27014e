"""The model asks for tools: their outputs go into the conversation, and the same attempt goes on."""

from __future__ import annotations

import msgspec

from backends.protocol import RunContinues, ToolsWanted, Usage
from backends.responses.backend import Responses
from tests.backends.responses.turns import Turn
from tests.doubles.openai_responses import ResponsesDouble


async def test_a_call_and_its_output(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """The model's calls as it wrote them, then its words; the response that goes on is a run of its own."""
    turn = Turn(thread, '!call price {"bread": 2}')
    answer = await turn.answered(responses)
    assert answer.text == 'tools said: price of {"bread": 2}'
    assert [(call.name, call.arguments) for call in turn.calls] == [("price", '{"bread": 2}')]
    assert turn.runs[1:] == list(provider.made)[1:]
    assert turn.attempt == 1


async def test_all_responses_of_an_attempt_are_paid_for(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """The cost of a response that asked for tools goes with its calls, the cost of the last one with the reply."""
    turn = Turn(thread, "!call price 1\n!then\n!call price 2")
    answer = await turn.answered(responses)
    used = [made.object["usage"] for made in list(provider.made.values())[1:]]
    spent = [Usage(one["input_tokens"], one["output_tokens"]) for one in used]
    assert len(spent) == 3
    assert [*turn.spent, answer.usage] == spent


async def test_calls_together_and_one_after_the_other(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """Two at once, then one more: the conversation has each call and each output once, and then the reply."""
    turn = Turn(thread, "!call price 1\n!call price 2\n!then\n!call price 3")
    assert (await turn.answered(responses)).text == "tools said: price of 1 | price of 2 | price of 3"
    kinds = [item["type"] for item in provider.conversations.all[thread].items[2:]]
    call, output = "function_call", "function_call_output"
    assert kinds == ["message", call, call, output, output, call, output, "message"]


async def test_open_calls_are_asked_for_again(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """Asked twice before any output is there, the same calls are wanted; asked with one of two, the other is."""
    turn = Turn(thread, "!call price 1\n!call price 2")
    while not turn.calls:
        await turn.step(responses)
    assert turn.run is not None
    with_both = turn.request()
    bare = msgspec.structs.replace(with_both, calls=())
    first, again = [await responses.await_run(bare, turn.run) for _ in range(2)]
    assert isinstance(first, ToolsWanted)
    assert first == again
    half = await responses.await_run(msgspec.structs.replace(with_both, calls=with_both.calls[:1]), turn.run)
    assert half == ToolsWanted(first.calls[1:])  # the cost of asking has gone with the first call
    assert isinstance(await responses.await_run(with_both, turn.run), RunContinues)


async def test_arguments_that_are_no_json_are_handed_on(responses: Responses, thread: str) -> None:
    """They are the model's own words; the caller of the tool judges them."""
    turn = Turn(thread, "!call price {not json")
    await turn.answered(responses)
    assert turn.calls[0].arguments == "{not json"
