"""The things that a message refers to, in words."""

from __future__ import annotations

from typing import Any

import pytest

from chat.gates import ME
from chat.references import THEM, US, Quoted, References, reacted, references_of, text_of, with_references
from events.inbound import Message
from events.references import Choice, Location, Product, Referral
from tests.chat.story import text


def words(
    said: str = "how much?", quoted: Quoted | None = None, names: dict[str, str] | None = None, **refers: Any
) -> str:
    return with_references(said, References(**refers), quoted, names or {})


@pytest.mark.parametrize(
    ("refers", "line"),
    [
        ({"forwarded": 1}, "[forwarded]"),
        ({"forwarded": 2}, "[forwarded many times]"),
        (
            {"referral": Referral(source="ad", headline="Fresh rye", body="Today only", url="https://example.org/1")},
            "[came here from an advertisement, “Fresh rye: Today only”, https://example.org/1]",
        ),
        ({"referral": Referral(source="post")}, "[came here from a post]"),
        ({"product": Product(catalog="7", id="rye")}, "[asks about the product rye of the catalogue 7]"),
        ({"product": Product(id="rye")}, "[asks about the product rye]"),
    ],
)
def test_a_line_above_the_words(refers: dict[str, Any], line: str) -> None:
    assert words(**refers) == f"{line}\nhow much?"


@pytest.mark.parametrize(
    ("quoted", "line"),
    [
        (Quoted(US, "Rye is 4 €"), "[quotes what you said: “Rye is 4 €”]"),
        (Quoted(THEM, "rye?"), "[quotes their own message: “rye?”]"),
        (Quoted("Bia", "rye!"), "[quotes what Bia said: “rye!”]"),
        (Quoted("Bia", None), "[quotes what Bia said, which was deleted since]"),
        (Quoted(US, "long", 2, 3), "[quotes part 2 of 3 of what you said: “long”]"),
        (
            Quoted(US, "late", template="sorry"),
            "[quotes the template sorry, which was sent instead of what you said: “late”]",
        ),
        (Quoted(THEM, "x" * 700), f"[quotes their own message: “{'x' * 600} …”]"),
    ],
)
def test_a_quote(quoted: Quoted, line: str) -> None:
    assert words(quoted=quoted) == f"{line}\nhow much?"


def test_a_quote_that_the_history_does_not_have() -> None:
    said = with_references("this one", References(), None, {}, unknown=True)
    assert said == "[quotes an earlier message, which is not known here]\nthis one"


@pytest.mark.parametrize(
    ("said", "mentions", "shown"),
    [
        ("@99887766 look", ("99887766@lid",), "@Bia look"),
        ("@11223344 look", ("11223344@lid",), "@someone look"),
        ("@5511977777777 look", ("5511977777777@s.whatsapp.net",), "@5511977777777 look"),
        ("@11223344 look", ("11223344@lid", ME), "@you look"),
        ("@99887766 and @11223344", ("99887766@lid", "11223344@lid", ME), "@Bia and @you"),
        ("@99887766 look", (), "@99887766 look"),
        ("mail@99887766.org", ("11223344@lid",), "mail@99887766.org"),
    ],
)
def test_mentions_by_name(said: str, mentions: tuple[str, ...], shown: str) -> None:
    assert words(said, names={"99887766": "Bia"}, mentions=mentions) == shown


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Message(id="m", kind="button", choice=Choice(id="1", title="Rye")), "Rye"),
        (
            Message(id="m", kind="location", location=Location(latitude=37.4611978, longitude=-122.15)),
            "Location: 37.4611978, -122.15",
        ),
        (Message(id="m", kind="location", location=Location(latitude=1e-7, longitude=5)), "Location: 0.0000001, 5"),
        (Message(id="m", kind="location", location=Location(name="Bar")), "Location: Bar"),
        (
            Message(id="m", kind="button", answers={"day": "Monday", "at": (9, "10"), "gift": True, "flow_token": "x"}),
            "day: Monday\nat: 9, 10\ngift: yes",
        ),
        (Message(id="m", kind="image"), None),
        (text("m", "own words", choice=Choice(title="Rye")), "own words"),
    ],
)
def test_a_message_without_words_of_its_own(message: Message, said: str | None) -> None:
    assert text_of(message) == said


def test_a_place_beside_words() -> None:
    assert words("here", location=Location(latitude=1, longitude=2)) == "here\nLocation: 1, 2"
    assert words("Location: 1, 2", location=Location(latitude=1, longitude=2)) == "Location: 1, 2"


def test_reactions() -> None:
    assert reacted("👍", Quoted(US, "Rye is 4 €")) == "[reacted with 👍, to what you said: “Rye is 4 €”]"
    assert reacted("", None) == "[took a reaction back]"


def test_a_plain_message_refers_to_nothing() -> None:
    assert references_of(text("m")) is None
    assert references_of(text("m", forwarded=1)) == References(forwarded=1)
