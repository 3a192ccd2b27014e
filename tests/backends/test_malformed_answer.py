"""Answers with status 200 that hold no reply."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backends.chat_completions import ChatCompletions
from backends.protocol import Answer, ReplyFailed
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("not_json", "It works!"),
        ("truncated", "truncated"),
        ("not_http", "HTTP"),
    ],
)
async def test_malformed_answers_are_never_sent(
    backend: ChatCompletions, double: OpenAIDouble, fault: str, detail: str
) -> None:
    """Each is malformed_answer in one attempt, and the detail shows the answer's content."""
    double.fail(fault, times=None)
    with pytest.raises(ReplyFailed, match=detail) as failed:
        await backend.reply(asked("hello"))
    assert failed.value.error_class == "malformed_answer"
    assert len(double.requests) == 1


@pytest.mark.parametrize(
    ("fault", "detail"), [("empty_object", "no choices"), ("no_choices", "no choices"), ("blank", "empty")]
)
async def test_an_empty_answer_is_asked_for_once_more(
    backend: ChatCompletions, double: OpenAIDouble, fault: str, detail: str
) -> None:
    """Then the turn fails; an answer to the second request is the answer."""
    double.fail(fault)
    assert (await backend.reply(asked("hello"))).text == "reply to: hello"
    double.fail(fault, times=None)
    with pytest.raises(ReplyFailed, match=detail) as failed:
        await backend.reply(asked("hello"))
    assert failed.value.error_class == "malformed_answer"
    assert len(double.requests) == 4


async def test_an_empty_answer_will_do_where_tools_have_given_parts(
    backend: ChatCompletions, double: OpenAIDouble
) -> None:
    """It is not asked for again."""
    double.fail("blank", times=None)
    outcome = await backend.reply(msgspec.structs.replace(asked("hello"), may_be_silent=True))
    assert isinstance(outcome, Answer)
    assert outcome.text == ""
    assert len(double.requests) == 1


BACKEND = ChatCompletions(api_key="sk-unused-000000", base_url="http://127.0.0.1:9/v1", model="small-1")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "refusal", "finish_reason", "usage"]), inner
        )
    ),
)


@settings(deadline=None)
@given(body=st.binary() | JSON.map(msgspec.json.encode))
@example(b'{"choices": [{"message": {"content": "\xff"}}]}')
@example(b'{"choices": [{"message": {"content": ["parts"]}}]}')
@example(b'{"choices": [{"message": {}}]}')
@example(b'{"choices": [{"message": {"content": "hi"}}]}')
@example(b"")
def test_bytes_are_an_answer_with_text_or_a_failure(body: bytes) -> None:
    """Any answer with 200 becomes an answer with text, or ReplyFailed; no other exception escapes."""
    with suppress(ReplyFailed):
        assert BACKEND._read(body, asked()).text.strip()


@pytest.mark.parametrize("content", [" hi\n", "hi"])
@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": 3, "other": {}}])
def test_an_answer_without_the_extras_is_still_an_answer(content: str, usage: object) -> None:
    """Servers that leave out id, model and usage are understood, and the text is without the space around it."""
    body = msgspec.json.encode({"choices": [{"message": {"content": content}}], "usage": usage})
    answer = BACKEND._read(body, asked())
    assert (answer.text, answer.model, answer.run) == ("hi", "small-1", None)
