"""Events that a newer recado wrote, while both run or after a step back."""

from __future__ import annotations

import pytest

from events.subjects import decision_subject
from tests.system.service import Service, fresh_chat

NEWER = {"Recado-Version": "99"}


async def test_a_message_that_can_still_be_read(service: Service) -> None:
    """New fields are passed over."""
    key = fresh_chat()
    await service.outsider.put("in", key, b'{"id": "m1", "text": "hello", "mood": "fine"}', NEWER)
    assert (await service.log.ended(key, "m1")).event.text == "echo: hello"
    await service.still_answers(key)


async def test_a_message_of_another_shape(service: Service) -> None:
    """It ends as ignored and says why; the bytes are kept for the newer version."""
    key = fresh_chat()
    body = b'{"id": "m1", "parts": [{"text": "hello"}]}'
    seq = await service.outsider.put("in", key, body, NEWER)
    assert await service.ignored(key, f"seq:{seq}") == "newer_version"
    assert await service.dead_letter(seq) == (body, "newer_version")
    await service.still_answers(key)


@pytest.mark.parametrize("type_", ["archived", "reply"])
async def test_an_unknown_decision(service: Service, type_: str) -> None:
    """A new type, or a new shape of a known one: it is passed over, and the chat goes on behind it."""
    key = fresh_chat()
    await service.still_answers(key)
    await service.outsider.store(decision_subject(key, type_), b'{"shelf": 3}', NEWER)
    await service.still_answers(key)


@pytest.mark.parametrize("version", ["", "0", "-1", "1.5", "one", "99999999999999999999"])
async def test_a_version_that_is_no_version(service: Service, version: str) -> None:
    """The body counts."""
    key = fresh_chat()
    await service.outsider.put("in", key, b'{"id": "m1", "text": "hello"}', {"Recado-Version": version})
    assert (await service.log.ended(key, "m1")).event.text == "echo: hello"
    await service.still_answers(key)
