"""A person, as the names tell of them."""

from __future__ import annotations

from typing import NamedTuple

from events.jid import PHONE

BSUID, LID = "@bsuid", "@lid"


class Person(NamedTuple):
    """A person's canonical name, which is that of their chat, and their other names."""

    chat: str
    others: tuple[str, ...] = ()


def join_id(chat: str) -> str:
    """The id of the orders to join a chat into another."""
    return f"join:{chat}"


def is_person(name: str) -> bool:
    """True if the JID names a person, and not a group."""
    return name.endswith((PHONE, LID, BSUID))
