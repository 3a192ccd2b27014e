"""A new thread holds the history."""

from __future__ import annotations

import pytest

from backends.assistants.backend import Assistants
from chat.context import Line
from tests.backends.kept_threads.turns import place
from tests.doubles.openai_threads import ThreadsDouble


def said(threads: ThreadsDouble) -> list[tuple[str, str]]:
    return [(m["role"], m["content"][0]["text"]["value"]) for m in threads.only.messages]


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
