"""The catalogs of the desk's languages: each has every message, with the same values and tags."""

from __future__ import annotations

import re
from functools import cache

import pytest
from babel.messages.catalog import Message

from console.languages import LANGUAGES, LOCALES, Language
from tests.catalogs import COMMAND, brought_up_to, catalog_of, compiled, forms, messages, words

TRANSLATED = [language for language in LANGUAGES if language.folder]
VALUE = re.compile(r"%\(\w+\)[sd]|%%")
TAG = re.compile(r"<[^>]*>")
FOREIGN = {
    "pt-BR": re.compile(
        r"[ñ¿¡]|(?<![\w-])(el|los|las|y|una|del|hasta|usted|mensajes?|archivos?)(?![\w-])", re.IGNORECASE
    ),
    "es": re.compile(
        r"[ãõçâêôà]|(?<![\w-])(uma|foi|em|até|ela|pel[oa]|conversa|mensagem|arquivo)(?![\w-])", re.IGNORECASE
    ),
}
"""Letters and words that are of the other language, by the tag of the language."""


@pytest.fixture(params=TRANSLATED, ids=lambda one: one.tag)
def language(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    return found


english = cache(words)
"""The words of the desk, which are read out of all its files once."""


@pytest.mark.slow("reads every file of the desk")
def test_a_catalog_has_every_message_and_no_other(language: Language) -> None:
    path = LOCALES / language.folder / "LC_MESSAGES" / "desk.po"
    assert path.read_bytes() == brought_up_to(catalog_of(language.folder), english()), f"Run {COMMAND}"
    assert path.with_suffix(".mo").read_bytes() == compiled(catalog_of(language.folder)), f"Run {COMMAND}"
    missing = [one.id for one in messages(catalog_of(language.folder)) if not all(forms(one.string))]
    assert missing == [], f"Translate them in {path.name}, then run {COMMAND}"


def test_a_translation_has_the_values_and_the_tags_of_its_message(language: Language) -> None:
    assert [one.id for one in messages(catalog_of(language.folder)) if not is_like(one)] == []


def test_a_translation_is_in_its_own_language(language: Language) -> None:
    """A merge of two branches may put a line of one catalog into the other."""
    said = [form for one in messages(catalog_of(language.folder)) for form in forms(one.string)]
    assert [one for one in said if FOREIGN[language.tag].search(one)] == []


@pytest.mark.parametrize(
    ("id_", "said", "fits"),
    [
        ("Hello %(name)s", "Olá %(name)s", True),
        ("Hello %(name)s", "Olá", False),
        ("Hello %(name)s", "Olá %(nome)s", False),
        ("Hello", "Olá %(name)s", False),
        ("Hello %(name)s", "Olá %(name)s 100 %", False),
        ("A <b>cat</b>", "Um <b>gato</b>", True),
        ("A <b>cat</b>", "Um gato", False),
        ("A cat", "Um <script>gato</script>", False),
        (("%(num)s chat", "%(num)s chats"), ("um chat", "%(num)s chats"), True),
        (("%(num)s chat", "%(num)s chats"), ("um chat", "chats"), False),
    ],
)
def test_a_translation_that_does_not_fit_is_found(
    id_: str | tuple[str, str], said: str | tuple[str, str], fits: bool
) -> None:
    assert is_like(Message(id_, said)) is fits


def is_like(message: Message) -> bool:
    """Whether the translation has what the message has; the singular may do without its number."""
    sources = forms(message.id)
    for place, said in enumerate(forms(message.string)):
        source = sources[min(place, len(sources) - 1)]
        values, wanted = sorted(VALUE.findall(said)), sorted(VALUE.findall(source))
        if place == 0 and len(sources) > 1:
            values, wanted = ([one for one in found if one != "%(num)s"] for found in (values, wanted))
        if set(values) != set(wanted) or sorted(TAG.findall(said)) != sorted(TAG.findall(source)):
            return False
        if wanted and "%" in VALUE.sub("", said):
            return False
    return True
