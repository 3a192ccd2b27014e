"""The conversation is gone, or belongs to another account: another one takes its place, once."""

from __future__ import annotations

from typing import Any

import pytest

from backends.protocol import ReplyFailed, ThreadLost
from backends.responses.backend import Responses
from tests.backends.responses.turns import Turn, place
from tests.doubles.openai_responses import ResponsesDouble

OTHERS = {"status": 403, "message": "You are not allowed to use this conversation."}
GONE = {"status": 404, "message": "Conversation with id 'conv_double000001' not found."}


async def test_deleted_before_a_turn(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """It was deleted at the provider: the turn is answered in another one."""
    provider.conversations.all.pop(thread)
    turn = Turn(thread, "hello")
    assert (await turn.answered(responses)).text == "reply to: hello"
    assert turn.thread != thread
    assert provider.conversations.all[turn.thread].said()[-2] == ("user", "hello")


async def test_deleted_in_the_middle(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """It is gone when the outputs of tools are sent: the turn begins again in another one."""
    turn = Turn(thread, "!call price 1")
    while not turn.calls:
        await turn.step(responses)
    provider.conversations.all.pop(thread)
    assert (await turn.answered(responses)).text == "tools said: price of 1"
    assert turn.thread != thread


@pytest.mark.parametrize("at", ["items.list", "responses.create"])
@pytest.mark.parametrize("fault", [OTHERS, GONE])
async def test_gone_or_of_another_project(
    responses: Responses, provider: ResponsesDouble, thread: str, at: str, fault: dict[str, Any]
) -> None:
    """At any request."""
    provider.fail("error", at=at, **fault)
    turn = Turn(thread, "hello")
    with pytest.raises(ThreadLost):
        await responses.await_run(turn.request(), await responses.start_run(turn.request()))
    assert (await turn.answered(responses)).text == "reply to: hello"


async def test_an_id_that_the_server_cannot_read(responses: Responses) -> None:
    """A thread of another server or of another API, as after an import or a change of OPENAI_BASE_URL."""
    turn = Turn("thread_abc123", "hello")
    assert (await turn.answered(responses)).text == "reply to: hello"
    assert turn.thread != "thread_abc123"


@pytest.mark.parametrize("at", ["items.list", "responses.create"])
async def test_a_server_that_loses_every_conversation(responses: Responses, provider: ResponsesDouble, at: str) -> None:
    """A server that loses an unused conversation would lose the next one too: the turn fails instead of making more."""
    provider.fail("error", at=at, times=None, **GONE)
    with pytest.raises(ReplyFailed, match="lost a conversation at once"):
        await Turn(await responses.create_thread(place()), "hello").answered(responses)
    assert len(provider.conversations.all) == 1
