"""The languages of the desk: the one that a page is in, and its words. English is the source of all words.

A page is in the language that the person chose at its foot, else in the first one of their browser that there is, else
in English.
"""

from __future__ import annotations

import re
from gettext import GNUTranslations, NullTranslations, translation
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request

from events.phrases import Counted, Phrase, Together, english

LOCALES = Path(__file__).with_name("locales")
DOMAIN = "desk"
COOKIE = "language"

KEPT_FOR = 365 * 24 * 3600
"""Seconds for which a browser keeps the choice of a language."""

_MOST_ASKED = 20
"""Languages of a browser that are looked at."""

_ASKED = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,40})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.ASCII
)


class Language(NamedTuple):
    """A language.

    - `tag`: as in `<html lang>`, and in the cookie.
    - `name`: its name in itself.
    - `folder`: of its catalog; empty for English, which needs none.
    - `thousands`, `decimal`: the signs between a number's thousands, and before its decimals.
    """

    tag: str
    name: str
    folder: str
    thousands: str
    decimal: str


LANGUAGES = (
    Language("en", "English", "", ",", "."),
    Language("pt-BR", "Português", "pt_BR", ".", ","),
    Language("es", "Español", "es", "\N{NARROW NO-BREAK SPACE}", ","),
)
"""All languages; the first is that of people who want none of them."""


class Translate:
    """Says words in a language. `translate("Hello %(name)s", name=…)` is the translation with its values; words without
    values are said as they are. Words without a translation are said in English."""

    def __init__(self, language: Language) -> None:
        self.language = language
        folders = [language.folder]
        self._known = translation(DOMAIN, LOCALES, folders) if language.folder else NullTranslations()

    def __call__(self, text: str, /, **values: object) -> str:
        said = self.gettext(text)
        return said % {name: self._said(value) for name, value in values.items()} if values else said

    def say(self, words: object) -> str:
        """A phrase with its values, or one of them."""
        match words:
            case Together():
                return words.text.join(map(self.say, words.parts))
            case Counted():
                values = {name: self.say(value) for name, value in words.values.items()}
                return self.ngettext(words.text, words.many, words.num, **values)
            case Phrase():
                return self(words.text, **{name: self.say(value) for name, value in words.values.items()})
            case Worded():
                return words.said(self)
            case Exception():
                return self.say(words.args[0]) if len(words.args) == 1 else str(words)
            case float():
                return self.decimal(english(words))
            case int():
                return self.count(words)
            case _:
                return str(words)

    def _said(self, value: object) -> object:
        """A phrase in words, and an exception in those of its own; any other value as it is, since the caller has
        written its numbers."""
        return self.say(value) if isinstance(value, Phrase | Exception) else value

    def gettext(self, text: str) -> str:
        return self._known.gettext(text) if text else ""  # the empty one is the catalog's head

    def ngettext(self, one: str, many: str, num: int, /, **values: object) -> str:
        """The singular or the plural, by `num`, which is a value of its own."""
        return self.form(one, many, num) % ({"num": self.count(num)} | values)

    def form(self, one: str, many: str, num: int) -> str:
        """The singular or the plural without its values. Portuguese says 0 in the singular, which must not be one that
        says "one" in words."""
        said = self._known.ngettext(one, many, num)
        is_in_words = num != 1 and "%(num)s" not in said
        return self._known.ngettext(one, many, 2) if is_in_words else said

    def count(self, number: float) -> str:
        """A whole number."""
        return f"{number:,.0f}".replace(",", self.language.thousands)

    def decimal(self, number: str) -> str:
        """Digits that have a decimal point, and commas between their thousands."""
        marks = {",": self.language.thousands, ".": self.language.decimal}
        return "".join(marks.get(digit, digit) for digit in number)

    def all(self) -> dict[str, str | list[str]]:
        """Every translation by its English words; those with a plural as all their forms."""
        if not isinstance(self._known, GNUTranslations):
            return {}
        catalog: dict[Any, str] = self._known._catalog  # type: ignore[attr-defined]  # noqa: SLF001 - gettext has no other way to list them
        found: dict[str, str | list[str]] = {}
        for key, said in catalog.items():
            if isinstance(key, tuple):
                one, _ = key
                forms = found.setdefault(one, [])
                if isinstance(forms, list):
                    forms.append(said)
            elif key:
                found[key] = said
        return found


def marked(text: str) -> Phrase:
    """Words that are in the catalogs, for code that knows no language: the page that shows them says them."""
    return Phrase(text)


class Worded(Exception):
    """An exception whose reason is said to a person: `text` is English, with the names of its `values`."""

    def __init__(self, text: str, values: dict[str, Any]) -> None:
        super().__init__(text % values if values else text)
        self.text = text
        self.values = values

    def said(self, translate: Translate) -> str:
        """The reason in the language of `translate`."""
        return translate(self.text, **self.values)


ENGLISH, *_OTHERS = (Translate(one) for one in LANGUAGES)
_TRANSLATES = {one.language.tag: one for one in (ENGLISH, *_OTHERS)}


def translate_of(request: Request) -> Translate:
    """Says words in the language of the page that `request` asks for."""
    chosen = _TRANSLATES.get(request.cookies.get(COOKIE, ""))
    return chosen or _of_browser(request.headers.get("accept-language", ""))


def is_language(tag: str) -> bool:
    return tag in _TRANSLATES


def script_of(translate: Translate) -> bytes:
    """The words of a language as a script, which static/words.js reads."""
    return b"globalThis.recadoWords = " + msgspec.json.encode(translate.all()) + b";\n"


SCRIPTS = {tag: script_of(one) for tag, one in _TRANSLATES.items() if one is not ENGLISH}
"""The script of each language but English, by its tag."""

ADDRESSES = {tag: f"/static/words/{tag}.js?{sha256(script).hexdigest()[:16]}" for tag, script in SCRIPTS.items()}
"""Where the scripts are: at another address with each change, so that browsers keep them."""


def _of_browser(accepted: str) -> Translate:
    """The language that the header Accept-Language wants most.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
    """
    wanted: list[tuple[float, Translate]] = []
    for one in accepted.split(",", _MOST_ASKED)[:_MOST_ASKED]:
        match = _ASKED.fullmatch(one)
        weight = float(match[2] or 1) if match is not None else 0.0
        known = _BY_PRIMARY.get(match[1].lower()) if match is not None else None
        if known is not None and weight > 0:
            wanted.append((weight, known))
    return max(wanted, key=lambda one: one[0])[1] if wanted else ENGLISH


_BY_PRIMARY = {tag.partition("-")[0]: one for tag, one in _TRANSLATES.items()}
