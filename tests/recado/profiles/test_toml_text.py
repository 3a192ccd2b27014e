"""A profile that is shown is the profile that is applied."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from events.profile import Profile
from recado.profiles.files import document, line_of
from recado.profiles.toml_text import toml_of

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)

TEXTS = st.text(max_size=30) | st.lists(st.sampled_from(['"', "\\", "\n", "\r", "'", "a", "\x7f", "\x00", "é"])).map(
    "".join
)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@limits(max_examples=50)
@given(
    settings=st.dictionaries(TEXTS.filter(bool), VALUES, max_size=4),
    more=st.dictionaries(TEXTS, VALUES, max_size=3),
    accounts=st.lists(TEXTS.filter(bool), max_size=40, unique=True),
)
@example(settings={"ai_system_prompt": 'He said """no""", \\ and\n"\r\n""'}, more={"": "\n"}, accounts=['"'])
@example(settings={"x": "\x9b2J", "y": "a\n\u202eb"}, more={}, accounts=[])
@example(settings={"x": 1e300, "y": -0.0, "z": 5e-324}, more={}, accounts=[])
def test_what_is_shown_is_read_as_it_was(settings: dict[str, Any], more: dict[str, Any], accounts: list[str]) -> None:
    more = {name: value for name, value in more.items() if name not in ("name", "accounts", "settings")}
    text = toml_of(Profile(name="shop", n=1, at=AT, accounts=tuple(accounts), settings=settings, more=more))
    expected: dict[str, Any] = {"name": "shop", **more}
    expected |= {"accounts": accounts} if accounts else {}
    expected |= {"settings": settings} if settings else {}
    assert tomllib.loads(text) == expected
    assert not {"\x1b", "\x9b", "\u202e", "\r", "\x00"} & set(text)
    for field in settings:
        if field.isidentifier() and field.isascii():
            line = line_of(text, ("settings", field))
            assert line is not None
            assert field in text.split("\n")[line - 1]


@given(
    prompt=TEXTS,
    chats=st.lists(st.integers(10**9, 10**15).map(lambda number: f"{number}@s.whatsapp.net"), unique=True, max_size=20),
    accounts=st.lists(st.sampled_from(["551", "loja/são paulo", 'a"b']), unique=True),
)
def test_it_is_applied_as_it_was(prompt: str, chats: list[str], accounts: list[str]) -> None:
    before = Profile(
        name="shop",
        n=7,
        at=AT,
        accounts=tuple(accounts),
        chats=(*chats, *(f"{account}/{chat}" for account in accounts for chat in chats[:2])),
        groups=("120363041234567890@g.us",),
        settings={"ai_system_prompt": prompt, "max_conversation_history": 3, "pairing": True},
    )
    found = document("file.toml", toml_of(before), "other")
    assert (found.name, found.accounts, found.chats, found.groups, found.settings, found.unknown) == (
        *("shop", before.accounts, before.chats, before.groups, before.settings),
        {},
    )
