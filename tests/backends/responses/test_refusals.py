"""Refusals of a part of a request in mode responses: it is sent again without that part, which is remembered."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backends.responses.backend import Responses
from chat.context import Attachment, Line
from tests.backends.responses.turns import Turn
from tests.doubles.openai_responses import ResponsesDouble

CAKE = Line("user", "[picture]", attachments=(Attachment("meta:1", "image/png", "cake.png"),))


class Shelf:
    async def read(self, name: str) -> bytes | None:
        return b"\x89PNG"


class Shown(Turn):
    """A turn with a picture."""

    def request(self) -> Any:
        return replace(super().request(), files=Shelf())


def sent(provider: ResponsesDouble) -> list[dict[str, Any]]:
    return [request.body for request in provider.asked("responses.create")]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "this model does not support tools"),
        (404, "No endpoints found that support tool use"),
        (400, "Function calling is not enabled for models/x"),
    ],
)
async def test_a_server_without_tools(
    responses: Responses, provider: ResponsesDouble, thread: str, status: int, words: str
) -> None:
    """Asked without them, and not asked with them again."""
    before = len(sent(provider))
    provider.fail("error", status=status, message=words)
    assert (await Turn(thread, "hello").answered(responses)).text == "reply to: hello"
    assert (await Turn(thread, "and now?", turn="turn-2").answered(responses)).text == "reply to: and now?"
    assert ["tools" in body for body in sent(provider)[before:]] == [True, False, False]


async def test_a_field_that_a_server_does_not_know(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    before = len(sent(provider))
    provider.fail("error", status=400, message="Unsupported parameter: 'store'", param="store")
    assert (await Turn(thread, "hello").answered(responses)).text == "reply to: hello"
    assert ["store" in body for body in sent(provider)[before:]] == [True, False]


async def test_a_server_without_pictures(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """The words stay as they are, since the message is found by them; the model is told in its instructions."""
    before = len(sent(provider))
    provider.fail("error", status=400, message="image input is not supported")
    await Shown(thread, CAKE).answered(responses)
    _, taken = sent(provider)[before:]
    assert taken["input"][0]["content"] == [{"type": "input_text", "text": "[picture]"}]
    assert "cannot be shown the file" in taken["instructions"]
