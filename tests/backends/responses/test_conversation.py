"""A chat gets a conversation at the provider, and the history is in it."""

from __future__ import annotations

import pytest

from backends.protocol import ReplyFailed
from backends.responses.backend import Responses
from chat.context import Line
from tests.backends.responses.turns import CHAT, place
from tests.doubles.openai_responses import ResponsesDouble


def said(number: int) -> Line:
    return Line("assistant" if number % 2 else "user", f"line {number}")


@pytest.mark.parametrize("length", [0, 1, 19, 20, 21, 45])
async def test_the_history_is_seeded_in_batches(responses: Responses, provider: ResponsesDouble, length: int) -> None:
    """At any length, the history is there whole and in order, in requests of at most 20 items."""
    history = [said(number) for number in range(length)]
    conversation = provider.conversations.all[await responses.create_thread(place(*history))]
    assert conversation.said() == [(line.role, line.text) for line in history]
    sent = [len(asked.body["items"]) for asked in provider.requests]
    assert sum(sent) == length
    assert max(sent) <= 20


async def test_support_finds_the_chat_in_the_metadata(responses: Responses, provider: ResponsesDouble) -> None:
    """In the provider's dashboard each conversation bears its chat."""
    conversation = provider.conversations.all[await responses.create_thread(place())]
    assert conversation.metadata == {"recado_account": "local", "recado_chat": CHAT}


async def test_names_are_kept_and_blank_lines_are_not(responses: Responses, provider: ResponsesDouble) -> None:
    """In a group the model is told the speaker; a line without words would be refused."""
    thread = await responses.create_thread(place(Line("user", "olá", "Ana"), Line("user", " \n"), Line("user", "oi")))
    assert provider.conversations.all[thread].said() == [("user", "Ana: olá"), ("user", "oi")]


@pytest.mark.parametrize("at", ["conversations.create", "items.create"])
@pytest.mark.parametrize("kind", ["lost", "error_after", "not_json", "empty_object", "drop", "error", "rate_limit"])
async def test_a_conversation_whose_creation_failed_is_created_again(
    responses: Responses, provider: ResponsesDouble, at: str, kind: str
) -> None:
    """A conversation that may be half seeded is left alone; the one in use has every line once."""
    provider.fail(kind, at=at)
    history = [said(number) for number in range(30)]
    thread = await responses.create_thread(place(*history))
    assert provider.conversations.all[thread].said() == [(line.role, line.text) for line in history]


async def test_a_server_without_conversations_is_told_of(responses: Responses, provider: ResponsesDouble) -> None:
    """It fails at once with the server's message."""
    provider.fail("error", at="conversations.create", status=404, message="Invalid URL (POST /v1/conversations)")
    with pytest.raises(ReplyFailed, match=r"no Conversations API .* OPENAI_API_MODE=chat") as failed:
        await responses.create_thread(place())
    assert failed.value.error_class == "bad_request"
    assert len(provider.requests) == 1
