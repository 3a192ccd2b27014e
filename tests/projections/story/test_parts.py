"""The story of replies with parts, of orders that send them, and of choices."""

from typing import Any

import pytest

from events.decisions import Reply
from events.inbound import Control, Message, Receipt, ReceiptError
from events.parts import KINDS, ButtonValue, Option, Parameters, Part
from events.references import Choice
from projections.story.parts import chose, named
from projections.story.step import Step
from projections.story.story import story
from tests.projections.conftest import Known
from tests.projections.past import ANA, Past

SIZES = Part(kind="choices", text="Which size?", choices=(Option(id="s", title="Small"), Option(id="l", title="Large")))
PRICES = Part(kind="document", object=f"LIBRARY/{'a' * 64}", filename="prices.pdf")
OF_EACH_KIND = {
    "text": Part(kind="text", text="hello"),
    "image": Part(kind="image", url="https://a.example/b.png"),
    "video": Part(kind="video", url="https://a.example/b.mp4"),
    "audio": Part(kind="audio", url="https://a.example/b.ogg", voice=True),
    "document": PRICES,
    "sticker": Part(kind="sticker", url="https://a.example/b.webp"),
    "location": Part(kind="location", latitude=1.5, longitude=-2.5, name="Bakery"),
    "contact": Part(kind="contact", name="Ana", phones=("+5511999999999",)),
    "choices": SIZES,
    "link": Part(kind="link", text="See", url="https://a.example"),
    "template": Part(
        kind="template", name="hello", language="pt_BR",
        parameters=Parameters(body=("Ana",), buttons=(ButtonValue(index=0, value="x"),)),
    ),
    "reaction": Part(kind="reaction", to="m1", emoji="👍"),
    "hologram": Part(kind="hologram", text="of a newer version"),
}  # fmt: skip


@pytest.fixture
def tell(known: Known, past: Past) -> Any:
    def steps(id_: str) -> list[Step]:
        (why,) = known.after(past).queries.why(id_)
        return story(why, past.now)

    return steps


def said(past: Past, id_: str, *parts: Part, quote: str = "") -> None:
    reply = Reply(
        id=id_, turn=None, chat=ANA.chat, account=ANA.account, text="plain", in_reply_to=(), author="operator",
        at=past.now, parts=parts, **({"quote": quote} if quote else {}),
    )  # fmt: skip
    past.happened(reply)


def test_every_kind_has_a_name() -> None:
    """Those of this version, and one of a newer."""
    assert set(OF_EACH_KIND) >= set(KINDS)
    names = [named(part) for part in OF_EACH_KIND.values()]
    assert len(set(names)) == len(names)
    assert named(OF_EACH_KIND["hologram"]).endswith("does not know the kind hologram")


def test_each_part_with_its_receipts(past: Past, tell: Any) -> None:
    """A part is named where each became one message; otherwise its number is told alone."""
    past.message("m1")
    said(past, "c1.r", PRICES, SIZES, quote="m1")
    past.happened(Receipt(id="r1", reply="c1.r", state="accepted", part=1, parts=2))
    error = ReceiptError(class_="window_closed")
    past.happened(Receipt(id="r2", reply="c1.r", state="failed", part=2, parts=2, error=error))
    told = [step.what for step in tell("c1.r")]
    assert "in 2 parts: 1 the file prices.pdf, 2 a question with 2 choices, quotes m1" in told[0]
    assert told[1] == "the provider took it, part 1 of 2, the file prices.pdf"
    assert told[2].startswith("it could not be sent, part 2 of 2, a question with 2 choices: the person last wrote")
    said(past, "c2.r", PRICES)
    past.happened(Receipt(id="r3", reply="c2.r", state="accepted", part=2, parts=3))
    assert tell("c2.r")[1].what == "the provider took it, part 2 of 3"


def test_an_order_of_parts(past: Past, tell: Any) -> None:
    """It shows what was to be sent, also when it was not."""
    past.message("m1")
    past.happened(Control(id="c1", command="send", parts=(SIZES,), text="Thank you", quote="m1", by="page"))
    step = tell("c1")[0]
    assert step.what == "ordered by page: send, quoting m1"
    assert step.detail == "Which size?\n\n1. Small\n2. Large\n\nThank you"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (Message(id="m2", text="2"), "chose l, Large, by typing"),
        (Message(id="m2", text=" large "), "chose l, Large, by typing"),
        (Message(id="m2", text="Large", choice=Choice(id="l", title="Large")), "chose l, Large, by tapping"),
        (Message(id="m2", text="3"), None),
        (Message(id="m2", text="2", from_me=True), None),
    ],
)
def test_a_choice(past: Past, known: Known, tell: Any, message: Message, told: str | None) -> None:
    """Tapped, or typed while the question was the last word; another number is none."""
    past.message("m1")
    said(past, "c1.r", SIZES)
    past.happened(message)
    past.message("m3", "2")
    what = tell("m2")[0].what
    assert (told in what) if told is not None else ("chose" not in what)
    entries = {one.id: one for one in known.queries.history(ANA)}
    assert entries["c1.r"].parts == (SIZES,)
    assert (entries["m2"].choice is not None) == (told is not None)


def test_a_choice_without_words() -> None:
    """It is told all the same."""
    assert chose(Choice(), typed=False) == "chose one that has no name, by tapping"
    assert chose(Choice(id="Large", title="Large"), typed=True) == "chose Large, by typing"
