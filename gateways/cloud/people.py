"""The names of people in webhooks."""

from __future__ import annotations

import msgspec

from events.jid import MalformedJid, canonical
from events.lenient import decode
from gateways.cloud import wire

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Exceptions of bytes that are not what they should be."""

_contacts = msgspec.json.Decoder(wire.Contact)


class MissingPart(ValueError):
    """An update lacks a part that it needs."""


def people_of(raws: list[msgspec.Raw], *, alone: bool) -> dict[str, wire.Contact]:
    """The batch's contacts by number and by BSUID. If there is one contact and one message (`alone`), it is also under
    "". A contact that cannot be read is left out: its name is missing."""
    people = {}
    for raw in raws:
        try:
            contact, _ = decode(raw, _contacts)
        except UNREADABLE:
            continue
        for name in (contact.wa_id, contact.user_id):
            if name:
                people[name] = contact
        if alone and len(raws) == 1:
            people[""] = contact
    return people


def person_of(number: str | None, user: str | None) -> str:
    if number:
        return canonical(f"{number.removeprefix('+')}@s.whatsapp.net")
    if user:
        return canonical(f"{user}@bsuid")
    raise MissingPart("it says neither number nor user")


def alias(user: str | None) -> tuple[str, ...]:
    """The JID of a user's id, if it is one."""
    try:
        return (canonical(f"{user}@bsuid"),) if user else ()
    except MalformedJid:
        return ()
