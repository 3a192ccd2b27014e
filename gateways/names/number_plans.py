"""Number plans in which one phone number has several written forms, and WhatsApp keeps any of them. Pure.

WhatsApp names a person by the form that was right when they registered. So a person, an operator
and a webhook may write one telephone in different forms. phonenumbers tells which form is valid today; it
does not know the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import phonenumbers

from events.jid import PHONE

_AREAS = (2, 3, 4)
"""Digits of an area code in Argentina."""


class Plan(NamedTuple):
    """A country's plan.

    - `code`, `region`: the country's calling code, and its two letters.
    - `since`: the day of the change, or of the rule.
    - `source`: the place where it is written, and who says it.
    - `forms`: the forms of a number that comes without the calling code, with that number among them or not.
    """

    code: str
    region: str
    since: str
    source: str
    forms: Callable[[str], tuple[str, ...]]


def _brazil(number: str) -> tuple[str, ...]:
    """A mobile number has a 9 after the area code since 2012 (São Paulo) to 2016; accounts from before may lack it."""
    if match := re.fullmatch(r"([1-9]{2})9?([6-9]\d{7})", number):
        return (f"{match[1]}9{match[2]}", match[1] + match[2])
    return ()


def _mexico(number: str) -> tuple[str, ...]:
    """A mobile number had a 1 before it when it was called from abroad."""
    match = re.fullmatch(r"1?([2-9]\d{9})", number)
    return (match[1], f"1{match[1]}") if match else ()


def _argentina(number: str) -> tuple[str, ...]:
    """A mobile number has a 9 before its area code from abroad, and a 15 after it at home."""
    if match := re.fullmatch(r"9?([1-9]\d{9})", number):
        found = [f"9{match[1]}", match[1]]
        size = phonenumbers.length_of_geographical_area_code(phonenumbers.parse(f"+549{match[1]}"))
        area = size - 1 if size - 1 in _AREAS else 0  # phonenumbers counts the 9
        return (*found, f"{match[1][:area]}15{match[1][area:]}") if area else tuple(found)
    for area in _AREAS if len(number) == 12 else ():
        if number[area : area + 2] == "15" and number[0] != "9":
            bare = number[:area] + number[area + 2 :]
            if phonenumbers.length_of_geographical_area_code(phonenumbers.parse(f"+549{bare}")) == area + 1:
                return (f"9{bare}", bare, number)
    return ()


def _benin(number: str) -> tuple[str, ...]:
    """Every number has 01 before it."""
    match = re.fullmatch(r"(?:01)?([24-9]\d{7})", number)
    return (f"01{match[1]}", match[1]) if match else ()


def _ivory_coast(number: str) -> tuple[str, ...]:
    """A mobile number has its operator's prefix before it, which the second of its former digits gives."""
    if match := re.fullmatch(r"(0[157])?([04-9]\d{7})", number):
        prefix = "01" if match[2][1] in "0123" else "05" if match[2][1] in "456" else "07"
        return (prefix + match[2], match[2]) if match[1] in (None, prefix) else ()
    return ()


def _cameroon(number: str) -> tuple[str, ...]:
    """A mobile number has a 6 before it."""
    match = re.fullmatch(r"6?([5-9]\d{7})", number)
    return (f"6{match[1]}", match[1]) if match else ()


_VIETNAM = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip
"""The prefixes of mobile numbers before and after the change."""

_VIETNAM_BACK = {new: old for old, new in _VIETNAM.items()}


def _vietnam(number: str) -> tuple[str, ...]:
    """The prefixes of three digits became prefixes of two."""
    if match := re.fullmatch(r"(1\d{2})(\d{7})", number):
        new = _VIETNAM.get(match[1])
        return (new + match[2], number) if new else ()
    match = re.fullmatch(r"(\d{2})(\d{7})", number)
    old = _VIETNAM_BACK.get(match[1]) if match else None
    return (number, old + match[2]) if match and old else ()


PLANS = (
    Plan(
        "55",
        "BR",
        "2012-07-29 to 2016-12-31",
        "Anatel, resolution 553 of 2010-12-14: https://www.legisweb.com.br/legislacao/?legislacao=112754, its schedule"
        " of 2012-10-25: https://vcfaz.tv/2012/10/anatel-define-cronograma-de-implementao-do-nono-dgito-em-todo-pas/",
        _brazil,
    ),
    Plan(
        "52",
        "MX",
        "2019-08-03",
        "IFT, the plan of 2018-05-11: https://newsweekespanol.com/?p=114478 (the digit 1),"
        " https://www.el-mexicano.com.mx/nacional/entrara-en-vigor-nueva-marcacion-telefonica-el-proximo-3-de-agosto/2026397",
        _mexico,
    ),
    Plan(
        "54",
        "AR",
        "1997",
        "phonenumbers 9.0.42: the example of a mobile number has the 9 in its international format and the 15 in its"
        " national one; the plan of 1997: https://sanmartinadiario.com.ar/actualidad/303-cambiaran-numeracion-para-la-telefonia-movil.html",
        _argentina,
    ),
    Plan("229", "BJ", "2024-11-30", "ARCEP Bénin: https://fr.allafrica.com/stories/202411300249.html", _benin),
    Plan(
        "225",
        "CI",
        "2021-01-31",
        "ARTCI: https://fr.allafrica.com/stories/202012190214.html; the prefix by the second digit, as told to the ITU:"
        " https://github.com/guyaristide/numerotation",
        _ivory_coast,
    ),
    Plan(
        "237",
        "CM",
        "2014-11-21",
        "ART: http://www.camerpost.com/cameroun-la-numerotation-telephonique-est-passee-de-huit-a-neuf-chiffres-22112014/",
        _cameroon,
    ),
    Plan(
        "84",
        "VN",
        "2018-09-15",
        "Ministry of Information and Communications: https://en.sggp.org.vn/mobile-phone-numbers-conversion-to-affect-60-million-subscribers-nationwide-post73454.html;"
        " the prefixes: https://gist.github.com/sondnm/f2816917c14c02a66dd5c80ac7c67c54 (2018-10-05)",
        _vietnam,
    ),
)
"""The plans that are known. The sources were read on 2026-11-29, and phonenumbers 9.0.42 agrees with each row (a test
compares)."""

_BY_CODE = {plan.code: plan for plan in PLANS}


def other_forms(jid: str) -> tuple[str, ...]:
    """The other JIDs under which WhatsApp may name the telephone of `jid`, the valid form first; none for a JID that is
    no phone number, that has one form, or of which no form is a valid number. Takes up to 0.2 ms."""
    if not jid.endswith(PHONE):
        return ()
    number = jid.removesuffix(PHONE)
    if not number.isdecimal():
        return ()  # a later holder's
    plan = next((_BY_CODE[number[:size]] for size in (2, 3) if number[:size] in _BY_CODE), None)
    if plan is None:
        return ()
    forms = plan.forms(number.removeprefix(plan.code))
    valid = [form for form in forms if _is_valid(plan.code + form)]
    if not valid:
        return ()
    ordered = dict.fromkeys((*valid, *forms))
    return tuple(jid for form in ordered if (name := plan.code + form) != number for jid in (name + PHONE,))


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return False
