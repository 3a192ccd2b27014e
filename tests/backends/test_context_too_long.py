"""The context is too long for the model: the older half of the history is dropped, once."""

from __future__ import annotations

import pytest

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from chat.context import Line
from tests.backends.asking import Naps, asked
from tests.doubles.openai_server import OpenAIDouble

HISTORY = tuple(Line("assistant" if n % 2 else "user", f"h{n}") for n in range(5))


def sent(double: OpenAIDouble) -> list[list[str]]:
    return [[message["content"] for message in request.body["messages"]] for request in double.requests]


@pytest.mark.parametrize("kind", ["context", "context_llama_cpp"])
async def test_the_older_half_is_dropped_and_all_messages_kept(
    backend: ChatCompletions, double: OpenAIDouble, naps: Naps, kind: str
) -> None:
    """OpenAI's and llama.cpp's errors alike: asked again at once with the newer half and every message of the turn."""
    double.fail(kind, times=None, more_than=4)
    answer = await backend.reply(asked("m1", "m2", history=HISTORY))
    assert answer.text == "reply to: h4\nm1\nm2"
    assert sent(double) == [
        ["Be kind.", "h0", "h1", "h2", "h3", "h4\nm1\nm2"],
        ["Be kind.", "h3", "h4\nm1\nm2"],
    ]
    assert naps.taken == []


async def test_it_is_shortened_once_only(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """Still too long after that, the turn fails."""
    double.fail("context", times=None)
    with pytest.raises(ReplyFailed, match="maximum context length") as failed:
        await backend.reply(asked("m1", history=HISTORY))
    assert failed.value.error_class == "context_too_long"
    assert len(double.requests) == 2


async def test_without_history_there_is_nothing_to_drop(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """The turn's own messages are never dropped: too long by themselves, they fail at once."""
    double.fail("context", times=None)
    with pytest.raises(ReplyFailed) as failed:
        await backend.reply(asked("m1"))
    assert failed.value.error_class == "context_too_long"
    assert len(double.requests) == 1


async def test_a_shortened_turn_is_still_retried(backend: ChatCompletions, double: OpenAIDouble, naps: Naps) -> None:
    """The retries after a provider's fault keep the shorter history."""
    double.fail("context", more_than=4)
    double.fail("server_error")
    assert (await backend.reply(asked("m1", history=HISTORY))).text == "reply to: h4\nm1"
    assert [len(messages) for messages in sent(double)] == [6, 3, 3]
    assert len(naps.taken) == 1
