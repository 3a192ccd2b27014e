"""How the search compares words and numbers."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.words import folded, place_in, sought, words_of

NUMBER = "5511980000001@s.whatsapp.net"


def is_found(text: str, chat: str = NUMBER, name: str | None = None, reason: str | None = None) -> bool:
    words = words_of(chat, name, reason)
    return all(any(all(part in words for part in form) for form in one.forms) for one in sought(text))


@pytest.mark.parametrize(
    "text",
    [
        "+5511980000001", "5511980000001", "98000-0001", "(11) 98000 0001", "(11) 98000-0001", "+55 11 98000-0001",
        "55.11.98000.0001", "011 98000-0001", "0055 11 98000 0001", "+55 (0)11 98000-0001", "98000–0001", "98000‑0001",
        "11\u00a098000\u00a00001", "+５５１１９８０００", "٩٨٠٠٠", "0001", "tel:+5511980000001", "wa.me/5511980000001",
        "https://wa.me/5511980000001", "5511980000001@c.us", NUMBER, "98000 - 0001", "+55/11/980000001", "98000,0001",
    ],
)  # fmt: skip
def test_a_number_is_found_in_every_written_form(text: str) -> None:
    assert is_found(text)


@pytest.mark.parametrize("text", ["98000-0002", "+55 21 98000-0001", "(11) 8000-0002", "00", "x"])
def test_another_number_is_not(text: str) -> None:
    assert is_found(text) == (text == "00")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("joao", "João"), ("JOÃO", "João"), ("João", "joao"), ("joa\u0303o", "JOÃO"), ("muller", "Müller"),
        ("strasse", "Straße"), ("STRAßE", "strasse"), ("ｊｏａｏ", "João"), ("joao", "ＪＯÃＯ"), ("lodz", "Łódź"),
        ("soren", "Søren"), ("aegir", "Ægir"), ("istanbul", "İstanbul"), ("ISPARTA", "Isparta"), ("isparta", "ısparta"),
        ("nguyen", "Nguyễn"), ("σισυφος", "ΣΊΣΥΦΟΣ"), ("иван", "ИВАН"), ("елка", "Ёлка"), ("محمد", "مُحَمَّد"),
        ("fiona", "ﬁona"), ("joao", "Jo\u200bão"), ("maria", "\u202aMaria\u202c"), ("ana lima", "Lima,  Ana"),
        ("an'", "An' Lee"), ("c++", "C++ shop"), ("❤", "Ana ❤️"), ("ana ❤️", "Ana ❤"), ("mesa 12", "Mesa 12"),
        ("98000-0001", "+55 11 98000 0001"), ("ana (11) 98000-0001", "Ana"), ("李", "李明"), ("서울", "서울시"),
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_written(text: str, name: str) -> None:
    chat = NUMBER if name == "Ana" else "4930901820@s.whatsapp.net"
    assert is_found(text, chat, name)
    assert is_found(text, chat, None, f"about {name}")
    assert not is_found(f"{text} nowhere", chat, name)


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_folding_is_the_same_for_a_text_and_its_parts(text: str) -> None:
    """Folding twice changes nothing more, and a place in the folded text is found in the text itself."""
    whole = folded(text)
    assert folded(whole) == whole
    assert "".join(folded(letter) for letter in text) == whole
    for at in range(len(whole)):
        place = place_in(text, at)
        assert whole[at] in folded(text[place])
        assert len(folded(text[:place])) <= at


def test_no_character_breaks_it() -> None:
    """From all of Unicode, also what no standard knows yet."""
    for start in range(0, sys.maxunicode, 4096):
        text = "".join(map(chr, range(start, min(start + 4096, sys.maxunicode + 1), 7)))
        assert len(folded(text)) <= 20 * len(text)
