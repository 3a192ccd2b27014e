"""The plain reading of parts, and the parts of an answer."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.parts import answered, plain, reading
from events.parts import KINDS, Option, Part, faults, problems
from tests.chat.parts import parts


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part(kind="text", text="Hi"), "Hi"),
        (Part(kind="image", object="MEDIA/a", caption="Our bread"), "📷\nOur bread"),
        (Part(kind="document", url="https://ex.com/p.pdf", filename="p.pdf"), "📄 p.pdf\nhttps://ex.com/p.pdf"),
        (Part(kind="audio", object="MEDIA/a", voice=True), "🎤"),
        (
            Part(kind="location", latitude=-30.0277, longitude=-51.2287, name="Shop", address="Rua A, 1"),
            "📍 Shop, Rua A, 1\nhttps://maps.google.com/?q=-30.0277,-51.2287",
        ),
        (Part(kind="contact", name="Ana", phones=("+55 11 99999-0001",)), "👤 Ana: +55 11 99999-0001"),
        (
            Part(kind="choices", text="Which?", choices=(Option(id="s", title="Small", description="20 cm"),)),
            "Which?\n\n1. Small: 20 cm",
        ),
        (
            Part(kind="choices", choices=(Option(id="s", title="Small"), Option(id="l", title="Large"))),
            "1. Small\n2. Large",
        ),
        (Part(kind="link", text="Pay here", url="https://ex.com/1"), "Pay here\nhttps://ex.com/1"),
        (Part(kind="template", name="order_ready", language="pt_BR"), "[order_ready]"),
        (Part(kind="reaction", to="wamid.1", emoji="👍"), "👍"),
        (Part(kind="reaction", to="wamid.1", emoji=""), "↩"),
        (Part(kind="hologram", text="Hi"), "Hi"),
        (Part(kind="hologram"), "[hologram]"),
    ],
)
def test_the_plain_reading_of_a_part(part: Part, said: str) -> None:
    assert plain(part) == said


@given(st.lists(parts(), min_size=1, max_size=3))
def test_parts_always_have_a_plain_reading(given_parts: list[Part]) -> None:
    assert reading(given_parts).strip()
    assert all(plain(part).strip() for part in given_parts)


@given(parts())
def test_sound_parts_have_no_fault_and_survive_the_log(part: Part) -> None:
    assert list(faults(part)) == []
    assert msgspec.json.decode(msgspec.json.encode(part), type=Part) == part


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        (Part(kind="hologram"), "the kind is none of"),
        (Part(kind="text"), "give it `text`"),
        (Part(kind="text", text=" "), "`text` is blank"),
        (Part(kind="text", text="a", caption="b"), "it has no `caption`"),
        (Part(kind="image"), "give it one of `object` and `url`"),
        (Part(kind="image", object="MEDIA/a", url="https://ex.com"), "give it one of `object` and `url`"),
        (Part(kind="image", object="/etc/passwd"), "`object` is neither"),
        (Part(kind="image", object="LIBRARY/../x"), "`object` is neither"),
        (Part(kind="image", url="http://ex.com/a.png"), "begins with https://"),
        (Part(kind="document", url="file:///etc/passwd"), "begins with https://"),
        (Part(kind="location", latitude=1.0), "give it `longitude`"),
        (Part(kind="contact", name="Ana", phones=("no number",)), "`phones` has one without a number"),
        (Part(kind="choices"), "give it `choices`"),
        (Part(kind="choices", choices=tuple(Option(id=str(n), title=f"t{n}") for n in range(11))), "11 choices"),
        (Part(kind="choices", choices=(Option(id="a", title="x"), Option(id="a", title="y"))), "the same `id`"),
        (Part(kind="choices", choices=(Option(id="a", title="x"), Option(id="b", title=" X"))), "the same `title`"),
        (Part(kind="choices", choices=(Option(id="a", title=" "),)), "needs an `id` and a `title`"),
        (Part(kind="link", text="a", url="javascript:x"), "begins with https://"),
        (Part(kind="template", name="Order Ready", language="pt_BR"), "no template's"),
        (Part(kind="template", name="order", language="pt-BR!"), "is no language"),
        (Part(kind="reaction", to="wamid.1"), "give it `emoji`"),
    ],
)
def test_faults_say_what_to_do(part: Part, fault: str) -> None:
    assert any(fault in one for one in faults(part))


def test_a_reply_has_bounds() -> None:
    assert any("at most 10" in one for one in problems([Part(kind="text", text="a")] * 11))
    assert any("at most 65,536" in one for one in problems([Part(kind="text", text="a" * 65_000)] * 2))
    two = Part(kind="choices", choices=(Option(id="a", title="x"),))
    assert any("one question at a time" in one for one in problems([two, two]))
    assert list(problems([Part(kind="text", text="a")] * 10)) == []


SHOWN, ASKED = Part(kind="image", object="MEDIA/a"), Part(kind="choices", choices=(Option(id="a", title="x"),))


@pytest.mark.parametrize(
    ("sent", "text", "are"),
    [
        ((), "Hi", ()),
        ((SHOWN,), "Hi", (SHOWN, Part(kind="text", text="Hi"))),
        ((SHOWN,), " ", (SHOWN,)),
        ((ASKED, SHOWN), "Which?", (SHOWN, msgspec.structs.replace(ASKED, text="Which?"))),
        ((ASKED, SHOWN), "", (SHOWN, ASKED)),
    ],
)
def test_the_parts_of_an_answer(sent: tuple[Part, ...], text: str, are: tuple[Part, ...]) -> None:
    assert answered(sent, text) == are


def test_every_kind_is_in_the_table() -> None:
    assert set(KINDS) == {
        *("text", "image", "video", "audio", "document", "sticker"),
        *("location", "contact", "choices", "link", "template", "reaction"),
    }
