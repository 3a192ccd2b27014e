"""Subjects of the bus: tokens, partitions, and the chat that a subject names.

A subject of the log always has six tokens, `evt.<partition>.<account>.<chat>.<side>.<type>`; a gateway publishes to
`wa.<type>.<account>.<chat>` and the server maps that to side `i`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

PARTITIONS = 64
"""Fixed for good: the partition is part of every stored subject."""

LONGEST_TOKEN = 1024
"""Bytes. A server closes the connection of a client that sends a line over 4,096 bytes (`max_control_line`); a
decision's line holds two tokens, the inbox of its answer and a few words."""

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_NOT_IN_HEADERS = re.compile(r"[\s\x00-\x20%\x7f-\xa0]")
_TOKEN = re.compile(r"[^. \t\r\n]+")
_WILDCARDS = ("*", ">")
_ESCAPE = re.compile(rb"=([0-9A-F]{2})")
_SHORTENED = re.compile(r"too-long-[0-9a-f]{64}")


class ChatKey(NamedTuple):
    """One conversation: the business number or device, and the canonical JID of the other side."""

    account: str
    chat: str


class Address(NamedTuple):
    """The parts of a log subject: the chat, the side (`i` or `o`) and the type of the event."""

    key: ChatKey
    side: str
    type: str


@lru_cache(maxsize=65536)
def token(text: str) -> str:
    """`text` as one subject token: every byte outside `[A-Za-z0-9_-]` becomes `=XX`. ValueError if it is empty.

    `untoken` gives `=…` for a token that encodes no text; `token` makes the same token of that. A token of more than
    LONGEST_TOKEN bytes is replaced by `too-long-` and its SHA-256.
    """
    if not text:
        raise ValueError("an account or a chat needs a name")
    if text.startswith("=") and _is_odd(text[1:]):
        return _shortened(text[1:])
    return _shortened(_encode(text))


@lru_cache(maxsize=65536)
def untoken(encoded: str) -> str:
    """The text of any token; `token` gives the same token back.

    A token that encodes no text comes back as `=` and the token. `*` and `>` may be in a published subject, but are no
    tokens: they come back unchanged, and their own tokens (`=2A`, `=3E`) match nothing else. A token that is too long
    comes back as the name that `token` gives it, which is its own token.
    """
    encoded = _shortened(encoded)
    return "=" + encoded if _is_odd(encoded) else _decode(encoded) or encoded


def is_shortened(text: str) -> bool:
    """True if `text` replaces a name that is too long for a subject. No event of such a chat or account gets an
    answer."""
    return _SHORTENED.fullmatch(text) is not None


def _shortened(encoded: str) -> str:
    whole = encoded.encode()
    return encoded if len(whole) <= LONGEST_TOKEN else f"too-long-{sha256(whole).hexdigest()}"


def _is_odd(encoded: str) -> bool:
    """True if a token comes back as `=` and itself: no text encodes to it, or only a text that is such a pair."""
    while _TOKEN.fullmatch(encoded) and encoded not in _WILDCARDS:
        text = _decode(encoded)
        if text is None or _encode(text) != encoded:
            return True
        if not text.startswith("="):
            return False
        encoded = text[1:]
    return False


def _encode(text: str) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in text.encode())


def _decode(encoded: str) -> str | None:
    try:
        return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), encoded.encode()).decode()
    except UnicodeError:
        return None


@lru_cache(maxsize=65536)
def partition(key: ChatKey) -> int:
    """The chat's partition, as the server's `partition(64,2,3)` computes it: FNV-1a 32 over both tokens, modulo 64."""
    value = 0x811C9DC5
    for byte in (token(key.account) + token(key.chat)).encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value % PARTITIONS


@lru_cache(maxsize=65536)
def _prefix(key: ChatKey) -> str:
    return f"evt.{partition(key)}.{token(key.account)}.{token(key.chat)}"


def decision_subject(key: ChatKey, type_: str) -> str:
    """The subject of a decision of the chat's actor."""
    return f"{_prefix(key)}.o.{type_}"


def decisions_filter(key: ChatKey, type_: str = "*") -> str:
    """Every decision of the chat, the subject with which its appends are compared; or every one of a type."""
    return f"{_prefix(key)}.o.{type_}"


def chat_filter(key: ChatKey) -> str:
    """Every event of the chat, both sides."""
    return f"{_prefix(key)}.*.*"


def anywhere_filter(chat: str) -> str:
    """Every event of a chat, in any account."""
    return f"evt.*.*.{token(chat)}.*.*"


def account_filter(account: str) -> str:
    """Every event of an account, as its gateway tails it."""
    return f"evt.*.{token(account)}.*.*.*"


def inbound_subject(key: ChatKey, type_: str) -> str:
    """The subject to which a gateway publishes an inbound event."""
    return f"wa.{type_}.{token(key.account)}.{token(key.chat)}"


def outbound_subject(key: ChatKey) -> str:
    """The subject on which the server republishes the chat's replies for all subscribers."""
    return f"wa.out.{token(key.account)}.{token(key.chat)}"


def dead_letter_subject(account: str) -> str:
    """The subject for bytes that cannot become an event of `account`."""
    return f"wa.dlq.{token(account)}"


def account_subject(account: str) -> str:
    """The subject for news of `account`."""
    return f"wa.account.{token(account)}"


def header_value(text: str) -> str:
    """`text` as a NATS header keeps it whole: control characters, blanks and `%` become `%XX`, byte by byte.

    NATS trims a header's value (of every blank that Unicode knows) and replaces its line ends, so two message ids that
    differ in nothing else would become one, and the second message would become a repeat.
    """
    return _NOT_IN_HEADERS.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


@lru_cache(maxsize=65536)
def parse_subject(subject: str) -> Address:
    """The address of a subject of the log. ValueError if it is none.

    A subject has six tokens, or is `wa.<type>.<account>.<chat>`: the server does not map a message that was published
    to a subject with a wildcard in it, and stores it under that subject.
    """
    tokens = subject.split(".")
    if len(tokens) == 6:
        _evt, _partition, account, chat, side, type_ = tokens
        return Address(ChatKey(untoken(account), untoken(chat)), side, type_)
    _wa, type_, account, chat = tokens
    return Address(ChatKey(untoken(account), untoken(chat)), "i", type_)


def by_account(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The numbers of events under subjects of the log, by account and type."""
    found: dict[str, dict[str, int]] = {}
    for subject, count in counts.items():
        address = parse_subject(subject)
        types = found.setdefault(address.key.account, {})
        types[address.type] = types.get(address.type, 0) + count
    return found
