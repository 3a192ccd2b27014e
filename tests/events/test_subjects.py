"""Tokens, partitions and subjects: what every stored event is filed under."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.subjects import (
    LONGEST_TOKEN,
    PARTITIONS,
    ChatKey,
    account_filter,
    chat_filter,
    dead_letter_subject,
    decision_subject,
    decisions_filter,
    header_value,
    inbound_subject,
    is_shortened,
    outbound_subject,
    parse_subject,
    partition,
    token,
    untoken,
)

TEXTS = st.text(min_size=1, max_size=40)
TOKENS = st.text(
    alphabet=st.characters(exclude_characters=". \t\r\n", codec="utf-8"), min_size=1, max_size=40
) | st.lists(st.sampled_from(["=", "=3D", "=2E", "3", "D", "=zz", "a", "=c3=a3", "=FF"]), min_size=1).map("".join)


@given(TEXTS)
@example("=")
@example("=2E")
@example("==zz")
@example("=a.b")
@example("*")
@example(">")
def test_a_text_comes_back_from_its_token(text: str) -> None:
    """Given any text, then its token is one token of a subject, matches nothing else, and gives the text back."""
    encoded = token(text)
    assert untoken(encoded) == text
    assert not set(encoded) & set(". \t\r\n")
    assert encoded not in ("*", ">", "")


@given(TOKENS)
@example("=3D" * 300)
@example("=")
@example("=3D3Dzz")
def test_a_token_comes_back_from_its_text(encoded: str) -> None:
    """Given any published token, then it has a text, and that gives the same token back."""
    if encoded in ("*", ">"):
        assert untoken(encoded) == encoded
    else:
        assert token(untoken(encoded)) == encoded


@given(TEXTS, TEXTS)
def test_two_texts_have_two_tokens(one: str, other: str) -> None:
    """Given two texts, then they have the same token only if they are the same."""
    assert (token(one) == token(other)) == (one == other)


@pytest.mark.parametrize("encoded", ["x" * 1025, "=zz" * 400, "=3D" * 1000, "ü" * 600, "=" * 2000, "x" * 4050])
def test_a_token_too_long_for_a_subject(encoded: str) -> None:
    """Given a token with which a line would be longer than a server takes, then a short name stands for it: always the
    same, its own token, no other's."""
    name = untoken(encoded)
    assert is_shortened(name)
    assert token(name) == untoken(name) == name
    assert untoken(encoded + "x") != name
    assert parse_subject(f"evt.1.local.{encoded}.i.in").key == ChatKey("local", name)
    assert len(decision_subject(ChatKey(name, name), "turn_started")) < 200


def test_the_longest_token() -> None:
    """Given a name that just fits, then it stays as it is; with one more byte a short name replaces it."""
    assert token("x" * LONGEST_TOKEN) == untoken("x" * LONGEST_TOKEN) == "x" * LONGEST_TOKEN
    assert token("x" * (LONGEST_TOKEN + 1)) == untoken("x" * (LONGEST_TOKEN + 1))


def test_a_token_that_can_be_read() -> None:
    """Given a JID, then its token is what the contract shows."""
    assert token("5511999999999@s.whatsapp.net") == "5511999999999=40s=2Ewhatsapp=2Enet"


def test_nothing_has_no_token() -> None:
    """Given an empty account or chat, then it is refused: the subject would have a hole."""
    with pytest.raises(ValueError, match="name"):
        token("")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        # nats-server 2.15.1 computed these.
        (ChatKey("local", "5511@s.whatsapp.net"), 41),
        (ChatKey("local", "==zz"), 47),
        (ChatKey("local", "=ação"), 12),
        (ChatKey("local", "=a>b"), 55),
        (ChatKey("local", "=$x"), 52),
    ],
)
def test_a_known_partition(key: ChatKey, expected: int) -> None:
    """Given keys whose partition the server told, then ours is the same, for good."""
    assert partition(key) == expected


def test_fnv() -> None:
    """Given the published FNV-1a 32 of `foobar` (http://www.isthe.com/chongo/src/fnv/test_fnv.c), then it is ours."""
    assert partition(ChatKey("foo", "bar")) == 0xBF9CF968 % PARTITIONS


@given(TEXTS, TEXTS)
def test_subjects_name_their_chat(account: str, chat: str) -> None:
    """Given any chat, then every subject of it has its shape, and those of the log name the chat again."""
    key = ChatKey(account, chat)
    assert parse_subject(decision_subject(key, "reply")) == (key, "o", "reply")
    assert decisions_filter(key) == decision_subject(key, "*")
    assert decision_subject(key, "reply").startswith(chat_filter(key).removesuffix("*.*"))
    assert account_filter(account).split(".")[2] == token(account)
    assert inbound_subject(key, "in") == f"wa.in.{token(account)}.{token(chat)}"
    assert outbound_subject(key) == f"wa.out.{token(account)}.{token(chat)}"
    assert dead_letter_subject(account) == f"wa.dlq.{token(account)}"
    assert parse_subject(inbound_subject(key, "in")) == (key, "i", "in")


@pytest.mark.parametrize("subject", ["", "evt", "evt.1.a.b.o", "evt.1.a.b.o.reply.x", "wa.dlq.local"])
def test_a_subject_that_is_not_of_the_log(subject: str) -> None:
    """Given a subject of another shape, then it has no address."""
    with pytest.raises(ValueError, match="unpack"):
        parse_subject(subject)


@given(st.text(max_size=40), st.text(max_size=40))
@example("X", "X\u2003")
@example(" 03", "\u2003")
@example("\x1f", "\u3000")
def test_header_values_stay_apart(one: str, other: str) -> None:
    """Given two texts, then a header, which is trimmed and has one line, keeps them apart."""
    first, second = header_value(one), header_value(other)
    assert (first.strip(), second.strip()) == (first, second)
    assert not set(first + second) & set("\r\n")
    assert (first == second) == (one == other)
