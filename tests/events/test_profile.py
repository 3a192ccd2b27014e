"""Profiles: the document, and which one a chat has."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.profile import (
    DEEPEST,
    LARGEST,
    NONE_IN_FORCE,
    Clash,
    InForce,
    Profile,
    ProfileUnreadable,
    clashes,
    decoded,
    encoded,
)
from events.subjects import ChatKey

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
ACCOUNTS = ["551", "loja/são paulo", "a"]
PEOPLE = ["5511999990001@s.whatsapp.net", "99@lid"]
GROUPS = ["120363041234567890@g.us", "5511-16@g.us"]


def profile(name: str, **fields: Any) -> Profile:
    return Profile(name=name, n=1, at=AT, **fields)


def entries(chats: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    every = [*chats, *(f"{account}/{chat}" for account in ACCOUNTS for chat in chats)]
    return st.lists(st.sampled_from(every), unique=True, max_size=4).map(tuple)


PROFILES = st.lists(
    st.builds(
        profile,
        st.sampled_from(["a", "b", "c", "d"]),
        accounts=st.lists(st.sampled_from(ACCOUNTS), unique=True, max_size=2).map(tuple),
        chats=entries(PEOPLE + GROUPS),
        groups=entries(GROUPS),
        removed=st.booleans(),
    ),
    unique_by=lambda one: one.name,
)
KEYS = [ChatKey(account, chat) for account in ACCOUNTS for chat in PEOPLE + GROUPS]


def as_written(profiles: list[Profile], key: ChatKey) -> str | None:
    """The rule as the documentation has it: look at each profile, the most specific entry first."""
    own = f"{key.account}/{key.chat}"
    levels = [("chats", own), ("chats", key.chat)]
    if key.chat.endswith("@g.us"):
        levels += [("groups", own), ("groups", key.chat)]
    for which, entry in [*levels, ("accounts", key.account)]:
        found = sorted(one.name for one in profiles if not one.removed and entry in getattr(one, which))
        if found:
            return found[0]
    return None


@settings(max_examples=50)
@given(PROFILES, st.randoms())
def test_the_most_specific_wins_in_any_order(profiles: list[Profile], chance: Any) -> None:
    shuffled = list(profiles)
    chance.shuffle(shuffled)
    in_force = InForce(shuffled)
    for key in KEYS:
        found = in_force.selected(key)
        assert (found.name if found is not None else None) == as_written(profiles, key)


def test_each_level_wins_over_the_next() -> None:
    person, group = ChatKey("551", PEOPLE[0]), ChatKey("551", GROUPS[0])
    levels = {
        "own": profile("own", chats=tuple(f"551/{key.chat}" for key in (person, group))),
        "chat": profile("chat", chats=(person.chat, group.chat)),
        "group-here": profile("group-here", groups=(f"551/{group.chat}",)),
        "group": profile("group", groups=(group.chat,)),
        "account": profile("account", accounts=("551",)),
    }
    for order in itertools.permutations(levels.values()):
        assert (found := InForce(order).selected(group)) is not None
        assert found.name == "own"
    left = dict(levels)
    for name in levels:
        in_force = InForce(left.values())
        assert (found := in_force.selected(group)) is not None
        assert found.name == name
        if not name.startswith("group"):
            assert (found := in_force.selected(person)) is not None
            assert found.name == name
        del left[name]
    assert InForce(left.values()).selected(group) is None is NONE_IN_FORCE.selected(person)


def test_a_lookup_reads_no_profile() -> None:
    """However many profiles and chats there are, a chat's profile is looked up in indexes alone."""
    many = [
        profile(f"p{number}", accounts=(f"a{number}",), chats=tuple(f"{number}{chat:04}@lid" for chat in range(100)))
        for number in range(200)
    ]
    in_force = InForce(many)
    del many
    in_force.profiles = {}
    assert (found := in_force.selected(ChatKey("none", "70099@lid"))) is not None
    assert found.name == "p7"
    assert in_force.selected(ChatKey("a199", "1@lid")) is not None
    assert in_force.selected(ChatKey("a200", "1@lid")) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=50)
