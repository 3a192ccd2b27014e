"""A new thread holds the history."""

from __future__ import annotations

import pytest

from backends.assistants.backend import Assistants
from backends.protocol import ReplyFailed
from chat.context import Line
from tests.backends.assistants.turns import assistant_at, place
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble


def said(threads: ThreadsDouble) -> list[tuple[str, str]]:
    return [(m["role"], m["content"][0]["text"]["value"]) for m in threads.only.messages]


async def test_it_bears_the_name_of_its_chat(backend: Assistants, threads: ThreadsDouble) -> None:
    """In the provider's list of threads each bears its chat."""
    id_ = await backend.create_thread(place())
    assert id_ == threads.only.id
    assert threads.only.metadata == {"recado_chat": "local/5511999990001"}


@pytest.mark.parametrize("length", [1, 32, 33, 100])
async def test_it_begins_with_the_history(backend: Assistants, threads: ThreadsDouble, length: int) -> None:
    """Roles and order are kept, however many requests the API wants for that."""
    history = tuple(Line("assistant" if number % 2 else "user", f"line {number}") for number in range(length))
    await backend.create_thread(place(*history))
    assert said(threads) == [(line.role, line.text) for line in history]
    assert len(threads.requests) == 2 + max(0, length - 32)


async def test_in_a_group_it_is_said_who_spoke(backend: Assistants, threads: ThreadsDouble) -> None:
    """The API has no field for it."""
    await backend.create_thread(place(Line("user", "olá", "Ana"), Line("assistant", "Oi, Ana", "recado")))
    assert said(threads) == [("user", "Ana: olá"), ("assistant", "Oi, Ana")]


async def test_a_message_without_text_does_not_keep_it_from_being_made(
    backend: Assistants, threads: ThreadsDouble
) -> None:
    """The API refuses empty content; a picture without words was sent all the same."""
    await backend.create_thread(place(Line("user", " \n")))
    assert said(threads) == [("user", "(empty message)")]


async def test_a_name_longer_than_metadata_may_be_is_cut(backend: Assistants, threads: ThreadsDouble) -> None:
    """The API takes 512 characters."""
    await backend.create_thread(place().__class__(account="a", chat="x" * 600, history=(), patience=10))
    assert len(threads.only.metadata["recado_chat"]) == 512


async def test_a_wrong_key_is_told(double: OpenAIDouble) -> None:
    """The turn fails as bad_key at the first request, and the key is not in the detail."""
    backend = assistant_at(double, api_key="sk-wrong-0123456789")
    with pytest.raises(ReplyFailed) as failed:
        await backend.create_thread(place())
    await backend.close()
    assert failed.value.error_class == "bad_key"
    assert "sk-wrong-0123456789" not in failed.value.detail


async def test_a_server_that_has_no_threads_is_told(double: OpenAIDouble) -> None:
    """404 for the address itself is no lost thread: the turn fails, and the error names the request."""
    backend = assistant_at(double, base_url=double.base_url + "/v2")
    with pytest.raises(ReplyFailed, match="Invalid URL"):
        await backend.create_thread(place())
    await backend.close()


async def test_patience_is_the_limit(backend: Assistants, threads: ThreadsDouble) -> None:
    """Recado gives up on a server that never answers."""
    threads.fail("hang", times=None)
    with pytest.raises(ReplyFailed) as failed:
        await backend.create_thread(place(patience=0.2))
    assert failed.value.error_class == "timeout"
