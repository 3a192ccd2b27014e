"""The texts of recado's own: set for everybody, or in the person's language."""

from __future__ import annotations

from typing import get_args

import pytest

from chat.language import LANGUAGES, Language
from chat.words import WORDS
from events.subjects import ChatKey
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import VARIABLES, settings_of

BRAZIL = ChatKey("local", "5511999999999@s.whatsapp.net")
SPAIN = ChatKey("local", "34612345678@s.whatsapp.net")
OFF = {"call": ""}
"""Texts that are not sent unless they are set."""

GERMANY = ChatKey("local", "4915123456789@s.whatsapp.net")


def test_the_number_decides() -> None:
    settings = settings_of({})
    said = [settings.words_for(key)["reset"] for key in (BRAZIL, SPAIN, GERMANY)]
    assert said == [WORDS["reset"][language] for language in ("pt", "es", "en")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_or_the_setting_does(language: Language) -> None:
    settings = settings_of({"RECADO_LANGUAGE": language})
    for key in (BRAZIL, SPAIN, GERMANY):
        assert settings.words_for(key) == {name: texts[language] for name, texts in WORDS.items()} | OFF


def test_an_unknown_language_is_refused() -> None:
    """With the words that may be given."""
    with pytest.raises(SettingsInvalid, match="RECADO_LANGUAGE is 'fr', which is none of pt, es, en"):
        settings_of({"RECADO_LANGUAGE": "fr"})
    assert set(LANGUAGES) == set(get_args(Language))


@pytest.mark.parametrize("field", [field for field, variable in VARIABLES.items() if variable.topic == "texts"])
def test_a_text_that_is_set_is_said_to_everybody(field: str) -> None:
    """Every text has a setting, and no setting of a text goes nowhere; an empty one is not said."""
    if field == "language":
        return
    name = VARIABLES[field].name
    for given in ("Olá {code}", ""):
        words = settings_of({name: given}).words_for(SPAIN)
        assert [key for key, text in words.items() if text != (WORDS[key]["es"] if key in WORDS else "")] == (
            [_key_of(name)] if given or _key_of(name) not in OFF else []
        )
        assert words[_key_of(name)] == given


def _key_of(name: str) -> str:
    settings = settings_of({name: "★"})
    (key,) = (key for key, text in settings.words_for(BRAZIL).items() if text == "★")
    return key


def test_every_text_can_be_set() -> None:
    names = [
        variable.name for field, variable in VARIABLES.items() if variable.topic == "texts" and field != "language"
    ]
    assert {_key_of(name) for name in names} == set(WORDS) | set(OFF)
