"""What recado itself says: in every language, with the same blanks, in the language of the person's country."""

from __future__ import annotations

import re

import phonenumbers
import pytest

from chat.arrival import short_word
from chat.gates import HELP, RESET
from chat.language import LANGUAGES, country_of, language_of
from chat.words import START_WORDS, STOP_WORDS, WORDS, words_in
from events.subjects import ChatKey

PHONE = "5511999999999@s.whatsapp.net"
GROUP = "120363041234567890@g.us"


@pytest.mark.parametrize("key", WORDS)
def test_every_text_has_every_language(key: str) -> None:
    """With the same blanks and commands, one text in each, none of them twice."""
    texts = WORDS[key]
    assert set(texts) == set(LANGUAGES)
    assert len(set(texts.values())) == len(LANGUAGES)
    for blank in (r"\{\w*\}", r"/\w+"):
        assert len({tuple(sorted(re.findall(blank, text))) for text in texts.values()}) == 1
    assert all(text == text.strip() and text.isprintable() and len(text) < 120 for text in texts.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_a_text_names_are_understood(language: str) -> None:
    """A person writes what they read: the word in capitals, or the command."""
    said = words_in(language)  # type: ignore[arg-type]
    (begin,) = re.findall(r"\b[A-Z]{2,}\b", said["stop_word"])
    (stop,) = re.findall(r"\b[A-Z]{2,}\b", said["help"])
    (reset,) = re.findall(r"/\w+", said["help"])
    assert short_word(begin) in START_WORDS
    assert short_word(stop) in STOP_WORDS
    assert short_word(reset) in RESET
    assert HELP & {"/help", "/ajuda", "/ayuda"}
    assert not STOP_WORDS & START_WORDS


@pytest.mark.parametrize(
    ("number", "country", "language"),
    [
        ("5511999999999", "BR", "pt"),
        ("351912345678", "PT", "pt"),
        ("244923456789", "AO", "pt"),
        ("258821234567", "MZ", "pt"),
        ("2389911234", "CV", "pt"),
        ("34612345678", "ES", "es"),
        ("5215512345678", "MX", "es"),
        ("525512345678", "MX", "es"),
        ("5491123456789", "AR", "es"),
        ("573211234567", "CO", "es"),
        ("18092345678", "DO", "es"),
        ("17872345678", "PR", "es"),
        ("240222123456", "GQ", "es"),
        ("12025550123", "US", "en"),
        ("14165550123", "CA", "en"),
        ("447400123456", "GB", "en"),
        ("4915123456789", "DE", "en"),
        ("77012345678", "KZ", "en"),
        ("393123456789", "IT", "en"),
        ("85212345678", "HK", "en"),
    ],
)
def test_a_number_has_a_country(number: str, country: str, language: str) -> None:
    """By its country's code; where several countries share one, by the whole number."""
    assert country_of(number) == country_of(f"{number}@s.whatsapp.net") == country
    assert language_of(ChatKey("local", f"{number}@s.whatsapp.net")) == language


def test_every_country_of_the_world_is_found() -> None:
    """An example number of each has that country, or a country that shares its code."""
    for country in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
        if number is not None:
            shared = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[number.country_code]
            found = country_of(f"{number.country_code}{number.national_number}")
            assert found == country or (len(shared) > 1 and found in shared), country


@pytest.mark.parametrize(
    "name",
    ["", "local", "0011999999999", "12345", "1" * 40, "999999999999", "87012345678", "٥٥١١٩٩٩٩٩٩٩٩٩", "BR.1234@bsuid",
     "123456789012345@lid", GROUP, "551199999999x", "+5511999999999"],
)  # fmt: skip
def test_a_name_that_is_no_number_has_none(name: str) -> None:
    assert country_of(name) == ""
    assert language_of(ChatKey("local", name)) == "en"
    assert language_of(ChatKey("5511999999999", name)) == "pt"


def test_a_group_speaks_as_the_account_does() -> None:
    """A group's old name begins with the number of its founder, who may be anybody."""
    founded = "34612345678-1400000000@g.us"
    assert language_of(ChatKey("351912345678", GROUP)) == language_of(ChatKey("351912345678", founded)) == "pt"
    assert language_of(ChatKey("local", founded)) == "en"
