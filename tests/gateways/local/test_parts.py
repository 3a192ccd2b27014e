"""Parts on the simulated phones and in the terminal: what is handed over, what is printed, what a tap makes."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.choices import typed
from chat.parts import reading
from events.inbound import Message, Receipt
from events.log import EventLog
from events.parts import Option, Part
from events.references import Choice
from gateways.local.messages import messages_of
from gateways.local.printed import printed
from gateways.local.simulator import Simulator
from gateways.local.taps import Tap, last_question, tap_on, tapped
from tests.chat.parts import parts
from tests.gateways.cloud.test_references import said as said_on_whatsapp
from tests.gateways.local.test_terminal import ME, answering, piped
from tests.gateways.replies import ANA, TOM, decide, delivering, events, reply, until_noted

SIZES = (Option(id="s", title="Small"), Option(id="m", title="Medium"), Option(id="2", title="Large"))
SIZE = Part(kind="choices", text="Which size?", choices=SIZES)
LONG = Option(id="x", title="A whole sourdough rye of two kilograms, sliced", description="from Friday on")
ROWS = Part(kind="choices", text="Which loaf?", choices=(LONG, *SIZES))
PLACE = Part(kind="location", latitude=-23.5505, longitude=-46.6333, name="Bakery")


def asking(id_: str, *said: Part, **more: Any) -> Any:
    return reply(id_, text=reading(said), parts=said, **more)


@settings(max_examples=50)
@given(said=st.lists(parts(), min_size=1, max_size=4))
def test_the_same_messages_every_time(said: list[Part]) -> None:
    """None of them is blank, so each has something to show and receipts of its own."""
    messages = messages_of(asking("r1", *said))
    assert messages
    assert messages == messages_of(asking("r1", *said))
    assert all(not isinstance(one, str) or one.strip() for one in messages)


async def test_receipts_number_the_messages(log: EventLog, data_dir: Path) -> None:
    """A caption that is too long for its picture is a message of its own."""
    picture = Part(kind="image", url="https://ex.com/a.jpg", caption="Fresh. " * 200)
    async with delivering(log, Simulator(log, "local"), data_dir, split=messages_of):
        await decide(log, asking("r1", picture, SIZE))
        await until_noted(log, "r1 delivered")
    noted = [one.event for one in await events(log)]
    assert [(one.part, one.parts, one.state) for one in noted if isinstance(one, Receipt)] == [
        (number, 3, state) for number in (1, 2, 3) for state in ("sending", "delivered")
    ]


@pytest.mark.parametrize(
    ("tap", "sent"),
    [
        (
            Tap(id="m", title="Medium", source="button", quoted="r1"),
            {"type": "button_reply", "button_reply": {"id": "m", "title": "Medium"}},
        ),
        (
            Tap(id="r", title="Rye", description="1 kg", source="list", quoted="r1"),
            {"type": "list_reply", "list_reply": {"id": "r", "title": "Rye", "description": "1 kg"}},
        ),
    ],
)
def test_a_tap_has_the_shape_of_whatsapps(tap: Tap, sent: dict[str, Any]) -> None:
    """Field by field, as the Cloud gateway reads it."""
    whatsapps = said_on_whatsapp("interactive", interactive=sent, context={"id": "r1", "from": "5511"})
    ours = tapped(tap, id="m1")
    for field in ("kind", "text", "choice", "quoted"):
        assert getattr(ours, field) == getattr(whatsapps, field)


async def test_a_person_taps(log: EventLog) -> None:
    simulator = Simulator(log, "local")
    tap = Tap(id="m", title="Medium", source="button", quoted="r1")
    await simulator.tap(ANA.chat, tap, id="t1")
    assert (await simulator.tap(ANA.chat, tap, id="t1")).duplicate
    (found,) = await events(log)
    choice = Choice(id="m", title="Medium")
    assert found.event == Message(id="t1", kind="button", text="Medium", name="Ana Lima", choice=choice, quoted="r1")


@pytest.mark.parametrize(
    ("wanted", "id_"),
    [("m", "m"), ("medium", "m"), (" Medium ", "m"), ("1", "s"), ("3.", "2"), ("2", "2"), ("4", None), ("", None)],
)
def test_a_choice_by_id_title_or_number(wanted: str, id_: str | None) -> None:
    """An id counts first: the third choice has the id 2."""
    tap = tap_on(asking("r1", PLACE, SIZE), wanted)
    assert (tap.id if isinstance(tap, Tap) else tap) == id_


def test_a_row_is_tapped_as_the_phone_shows_it() -> None:
    """Cut to WhatsApp's limits, with its second line; its whole title names it too."""
    tap = tap_on(asking("r1", ROWS), LONG.title)
    assert tap == Tap(id="x", title="A whole sourdough rye…", description="from Friday on", source="list", quoted="r1")


