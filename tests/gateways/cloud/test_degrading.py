"""Parts become messages that the Cloud API takes, and nothing of their content is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from chat.parts import numbered
from events.parts import Option, Part
from gateways.cloud.bodies import body_of
from gateways.delivery.degrading import degraded
from gateways.delivery.splitting import LIMIT, length
from tests.chat.parts import parts


def choices(*titles: str, text: str | None = "Which?", button: str | None = None) -> Part:
    options = tuple(Option(id=f"o{number}", title=title) for number, title in enumerate(titles))
    return Part(kind="choices", text=text, choices=options, button=button)


def test_three_choices_are_buttons() -> None:
    (one,) = degraded(choices("Small", "Medium", "Large"))
    action = body_of(one)["interactive"]["action"]
    assert [button["reply"] for button in action["buttons"]] == [
        {"id": "o0", "title": "Small"},
        {"id": "o1", "title": "Medium"},
        {"id": "o2", "title": "Large"},
    ]


def test_four_to_ten_are_a_list() -> None:
    (one,) = degraded(choices("a", "b", "c", "d"))
    said = body_of(one)["interactive"]
    assert (said["type"], said["action"]["button"], len(said["action"]["sections"][0]["rows"])) == ("list", "Menu", 4)


def test_choices_with_a_second_line_are_a_list() -> None:
    part = Part(kind="choices", text="Which?", choices=(Option(id="s", title="Small", description="20 cm"),))
    assert body_of(degraded(part)[0])["interactive"]["type"] == "list"


def test_a_cut_title_is_whole_in_the_text_above() -> None:
    long = "A very long title of a choice"
    (one,) = degraded(choices(long, "b"))
    assert one.text == f"Which?\n\n1. {long}\n2. b"
    assert [option.title for option in one.choices] == ["A very long title…", "b"]


def test_titles_that_look_the_same_when_cut_become_numbered_text() -> None:
    part = choices("The very same long beginning, red", "The very same long beginning, blue")
    assert [(one.kind, one.text) for one in degraded(part)] == [("text", numbered(part))]


def test_a_long_question_goes_out_before_its_buttons() -> None:
    said = "A sentence of some length. " * 80
    *before, last = degraded(choices("a", "b", text=said))
    assert [one.kind for one in before] == ["text"]
    assert last.kind == "choices"
    assert " ".join([one.text or "" for one in (*before, last)]).split() == said.split()


@pytest.mark.parametrize("kind", ["audio", "sticker"])
def test_a_file_without_captions_has_its_words_after_it(kind: str) -> None:
    part = Part(kind=kind, object="MEDIA/a", caption="listen")
    assert [(one.kind, one.caption, one.text) for one in degraded(part)] == [
        (kind, None, None),
        ("text", None, "listen"),
    ]


def test_a_kind_of_a_newer_version_is_its_plain_reading() -> None:
    assert [(one.kind, one.text) for one in degraded(Part(kind="hologram", text="Hi"))] == [("text", "Hi")]


LIMITS = {
    "title": {"button": 20, "list": 24},
    "body": {"button": 1024, "list": 4096, "cta_url": 1024},
}


def check(body: dict[str, Any]) -> None:
    """Meta's limits and required fields for one message."""
    kind = body["type"]
    content = body[kind]
    match kind:
        case "text":
            assert content["body"].strip()
            assert length(content["body"]) <= LIMIT
        case "interactive":
            type_ = content["type"]
            assert content["body"]["text"].strip()
            assert length(content["body"]["text"]) <= LIMITS["body"][type_]
            if type_ == "button":
                options = [button["reply"] for button in content["action"]["buttons"]]
                assert 1 <= len(options) <= 3
            elif type_ == "list":
                options = content["action"]["sections"][0]["rows"]
                assert 1 <= len(options) <= 10
                assert 1 <= length(content["action"]["button"]) <= 20
                assert all(length(option.get("description", "")) <= 72 for option in options)
            else:
                options = []
                assert 1 <= length(content["action"]["parameters"]["display_text"]) <= 20
            assert all(1 <= length(option["title"]) <= LIMITS["title"][type_] for option in options)
            assert len({option["title"] for option in options}) == len(options)
        case "template":
            assert content["name"]
            assert content["language"]["code"]
        case "image" | "video" | "document":
            assert length(content.get("caption", "")) <= 1024
        case _:
            pass


@given(parts())
def test_every_part_fits_the_limits_and_keeps_its_words(part: Part) -> None:
    messages = degraded(part)
    assert messages
    said = ""
    for one in messages:
        check(body_of(one, "id" if one.object else None))
        said += f" {one.text or ''} {one.caption or ''} " + " ".join(option.title for option in one.choices)
    for words in (part.text, part.caption, *(option.title for option in part.choices)):
        for word in (words or "").split():
            assert re.sub(r"\s", "", word) in re.sub(r"\s", "", said)


@pytest.mark.parametrize("note", ["", "  "])
def test_a_blank_second_line_is_left_out(note: str) -> None:
    options = tuple(Option(id=f"o{number}", title=f"t{number}", description=note) for number in range(4))
    (one,) = degraded(Part(kind="choices", text="Which?", choices=options))
    rows = body_of(one)["interactive"]["action"]["sections"][0]["rows"]
    assert [sorted(row) for row in rows] == [["id", "title"]] * 4


def test_an_id_with_blanks_at_its_ends_is_text() -> None:
    """WhatsApp takes none, and another id would not come back to the tool that asked."""
    (one,) = degraded(Part(kind="choices", text="Which?", choices=(Option(id=" s ", title="Small"),)))
    assert one.kind == "text"