@given(
    st.dictionaries(st.text(min_size=1, max_size=10), JSON, max_size=4),
    st.dictionaries(st.sampled_from(["tone", "zone", "naïve"]), JSON),
    st.booleans(),
)
def test_what_is_written_is_read(fields: dict[str, Any], more: dict[str, Any], removed: bool) -> None:
    """Also fields that this release does not know."""
    before = profile("shop", settings=fields, more=more, removed=removed, accounts=("a",), by="cli:ana")
    assert decoded(encoded(before)) == before


def test_the_stored_bytes() -> None:
    """The document of this release, for ever readable."""
    golden = (
        b'{"name":"shop","n":3,"at":"2026-11-29T12:00:00Z","by":"cli:ana","accounts":["5511988887777"],'
        b'"chats":["local/5511999990001@s.whatsapp.net"],"groups":["120363041234567890@g.us"],'
        b'"settings":{"hours":["Mon-Fri 09:00-18:00"],"pairing":true},"tone":"warm"}'
    )
    expected = Profile(
        name="shop",
        n=3,
        at=AT,
        by="cli:ana",
        accounts=("5511988887777",),
        chats=("local/5511999990001@s.whatsapp.net",),
        groups=("120363041234567890@g.us",),
        settings={"hours": ["Mon-Fri 09:00-18:00"], "pairing": True},
        more={"tone": "warm"},
    )
    assert decoded(golden) == expected
    assert decoded(encoded(expected)) == expected
    assert decoded(b'{"name":"a","n":1,"at":"2026-11-29T12:00:00Z"}') == profile("a")


@pytest.mark.parametrize(
    "wrong",
    [
        *({"name": name} for name in ("", "default", "Shop", "-a", "a" * 65, "a\n", "a.b", "a*", ">", "ção", None, 1)),
        *({"n": n} for n in (0, -1, 1.5, "1", True, None)),
        {"at": "yesterday"},
        {"by": "x" * 201},
        *({"by": odd, "accounts": []} for odd in ("a\nb", "\x1b[2J", "\x9b2J")),
        *({kind: [odd]} for kind in ("accounts", "chats", "groups") for odd in ("a\nb", "\x1b[2J", "\x9b2J", "a\n")),
        *(
            {kind: value}
            for kind in ("accounts", "chats", "groups")
            for value in ("a", [""], ["x" * 301], [1], {"a": 1})
        ),
        {"chats": ["x"] * 5001},
        {"settings": []},
        {"settings": {"": 1}},
        {"settings": {"x" * 65: 1}},
        {"settings": {str(number): 1 for number in range(501)}},
        {"removed": "yes"},
        {"settings": {"ai_system_prompt": "x" * LARGEST}},
        {"tone": "x" * LARGEST},
    ],
)
def test_what_is_no_profile(wrong: dict[str, Any]) -> None:
    document = {"name": "shop", "n": 1, "at": "2026-11-29T12:00:00Z"} | wrong
    with pytest.raises(ProfileUnreadable):
        decoded(msgspec.json.encode(document))


def test_a_bomb() -> None:
    """Lists in lists are refused by depth before anything else walks through them, where they are read and written."""
    deep: Any = []
    for _ in range(DEEPEST + 3):
        deep = [deep]
    for where in ({"settings": {"a": deep}}, {"more": {"a": deep}}):
        with pytest.raises(ProfileUnreadable, match="levels"):
            encoded(profile("shop", **where))
    for levels in (DEEPEST + 5, 900, 30_000):
        body = b'{"name":"a","n":1,"at":"2026-11-29T12:00:00Z","x":' + b"[" * levels + b"]" * levels + b"}"
        with pytest.raises(ProfileUnreadable):
            decoded(body)


def test_two_profiles_for_one() -> None:
    one = profile("one", accounts=("a", "b"), chats=("x/1@lid",), groups=(GROUPS[0],))
    two = profile("two", accounts=("b",), chats=("1@lid", GROUPS[0]))
    gone = profile("gone", accounts=("a",), removed=True)
    assert clashes([one, two, gone]) == [Clash("accounts", "b", ("one", "two"))]
