"""Accounts are names that a gateway chooses: a refusal that lists them harms no terminal and stays short."""

from __future__ import annotations

import pytest

from gateways.addressing import LISTED, ChatAmbiguous, ChatUnknown, the_one

ANA = "5511999990001@s.whatsapp.net"
HOSTILE = "shop\x1b]0;owned\x07\nlocal (9 messages"


def test_a_name_cannot_speak_to_the_terminal() -> None:
    """Control characters are gone, and a line end makes no line of its own."""
    for known, account in (({HOSTILE: {"in": 1}}, "local"), ({HOSTILE: {"erased": 1}}, None), ({}, HOSTILE)):
        with pytest.raises(ChatUnknown) as refused:
            the_one(ANA, known, account)
        assert not {"\x1b", "\x07", "\n"} & set(str(refused.value))
    with pytest.raises(ChatAmbiguous) as several:
        the_one(ANA, {HOSTILE: {"in": 1}, "local": {"in": 1}})
    assert len(str(several.value).splitlines()) == 3
    assert "\x1b" not in str(several.value)


def test_ten_thousand_accounts_are_not_listed() -> None:
    """A chat that somebody puts into very many accounts is refused in a few lines; with --account it is found."""
    known = {f"a{number:05}": {"in": 1} for number in range(10_000)}
    with pytest.raises(ChatAmbiguous) as refused:
        the_one(ANA, known)
    assert len(str(refused.value).splitlines()) == LISTED + 2
    assert str(refused.value).endswith("9,980 more")
    assert the_one(ANA, known, "a00007").account == "a00007"
