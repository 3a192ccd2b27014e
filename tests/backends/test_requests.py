"""The request of a turn, and the fields that are read of its answer."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.chat_completions import ChatCompletions, request_body
from backends.protocol import Usage
from chat.context import Line
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble


async def test_the_context_goes_in_order(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """System prompt, then history, then the turn's messages as one, since many models take no two of one role in a row;
    nothing but model and messages is sent."""
    history = (Line("user", "h1"), Line("assistant", "h2"))
    await backend.reply(asked("m1", "m2", history=history))
    assert double.requests[0].body == {
        "model": "small-1",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "h1"},
            {"role": "assistant", "content": "h2"},
            {"role": "user", "content": "m1\nm2"},
        ],
    }


async def test_without_a_system_prompt_there_is_no_system_message(double: OpenAIDouble) -> None:
    """An empty prompt is not sent as an empty message."""
    backend = ChatCompletions(api_key=double.api_key, base_url=double.base_url, model="small-1")
    await backend.reply(asked("hello"))
    await backend.close()
    assert [message["role"] for message in double.requests[0].body["messages"]] == ["user"]


async def test_in_a_group_the_model_is_told_who_speaks(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """A user's line with a name is prefixed by it; the assistant's own lines are not."""
    history = (Line("user", "olá", name="Ana"), Line("assistant", "Oi, Ana", name="recado"))
    await backend.reply(asked(Line("user", "and me?", name="Rui"), history=history))
    sent = [message["content"] for message in double.requests[0].body["messages"]]
    assert sent == ["Be kind.", "Ana: olá", "Oi, Ana", "Rui: and me?"]


async def test_the_answer_names_model_run_and_usage(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """The reply event gets the provider's response id and its own token counts."""
    answer = await backend.reply(asked("good morning"))
    assert answer.text == "reply to: good morning"
    assert answer.model == "small-1"
    assert answer.run == "chatcmpl-double00000001"
    assert answer.usage == Usage(input_tokens=4, output_tokens=4)


@settings(deadline=None)
@given(text=st.text(), prompt=st.text(min_size=1))
def test_any_text_arrives_as_it_was_written(text: str, prompt: str) -> None:
    """Line breaks, quotes, control characters and emoji survive the encoding."""
    sent = msgspec.json.decode(msgspec.json.encode(request_body("m", prompt, (), asked(text), [text])))
    assert [message["content"] for message in sent["messages"]] == [prompt, text]
