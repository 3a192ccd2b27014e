"""The parts of a reply over the real HTTP client to the double of Meta's API, which checks each body by its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.parts import reading
from events.log import EventLog
from events.parts import Option, Part
from gateways.cloud.bodies import body_of
from gateways.cloud.messages import messages_of
from gateways.delivery.texts import texts_of
from tests.chat.parts import parts
from tests.doubles.graph_parts import faults
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import cloud_gateway
from tests.gateways.cloud.said import say, steps, until_step
from tests.gateways.replies import reply

EVERY = (
    Part(kind="image", url="https://example.org/a.png", caption="Rye"),
    Part(kind="document", url="https://example.org/a_b.pdf", filename="my_menu_v2.pdf"),
    Part(kind="location", latitude=-23.5, longitude=-46.6, name="Bakery"),
    Part(kind="contact", name="Ana", phones=("+5511999990001",)),
    Part(kind="link", text="Pay here", url="https://example.org/pay", title="Pay"),
    Part(kind="reaction", to="wamid.7", emoji="👍"),
    Part(kind="choices", text="Which **size**?", choices=tuple(Option(id=str(n), title=f"S{n}") for n in range(3))),
    Part(kind="choices", text="Which?", choices=tuple(Option(id=str(n), title=f"S{n}") for n in range(10))),
    Part(kind="text", text="**Thank** you"),
)


async def sent(log: EventLog, data_dir: Path, *said: Part, **fields: Any) -> tuple[list[Any], list[str]]:
    """The messages that the double took of a reply of these parts, and the receipts."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", text=reading(said), parts=said, **fields)
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        return meta.taken[:-1], await steps(log, "r1")


async def test_each_part_is_a_message_with_its_own_receipts(log: EventLog, data_dir: Path) -> None:
    """In order, as WhatsApp takes them; the reply after it waits for the last."""
    taken, receipts = await sent(log, data_dir, *EVERY)
    assert [one.type for one in taken] == [
        "image", "document", "location", "contacts", "interactive", "reaction", "interactive", "interactive", "text",
    ]  # fmt: skip
    assert receipts == [f"{state} {n}/9" for n in range(1, 10) for state in ("sending", "accepted")]
    assert taken[1].object["filename"] == "my_menu_v2.pdf"
    assert taken[6].object["body"]["text"] == "Which *size*?"
    assert [row["id"] for row in taken[7].object["action"]["sections"][0]["rows"]] == [str(n) for n in range(10)]
    assert taken[8].text == "*Thank* you"


async def test_the_chosen_message_is_quoted_once(log: EventLog, data_dir: Path) -> None:
    """By the first message; an id that is none of WhatsApp's is left out."""
    taken, _ = await sent(log, data_dir, EVERY[0], EVERY[2], quote="wamid.5")
    assert [one.quoted for one in taken] == ["wamid.5", None]


async def test_a_quote_of_another_id_is_left_out(log: EventLog, data_dir: Path) -> None:
    taken, _ = await sent(log, data_dir, EVERY[0], quote="say-77")
    assert [one.quoted for one in taken] == [None]


async def test_a_file_that_is_refused_goes_out_as_its_plain_reading(log: EventLog, data_dir: Path) -> None:
    """Once, under its own number; the parts after it follow."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=131053)
        await say(log, "r1", text=reading(EVERY[1:3]), parts=EVERY[1:3])
        await until_step(log, "r1", "accepted 2/2")
        assert [one.type for one in meta.taken] == ["text", "location"]
        assert meta.taken[0].text == "📄 my_menu_v2.pdf\nhttps://example.org/a_b.pdf"
        said = ["sending 1/2", "accepted 1/2 file_refused", "sending 2/2", "accepted 2/2"]
        assert await steps(log, "r1") == said


async def test_a_place_that_is_refused_ends_the_reply(log: EventLog, data_dir: Path) -> None:
    """As a refused text does: nothing after it is sent."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=131009)
        await say(log, "r1", text=reading(EVERY[2:4]), parts=EVERY[2:4])
        await until_step(log, "r1", "failed 1/2 content")
        assert meta.taken == []


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Part(kind="hologram", text="of a newer version"), "of a newer version"),
    ],
)
def test_what_cannot_be_sent_goes_out_as_its_plain_reading(part: Part, text: str) -> None:
    assert messages_of(reply("r1", parts=(part,))) == [text]


def test_a_model_writes_markdown_and_an_operator_does_not() -> None:
    said = (Part(kind="text", text="**now**"), Part(kind="location", latitude=1.0, longitude=2.0, name="a_b_c"))
    assert messages_of(reply("r1", parts=said)) == ["*now*", said[1]]
    assert messages_of(reply("r1", parts=said, author="operator")) == ["**now**", said[1]]
    assert texts_of(reply("r1", parts=said)) == ["*now*\n\n📍 a_b_c\nhttps://maps.google.com/?q=1.0,2.0"], (
        "a network that shows no parts gets them as one text"
    )


@settings(max_examples=60)
@given(st.lists(parts(), min_size=1, max_size=10))
def test_every_reply_becomes_messages_that_meta_takes(said: list[Part]) -> None:
    """At least one for each part, the same every time, none of them blank."""
    made = reply("r1", text=reading(said), parts=tuple(said))
    messages = messages_of(made)
    assert messages == messages_of(replace(made))
    assert len(messages) >= len(said)
    for message in messages:
        if isinstance(message, str):
            assert message.strip()
        else:
            body = body_of(message, "7" if message.object else None)
            if body["type"] != "template":
                assert not list(faults(body["type"], body[body["type"]]))
