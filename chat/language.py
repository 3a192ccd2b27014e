"""The country of a person's number, and the language in which recado itself speaks to them.

phonenumbers knows the world's numbering plans. It is imported when the first number is looked at: that takes 0.1 s,
which a command without chats need not pay.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from events.jid import is_group
from events.numbers import whole_number
from events.subjects import ChatKey

Language = Literal["pt", "es", "en"]

LANGUAGES: tuple[Language, ...] = ("pt", "es", "en")

_PORTUGUESE = frozenset({"AO", "BR", "CV", "GW", "MZ", "PT", "ST", "TL"})
_SPANISH = frozenset({
    "AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GQ", "GT", "HN", "MX", "NI", "PA", "PE", "PR", "PY", "SV",
    "UY", "VE",
})  # fmt: skip

_SHORTEST, _LONGEST = 7, 15
"""Digits of a number with its country's code."""

_NUMBERS = 8192
"""Numbers whose country is remembered: one costs 1 µs, or 0.1 ms where several countries share a code."""


def language_of(key: ChatKey) -> Language:
    """The language of the chat, by the country of the person's number; where that is not known, as in a group, by the
    account's own number."""
    country = country_of(key.account) if is_group(key.chat) else country_of(key.chat) or country_of(key.account)
    if country in _PORTUGUESE:
        return "pt"
    return "es" if country in _SPANISH else "en"


@lru_cache(maxsize=_NUMBERS)
def country_of(name: str) -> str:
    """The country of a JID that is a phone number, or of a number, as in ISO 3166 (`BR`); empty: it has none."""
    number, _, server = name.partition("@")
    if server not in ("", "s.whatsapp.net") or not _SHORTEST <= len(number) <= _LONGEST:
        return ""
    if whole_number(number) is None or number[0] == "0":
        return ""
    import phonenumbers  # noqa: PLC0415 - see above

    for size in (1, 2, 3):
        countries = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(number[:size]), ())
        if len(countries) > 1:
            return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{number}")) or countries[0]
        if countries:
            return "" if countries[0] == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else countries[0]
    return ""
