"""Each fault of a profile that a field alone has is said in the language of the page."""

from __future__ import annotations

import re

import pytest

from recado.profiles.overlay import SETTABLE, ProfileUnusable
from tests.console.marking import Marking, words_of
from tests.recado.profiles.laid import settings_of_profile
from tests.recado.profiles.test_overlay import OWN, profile

WRONG = ("?", "ψ" * 5_000, "nope", -5, 1e99, True, ["ψ"], {"ψ": 1})
KEPT = re.compile(
    r"\[{\"type\": \"web_search\"}\]|\b(list|dict|bool|int|float|str|array|object|nope|Rio|Sao|Paulo)\b|https?://\S*|[A-Z]+_[A-Z_]+|\b[smhdpt]\b"
)
"""Types of JSON, addresses, and names of variables."""


@pytest.mark.parametrize("field", SETTABLE)
@pytest.mark.parametrize("value", WRONG, ids=["sign", "long", "word", "negative", "huge", "bool", "list", "table"])
def test_the_fault_of_a_field(field: str, value: object) -> None:
    try:
        settings_of_profile(OWN, profile(**{field: value}))
    except ProfileUnusable as unusable:
        faults = [fault for fault in unusable.faults if fault.field == field]
    else:
        return
    names = {*words_of(field), *words_of(str(SETTABLE[field].reader.takes))}
    for fault in faults:
        said = re.sub("⟦[^⟧]*⟧", " ", Marking().say(fault.problem))
        assert "⟦" in Marking().say(fault.problem)
        assert set(words_of(KEPT.sub(" ", said))) - names == set(), said
