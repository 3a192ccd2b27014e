"""5xx: the provider's own trouble, usually short."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import Naps, asked
from tests.doubles.openai_server import OpenAIDouble


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
async def test_it_is_asked_again(backend: ChatCompletions, double: OpenAIDouble, naps: Naps, status: int) -> None:
    """Each of these statuses is tried again, with waits that grow, until the reply is had."""
    double.fail("server_error", status=status, times=3)
    assert (await backend.reply(asked("hello"))).text == "reply to: hello"
    assert len(double.requests) == 4
    assert [0.25 <= naps.taken[0] <= 0.5, 0.5 <= naps.taken[1] <= 1, 1 <= naps.taken[2] <= 2] == [True] * 3


async def test_it_gives_up_when_patience_ends(backend: ChatCompletions, double: OpenAIDouble, naps: Naps) -> None:
    """A provider that stays down fails the turn with its class once no further wait fits, every attempt logged."""
    double.fail("server_error", times=None)
    with capture_logs() as lines, pytest.raises(ReplyFailed, match="Sorry about that") as failed:
        await backend.reply(asked("hello", patience=3))
    assert failed.value.error_class == "provider_error"
    assert len(double.requests) > 2
    assert [line["attempt"] for line in lines] == list(range(1, len(double.requests) + 1))
    assert [line["wait"] is None for line in lines] == [False] * len(naps.taken) + [True]
