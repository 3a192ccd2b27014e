"""The provider is not there, or is gone before its answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import Naps, asked
from tests.doubles.openai_server import OpenAIDouble


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that is bound, so that no other process takes it, and that refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


async def test_a_refused_connection_is_tried_until_patience_ends(free_port: int, naps: Naps) -> None:
    """Without a server at the address the turn fails as unreachable, not as timed out, and the error names the
    address."""
    backend = ChatCompletions(
        api_key="sk-unused-000000", base_url=f"http://127.0.0.1:{free_port}/v1", model="m", sleep=naps
    )
    with pytest.raises(ReplyFailed, match=f"127.0.0.1:{free_port}") as failed:
        await backend.reply(asked("hello", patience=3))
    await backend.close()
    assert failed.value.error_class == "unreachable"
    assert len(naps.taken) > 1


async def test_a_server_that_comes_up_is_found(naps: Naps) -> None:
    """A provider that starts while a turn waits gets its question."""
    double = OpenAIDouble()
    await double.start()
    port = int(double.base_url.rpartition(":")[2].partition("/")[0])
    await double.stop()

    async def start_then_nap(seconds: float) -> None:
        naps.taken.append(seconds)
        await double.start(port)

    backend = ChatCompletions(
        api_key=double.api_key, base_url=f"http://127.0.0.1:{port}/v1", model="m", sleep=start_then_nap
    )
    assert (await backend.reply(asked("hello"))).text == "reply to: hello"
    assert len(naps.taken) == 1
    await backend.close()
    await double.stop()


@pytest.mark.parametrize("fault", ["drop", "drop_mid_body"])
async def test_a_dropped_answer_is_asked_for_again(
    backend: ChatCompletions, double: OpenAIDouble, naps: Naps, fault: str
) -> None:
    """The provider took the question and the connection broke: asking again costs tokens only."""
    double.fail(fault)
    assert (await backend.reply(asked("hello"))).text == "reply to: hello"
    assert [request.fault for request in double.requests] == [fault, None]
    assert len(naps.taken) == 1
