"""A field that a serialiser writes as null counts as absent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from events import codec
from events.inbound import Control, Message
from events.recorded import Unreadable
from events.subjects import ChatKey, decision_subject

AT = datetime(2026, 11, 22, tzinfo=UTC)
SUBJECT = decision_subject(ChatKey("local", "5511999990001@s.whatsapp.net"), "x").replace(".o.x", ".i.")


@pytest.mark.parametrize("field", ["kind", "mentions", "group", "aliases", "from_me", "media", "sender", "at"])
def test_a_null_is_as_if_the_field_were_not_there(field: str) -> None:
    """The message is read, with the default in that place."""
    body = f'{{"id": "m1", "text": "hi", "{field}": null}}'.encode()
    assert codec.read(1, SUBJECT + "in", AT, None, body).event == Message(id="m1", text="hi")


def test_an_order_may_have_nulls_too() -> None:
    """`messages` has a default as well."""
    body = b'{"id": "c1", "command": "retry", "messages": null, "until": null}'
    assert codec.read(1, SUBJECT + "control", AT, None, body).event == Control(id="c1", command="retry")


@pytest.mark.parametrize(
    "body", [b'{"id": null, "text": "hi"}', b'{"id": "m1", "text": null}', b'{"id": 7, "name": null}']
)
def test_a_required_field_that_is_null_is_missing(body: bytes) -> None:
    """It stays unreadable."""
    assert isinstance(codec.read(1, SUBJECT + "in", AT, None, body).event, Unreadable)
