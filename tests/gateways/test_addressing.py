"""The chat that is meant, by the accounts that know it."""

from __future__ import annotations

import pytest

from events.subjects import ChatKey
from gateways.addressing import ChatAmbiguous, ChatUnknown, Known, all_of, the_one

ANA = "5511999990001@s.whatsapp.net"
TALKED = {"in": 12, "reply": 1}
ERASED = {"erased": 2, "receipt": 1}


@pytest.mark.parametrize(
    ("known", "account", "expected"),
    [
        ({"shop": TALKED}, None, "shop"),
        ({"shop": TALKED}, "shop", "shop"),
        ({"shop": TALKED, "local": TALKED}, "local", "local"),
        ({"shop": TALKED, "local": ERASED}, None, "shop"),
        ({"shop": {"control": 1}}, None, "shop"),
        ({"shop": {"thread_created": 1}}, None, "shop"),
    ],
)
def test_known_in_one_account(known: Known, account: str | None, expected: str) -> None:
    """That one; an erased chat, and receipts of one, do not count."""
    assert the_one(ANA, known, account) == ChatKey(expected, ANA)


@pytest.mark.parametrize(
    ("known", "account", "words"),
    [
        ({}, None, "nothing is known of 5511999990001 in any account: check the number"),
        ({}, "shop", "in account shop: check the number"),
        ({"shop": TALKED}, "local", "in account local, but in account shop (12 messages, 1 reply)"),
        ({"a": TALKED, "b": TALKED}, "c", "but in account a (12 messages, 1 reply) and b (12 messages, 1 reply)"),
        ({"shop": ERASED}, None, "in any account: the chat was erased in account shop"),
        ({"shop": {"receipt": 1}}, None, "in any account: check the number"),
    ],
)
def test_known_in_none(known: Known, account: str | None, words: str) -> None:
    """It says where the chat is, if it is anywhere."""
    with pytest.raises(ChatUnknown, match="nothing is known") as refused:
        the_one(ANA, known, account)
    assert str(refused.value).endswith(words)
    if account is None:
        with pytest.raises(ChatUnknown):
            all_of(ANA, known)


def test_known_in_several() -> None:
    """The list says which is which."""
    known = {"shop": TALKED, "local": {"reply": 1}, "old": ERASED}
    with pytest.raises(ChatAmbiguous) as refused:
        the_one(ANA, known)
    assert str(refused.value).splitlines()[1:] == ["  local (0 messages, 1 reply)", "  shop (12 messages, 1 reply)"]
    assert all_of(ANA, known) == (ChatKey("local", ANA), ChatKey("shop", ANA))


def test_an_erased_chat_can_be_let_in_again() -> None:
    """A block and a pause outlast erasing, so orders find the chat; one that is alive elsewhere is the one meant."""
    assert the_one(ANA, {"shop": ERASED}, erased=True) == ChatKey("shop", ANA)
    assert the_one(ANA, {"shop": ERASED, "local": TALKED}, erased=True) == ChatKey("local", ANA)
    with pytest.raises(ChatUnknown):
        the_one(ANA, {"shop": {"receipt": 1}}, erased=True)
