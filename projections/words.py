"""Words as the search compares them: accents, case, width and the written form of a number make no difference."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from chat.context import readable

_SAME = {
    "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "−": "-", "ĸ": "k", "ŋ": "n",
}  # fmt: skip
"""Letters and signs that Unicode does not take apart."""

_VARIATIONS = range(0xFE00, 0xFE10)
_NUMBER = re.compile(r"\d[\d\s().+/-]{4,}\d")
"""A text's part that may be a phone number."""

_OF_NUMBERS = frozenset("0123456789+()-./,;:")
_TRUNK = 6
"""Digits from which a number counts without the zeros before it (`011 98000-0001`, `0055 11 …`)."""

_WHOLE = 7
"""Digits from which a word holds a number whatever stands around them (`wa.me/5511980000001`)."""


class _Folds(dict[int, str | int]):
    """The forms of characters. It grows with those that are met, and only with those that Unicode knows."""

    def __missing__(self, code: int) -> str | int:
        letter = chr(code)
        if unicodedata.category(letter) in ("Cn", "Co", "Cs"):
            return code
        apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
        plain = "".join(map(_plain, apart))
        self[code] = code if plain == letter else plain
        return self[code]


def _plain(letter: str) -> str:
    category = unicodedata.category(letter)
    if unicodedata.combining(letter) or category == "Cf" or ord(letter) in _VARIATIONS:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    if category in ("Pd", "Zs"):
        return "-" if category == "Pd" else " "
    return _SAME.get(letter, letter)


_folds = _Folds()


def folded(text: str) -> str:
    """`text` without accents, case, width, dashes and digits of other scripts, and characters that are not seen."""
    return text.lower() if text.isascii() else text.translate(_folds)


def place_in(text: str, at: int) -> int:
    """The place in `text` of the character that the one at `at` in `folded(text)` came from."""
    if text.isascii():
        return at
    for place, letter in enumerate(text):
        at -= len(folded(letter))
        if at < 0:
            return place
    return len(text)


def words_of(chat: str, name: str | None, reason: str | None) -> str:
    """By which a chat is found: its JID, its name, and the reason for which it waits for a human."""
    given = [folded(readable(text)) for text in (name, reason) if text]
    numbers = [_digits(number) for text in given for number in _NUMBER.findall(text)]
    return "\n".join([folded(chat), *given, *numbers])


class Sought(msgspec.Struct, frozen=True):
    """A word of a search, or several that are one number.

    - `words`: as they were written, folded.
    - `number`: the digits of the number; empty if it is none.
    """

    words: tuple[str, ...]
    number: str = ""

    @property
    def forms(self) -> tuple[tuple[str, ...], ...]:
        """Each is enough: a chat has all its parts."""
        short = self.number.lstrip("0")
        numbers = (self.number, short) if len(short) >= _TRUNK and short != self.number else (self.number,)
        return (*((number,) for number in numbers if number), self.words)


def sought(text: str) -> tuple[Sought, ...]:
    """The words of a search, numbers put together: `ana (11) 98000-0001` is two."""
    found: list[Sought] = []
    number: list[str] = []
    for word in [*folded(readable(text)).split(), ""]:
        if word and _OF_NUMBERS.issuperset(word):
            number.append(word)
            continue
        if number:
            found.append(Sought(tuple(number), _digits("".join(number).replace("(0)", ""))))
            number = []
        if word:
            digits = _digits(word)
            found.append(Sought((word,), digits if len(digits) >= _WHOLE else ""))
    return tuple(found)


def matched(searched: tuple[Sought, ...]) -> str:
    """The search as FTS5 takes it, where nothing that a person typed is syntax; empty if there is nothing to find."""
    parts = []
    for last, one in ((one is searched[-1], one) for one in searched):
        forms = []
        for form in dict.fromkeys(one.forms):
            quoted = ['"' + word.replace('"', '""') + '"' for word in form if any(map(str.isalnum, word))]
            if quoted:
                forms.append("(" + " AND ".join(quoted) + ("*" if last else "") + ")")
        if forms:
            parts.append("(" + " OR ".join(forms) + ")")
    return " AND ".join(parts)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter in "0123456789")