def test_a_question_that_no_phone_can_show_is_typed() -> None:
    """Its ids are too long for buttons: the person reads numbered text, and types."""
    asked = asking("r1", Part(kind="choices", text="Which?", choices=(Option(id="x" * 300, title="Rye"), *SIZES)))
    assert tap_on(asked, "1") == "Rye"
    choice = typed(tuple(asked.parts[0].choices), "Rye")
    assert choice is not None
    assert choice.id == "x" * 300


async def test_the_last_question(log: EventLog) -> None:
    """Of this chat alone, whatever was said after it."""
    assert await last_question(log, ANA) is None
    await decide(log, asking("r1", SIZE))
    await decide(log, asking("r2", ROWS))
    await decide(log, reply("r3", text="Still there?"))
    await decide(log, reply("t1", TOM, text="Which?", parts=(SIZE,)), TOM)
    asked = await last_question(log, ANA)
    assert asked is not None
    assert asked.id == "r2"


@given(part=parts())
def test_every_part_is_printed(part: Part) -> None:
    assert printed(part).strip()


async def test_the_terminal_prints_parts(log: EventLog, data_dir: Path) -> None:
    """Choices with their numbers, a file by its name, what is quoted, and a reaction with what it is to."""
    menu = Part(kind="document", object="MEDIA/a", mime="application/pdf", filename="menu.pdf")
    pay = Part(kind="link", text="Pay here", url="https://ex.com/p", title="Pay")

    def decides(message: Message) -> list[Any]:
        said = (Part(kind="reaction", to=message.id, emoji="👍"), menu, pay, SIZE)
        return [
            reply("r1", ME, text=reading(said), parts=said, quote=message.id, in_reply_to=(message.id,)),
        ]

    async with answering(log, decides):
        code, output = await piped(log, data_dir, "what do you have?\n")
    assert code == 0
    assert output == (
        "│ what do you have?\n👍 │ what do you have?\n\n📄 menu.pdf (application/pdf)\n\nPay here\n[Pay] https://ex.com/p"
        "\n\nWhich size?\n\n1. Small\n2. Medium\n3. Large\n(type a number or a title)\n"
    )
    assert await receipts_of_terminal(log) == [(0, 0, "sending"), (0, 0, "delivered")], "it is one message"


async def receipts_of_terminal(log: EventLog) -> list[tuple[int, int, str]]:
    found = [one.event for one in await events(log, ME.account)]
    return [(one.part, one.parts, one.state) for one in found if isinstance(one, Receipt)]


HOSTILE = "a\x1b[2J\x1b]0;owned\x07b\x9b31m\rc\x00"
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.mark.parametrize(
    "part",
    [
        Part(kind="choices", text=HOSTILE, choices=(Option(id=HOSTILE, title=HOSTILE, description=HOSTILE),)),
        Part(kind="document", object="MEDIA/a", filename=HOSTILE, caption=HOSTILE, mime=HOSTILE),
        Part(kind="contact", name=HOSTILE, phones=(HOSTILE,)),
        Part(kind="location", latitude=1, longitude=1, name=HOSTILE, address=HOSTILE),
        Part(kind="link", text=HOSTILE, url=HOSTILE, title=HOSTILE),
        Part(kind="template", name=HOSTILE, language=HOSTILE),
        Part(kind="reaction", to="m1", emoji=HOSTILE),
        Part(kind=HOSTILE, text=HOSTILE),
        Part(kind=HOSTILE),
    ],
    ids=lambda part: ascii(part.kind)[:12],
)
async def test_no_part_can_steer_the_terminal(log: EventLog, data_dir: Path, part: Part) -> None:
    def decides(message: Message) -> list[Any]:
        return [reply("r1", ME, text="x", parts=(part,), quote=message.id, in_reply_to=(message.id,))]

    async with answering(log, decides):
        code, output = await piped(log, data_dir, "hello \x1b[31m there\n")
    assert code == 0
    assert not _STEERS.search(output), ascii(output)
    assert isinstance(output, str)
    assert io.StringIO(output).readline().startswith("│ hello")
