"""WhatsApp's names for people and groups, in the one form that recado stores.

Rules: whatsmeow's `types.JID`, and the Cloud API's `wa_id` and BSUID. Agent and device are dropped
(`5511:12@s.whatsapp.net`, `9988.1:3@lid`), and `c.us` becomes `s.whatsapp.net`.

Carriers give a number to a stranger, so a number may name several people, one after the other. The first one has the
number's own JID; a later one has the number with the time since which it is no longer the former one's
(`5511~1750100472@s.whatsapp.net`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from events.numbers import whole_number

PHONE = "@s.whatsapp.net"
"""The end of the JID of a phone number."""

_SINCE = "~"
_LONGEST = 128
_USERS = {
    "s.whatsapp.net": re.compile(r"(?P<user>[0-9]{1,20}(?:~[0-9]{1,18})?)(?:\.[0-9]+)?(?::[0-9]+)?"),
    "lid": re.compile(r"(?P<user>[0-9]{1,20})(?:\.[0-9]+)?(?::[0-9]+)?"),
    # The Cloud API has ids of its own for groups, letters and digits.
    "g.us": re.compile(r"(?P<user>[0-9]{1,40}(?:-[0-9]{1,20})?|[A-Za-z][A-Za-z0-9_=-]{7,})"),
    "bsuid": re.compile(r"(?P<user>[A-Za-z0-9][A-Za-z0-9._-]*)"),
}
_SHORTEST_BARE = 8
"""Digits of a bare number that is taken for a phone number."""

_ALIASES = {"c.us": "s.whatsapp.net"}
_NOT_CHATS = {"broadcast": "a broadcast list", "newsletter": "a channel", "bot": "a bot", "hosted": "a hosted device"}
_PHONE = re.compile(r"\+?[0-9]{5,20}")
_PHONE_PUNCTUATION = re.compile(r"[\s().\-\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Blanks, dashes, and the marks of direction that a number copied from an address book has around it."""


class MalformedJid(ValueError):
    """Not the JID of a chat.

    - `jid`: the given text, shortened.
    - `reason`: the fault, and a form that is accepted.
    """

    def __init__(self, jid: str, reason: str) -> None:
        shown = jid if len(jid) <= 40 else jid[:37] + "…"
        super().__init__(f"{shown!r} is not the JID of a chat: {reason}")
        self.jid = shown
        self.reason = reason


def canonical(jid: str) -> str:
    """The stored form of `jid`. Raises MalformedJid."""
    if len(jid) > _LONGEST:
        raise MalformedJid(jid, f"it has more than {_LONGEST} characters")
    user, at, server = jid.partition("@")
    if not at:
        raise MalformedJid(jid, "it has no '@', write 5511999999999@s.whatsapp.net")
    if not user:
        raise MalformedJid(jid, "nothing stands before the '@'")
    server = _ALIASES.get(server, server)
    if server in _NOT_CHATS:
        raise MalformedJid(jid, f"it names {_NOT_CHATS[server]}, which nobody can chat with")
    if server not in _USERS:
        raise MalformedJid(jid, f"'@{server}' is none of {', '.join('@' + known for known in sorted(_USERS))}")
    match = _USERS[server].fullmatch(user)
    if match is None:
        raise MalformedJid(jid, f"'{user[:40]}' is no user of '@{server}'")
    return f"{match['user']}@{server}"


@lru_cache(maxsize=65536)
def is_canonical(jid: str) -> bool:
    """True if `jid` is a chat in its stored form."""
    try:
        return canonical(jid) == jid
    except MalformedJid:
        return False


def next_holder(jid: str, since: int) -> str:
    """The JID of the one who has the phone number of `jid` after the one who had it until `since`, in seconds since
    1970."""
    return f"{number_of(jid)}{_SINCE}{max(since, 0)}{PHONE}"


def number_of(jid: str) -> str:
    """The digits of a phone number's JID, to which its holder is written; of another JID what stands before the `@`."""
    return jid.partition("@")[0].partition(_SINCE)[0]


def held_since(jid: str) -> int:
    """The time since which the phone number of `jid` is no longer the former holder's; 0 for its first holder, and for
    any other JID."""
    since = jid.partition("@")[0].partition(_SINCE)[2] if jid.endswith(PHONE) else ""
    return whole_number(since) or 0


def is_group(jid: str) -> bool:
    """True if a canonical `jid` is a group's."""
    return jid.endswith("@g.us")


@lru_cache(maxsize=65536)
def certain(jid: str) -> str | None:
    """The stored form of a JID in another form, or of a bare phone number of 8 digits or more; None if `jid` is in its
    stored form, or names nobody for certain."""
    try:
        found = canonical(jid if "@" in jid else f"{jid.removeprefix('+')}{PHONE}")
    except MalformedJid:
        return None
    is_short = "@" not in jid and len(found) < _SHORTEST_BARE + len(PHONE)
    return None if found == jid or is_short else found


def people_in(names: Iterable[str]) -> tuple[str, ...]:
    """The stored forms of those names that are certainly a person's, each once. Any program on the bus writes names:
    a word that names nobody must not make one person of all whose messages bring it."""
    stored = (certain(name) or name for name in names)
    return tuple(dict.fromkeys(name for name in stored if is_canonical(name) and not is_group(name)))


def from_text(text: str) -> str:
    """The JID for a JID in any form, or for a bare phone number (`+55 11 99999-9999`). Raises MalformedJid."""
    text = text.strip()
    if "@" in text:
        return canonical(text)
    digits = _PHONE_PUNCTUATION.sub("", text)
    if not _PHONE.fullmatch(digits):
        raise MalformedJid(text, "write a phone number with its country code (5511999999999) or a whole JID")
    return canonical(digits.lstrip("+") + "@s.whatsapp.net")
