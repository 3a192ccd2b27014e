"""A response that gives no reply: another attempt is made, and the message is still in the conversation once."""

from __future__ import annotations

import pytest

from backends.protocol import ReplyFailed
from backends.responses.backend import Responses
from tests.backends.responses.test_asked_once import SCRIPT, stands_once
from tests.backends.responses.turns import Turn
from tests.doubles.openai_responses import ResponsesDouble


@pytest.mark.parametrize("keeps_input", [False, True])
@pytest.mark.parametrize("kind", ["failed", "cancelled", "expired"])
@pytest.mark.parametrize("which", [0, 1, 2])
async def test_another_attempt_answers(
    responses: Responses, thread: str, provider: ResponsesDouble, kind: str, *, which: int, keeps_input: bool
) -> None:
    """Any response of the turn may be lost, and its server may keep any part of it: the next attempt starts clean."""
    provider.keeps_input = keeps_input
    provider.fail(kind, skip=which)
    turn = Turn(thread, SCRIPT)
    answer = await turn.answered(responses)
    stands_once(provider, thread, SCRIPT, answer.text)
    assert turn.attempt == 2


@pytest.mark.parametrize("keeps_input", [False, True])
async def test_three_attempts_and_no_more(
    responses: Responses, provider: ResponsesDouble, thread: str, keeps_input: bool
) -> None:
    """The turn fails; the person's next message is answered."""
    provider.keeps_input = keeps_input
    provider.fail("failed", times=3)
    with pytest.raises(ReplyFailed, match="server_error") as failed:
        await Turn(thread, "hello").answered(responses)
    assert failed.value.error_class == "run_failed"
    answer = await Turn(thread, "hello", turn="turn-2").answered(responses)
    stands_once(provider, thread, "hello", answer.text)


async def test_a_response_that_is_not_there_any_more(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """It was deleted at the provider during the wait: another one is made."""
    turn = Turn(thread, "hello")
    await turn.step(responses)
    await turn.step(responses)
    assert turn.run is not None
    await provider.until(lambda: not provider.active)
    del provider.made[turn.run]
    assert (await turn.answered(responses)).text == "reply to: hello"
    assert turn.attempt == 2


async def test_after_a_crash_a_lost_run_is_lost_again(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """Waiting for it a second time gives the same, and harms nothing."""
    provider.keeps_input = True
    provider.fail("failed")
    turn = Turn(thread, "hello")
    await turn.step(responses)
    await turn.step(responses)
    again = Turn(thread, "hello")
    again.run, again.attempt = turn.run, turn.attempt
    await turn.step(responses)
    answer = await again.answered(responses)
    stands_once(provider, thread, "hello", answer.text)
