"""Subjects of the bus: tokens, partitions, and the chat that a subject names.

A subject of the log always has six tokens, `evt.<partition>.<account>.<chat>.<side>.<type>`; a gateway publishes to
`wa.<type>.<account>.<chat>` and the server maps that to side `i`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

PARTITIONS = 64
"""For good: the partition is part of every stored subject."""

LONGEST_TOKEN = 1024
"""Bytes. A server takes no line over 4,096 bytes (`max_control_line`) and ends the connection of whoever sends one; a
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
    """What a subject of the log says: whose event it is, from which side (`i` or `o`), of which type."""

    key: ChatKey
    side: str
    type: str


@lru_cache(maxsize=65536)
def token(text: str) -> str:
    """`text` as one subject token: every byte outside `[A-Za-z0-9_-]` becomes `=XX`. ValueError if it is empty.

    A text `=…` that `untoken` made of a token which no text encodes to gives that token back, unchanged. A token of
    more than LONGEST_TOKEN bytes is replaced by `too-long-` and its SHA-256.
    """
    if not text:
        raise ValueError("an account or a chat needs a name")
    if text.startswith("=") and _is_odd(text[1:]):
        return _shortened(text[1:])
    return _shortened(_encode(text))


@lru_cache(maxsize=65536)
def untoken(encoded: str) -> str:
    """The text of a token, whatever it is; `token` gives that very token back.

    A token that no text encodes to comes back as `=` and the token. `*` and `>` can be in a published subject, but are
    no tokens: they come back as they are, and have a token (`=2A`, `=3E`) that matches nothing else. One that is too
    long comes back as the name that `token` gives it, which is its own token.
    """
    encoded = _shortened(encoded)
    return "=" + encoded if _is_odd(encoded) else _decode(encoded) or encoded


def is_shortened(text: str) -> bool:
    """Whether `text` stands for a name that is too long for a subject; no event of such a chat or account is owed an
    answer."""
    return _SHORTENED.fullmatch(text) is not None


def _shortened(encoded: str) -> str:
    whole = encoded.encode()
    return encoded if len(whole) <= LONGEST_TOKEN else f"too-long-{sha256(whole).hexdigest()}"


def _is_odd(encoded: str) -> bool:
    """Whether a token stands for `=` and itself: no text encodes to it, or only one that stands for another token."""
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
    """Where the chat's actor writes a decision."""
    return f"{_prefix(key)}.o.{type_}"


def decisions_filter(key: ChatKey) -> str:
    """Every decision of the chat: the subject that its appends are compared against."""
    return f"{_prefix(key)}.o.*"


def chat_filter(key: ChatKey) -> str:
    """Every event of the chat, both sides."""
    return f"{_prefix(key)}.*.*"


def account_filter(account: str) -> str:
    """Every event of an account, as its gateway tails it."""
    return f"evt.*.{token(account)}.*.*.*"


def inbound_subject(key: ChatKey, type_: str) -> str:
    """Where a gateway publishes what came in."""
    return f"wa.{type_}.{token(key.account)}.{token(key.chat)}"


def outbound_subject(key: ChatKey) -> str:
    """Where the server republishes the chat's replies for anybody who listens."""
    return f"wa.out.{token(key.account)}.{token(key.chat)}"


def dead_letter_subject(account: str) -> str:
    """Where bytes that cannot become an event of `account` are kept."""
    return f"wa.dlq.{token(account)}"


def header_value(text: str) -> str:
    """`text` so that a NATS header keeps it whole: control characters, blanks and `%` become `%XX`, byte by byte.

    A header's value is trimmed (of every blank that Unicode knows) and its line ends are replaced on the way, so two
    message ids that differ in nothing else would become one, and the second message a repeat.
    """
    return _NOT_IN_HEADERS.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


@lru_cache(maxsize=65536)
def parse_subject(subject: str) -> Address:
    """The address of a subject of the log. ValueError if it is none.

    Besides the six tokens there is `wa.<type>.<account>.<chat>`: so the server stores what was published to a subject
    with a wildcard in it, which it does not map.
    """
    tokens = subject.split(".")
    if len(tokens) == 6:
        _evt, _partition, account, chat, side, type_ = tokens
        return Address(ChatKey(untoken(account), untoken(chat)), side, type_)
    _wa, type_, account, chat = tokens
    return Address(ChatKey(untoken(account), untoken(chat)), "i", type_)
