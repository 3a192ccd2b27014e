"""One telephone, several written forms."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from events.jid import PHONE, is_canonical
from gateways.names.number_plans import PLANS, Plan, other_forms

TELEPHONES = {
    "Brazil, mobile": ("5511987654321", "551187654321"),
    "Brazil, another area": ("5585981234567", "558581234567"),
    "Mexico": ("525512345678", "5215512345678"),
    "Argentina, Buenos Aires": ("5491123456789", "541123456789", "54111523456789"),
    "Argentina, an area of three digits": ("5493415123456", "543415123456", "54341155123456"),
    "Benin": ("2290197123456", "22997123456"),
    "Ivory Coast, 07": ("2250747123456", "22547123456"),
    "Ivory Coast, 05": ("2250544123456", "22544123456"),
    "Ivory Coast, 01": ("2250140123456", "22540123456"),
    "Cameroon": ("237677123456", "23777123456"),
    "Vietnam": ("84701234567", "841201234567"),
}
"""The written forms of each, the valid one first."""


@pytest.mark.parametrize("forms", TELEPHONES.values(), ids=TELEPHONES)
def test_each_form_leads_to_the_others(forms: tuple[str, ...]) -> None:
    for form in forms:
        found = other_forms(form + PHONE)
        assert set(found) == {other + PHONE for other in forms if other != form}
        assert form == forms[0] or found[0] == forms[0] + PHONE


@pytest.mark.parametrize(
    "number",
    [
        "551123456789",  # a landline of São Paulo: eight digits for good
        "12025550143",
        "447700900123",
        "22521234567",  # a landline's former form, whose prefix is another rule
        "55119876543210",
        "521",
        "55",
        "5",
        "99887766",
        "2250547123456",  # the prefix of an operator to which the number never belonged
    ],
)
def test_one_form(number: str) -> None:
    assert other_forms(number + PHONE) == ()


MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
CHANGED = {"CI": "0747123456", "VN": "701234567"}
"""Mobile numbers of plans in which the example of phonenumbers was never written otherwise."""


@pytest.mark.parametrize("plan", PLANS, ids=[plan.region for plan in PLANS])
def test_phonenumbers_agrees(plan: Plan) -> None:
    """With each row: its own example of a mobile number, or one of the row's where that never had another form, is the
    valid form, and comes first; none of the others is a mobile number today. In Argentina they are the two ways in
    which phonenumbers itself writes it."""
    assert phonenumbers.country_code_for_region(plan.region) == int(plan.code)
    example = phonenumbers.example_number_for_type(plan.region, PhoneNumberType.MOBILE)
    if plan.region in CHANGED:
        example = phonenumbers.parse(f"+{plan.code}{CHANGED[plan.region]}")
    assert example is not None
    assert phonenumbers.number_type(example) in MOBILE
    first, *others = plan.forms(phonenumbers.national_significant_number(example))
    assert first == phonenumbers.national_significant_number(example)
    assert others
    for other in others:
        parsed = phonenumbers.parse(f"+{plan.code}{other}")
        is_same = parsed == example  # it drops a digit that is a mere prefix
        assert is_same or phonenumbers.number_type(parsed) not in MOBILE
    if plan.region == "AR":
        at_home = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)
        assert others[-1] == re.sub(r"\D", "", at_home).removeprefix("0")


def test_every_plan_says_where_it_is_written() -> None:
    assert all(re.search(r"https?://", plan.source) and re.match(r"\d{4}", plan.since) for plan in PLANS)
    assert f"phonenumbers {phonenumbers.__version__}" in PLANS[2].source


@pytest.mark.parametrize("jid", ["551187654321@lid", "BR.551187654321@bsuid", "5511-87654321@g.us", "551187654321", ""])
def test_only_numbers(jid: str) -> None:
    assert other_forms(jid) == ()


@given(st.sampled_from([plan.code for plan in PLANS]), st.text("0123456789", max_size=14))
def test_forms_are_one_telephone(code: str, digits: str) -> None:
    """Whatever the number: from each of its forms one comes back to all of them, and each is a JID."""
    jid = code + digits + PHONE
    others = other_forms(jid)
    for other in others:
        assert is_canonical(other)
        assert {other, *other_forms(other)} == {jid, *others}
