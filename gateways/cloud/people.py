"""The names of people in webhooks.

Meta tells a change of names so: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/system/
(2026-08-11). Since that day a change of the number tells the former user id too.
"""

from __future__ import annotations

import re

import msgspec

from events.inbound import LONGEST_ID, Message
from events.jid import MalformedJid, canonical
from events.lenient import decode
from gateways.cloud import wire
from gateways.cloud.beside import time_of
from gateways.cloud.updates import Renamed

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Exceptions of bytes that cannot be read."""

BSUID = re.compile(r"[A-Z]{2}(\.[A-Za-z0-9]+)+")
"""The id of a user who hides the number, where the number is expected."""

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


_NEW_NAMES = frozenset({"user_changed_number", "user_changed_user_id", "customer_changed_number"})
"""Types of a system message that tell other names of a person; the last one until the API's version 12."""


def is_renaming(message: wire.Message) -> bool:
    """True if a system message tells other names of a person."""
    return message.system is not None and message.system.type in _NEW_NAMES


def renamed_by(message: wire.Message) -> Renamed:
    """The change that a system message tells. Raises MissingPart, MalformedJid."""
    system = message.system or wire.System()
    # `from_user_id` is told to be the former one, and may be the new one.
    former_user = system.previous_user_id or (message.from_user_id if message.from_user_id != system.user_id else None)
    number = message.from_ if message.from_ and not BSUID.fullmatch(message.from_) else None
    former = (*_number(number), *alias(former_user), *alias(system.previous_parent_user_id))
    new = system.new_wa_id or system.wa_id
    now = (*_number(new), *alias(system.user_id), *alias(system.parent_user_id))
    return _renamed(former, now, message.timestamp, message.id)


def renamed_by_update(update: wire.UserIdUpdate) -> Renamed:
    """The change that a `user_id_update` tells. Raises MissingPart, MalformedJid."""
    user, parent = update.user_id, update.parent_user_id
    now = (*_number(update.wa_id), *alias(user.current), *alias(parent.current))
    id_ = f"user_id_update:{user.previous}:{user.current}:{parent.previous}:{parent.current}"
    return _renamed((*alias(user.previous), *alias(parent.previous)), now, update.timestamp, id_)


def _renamed(former: tuple[str, ...], now: tuple[str, ...], timestamp: str | int, id_: str) -> Renamed:
    at = time_of(timestamp)
    if at is None:
        raise MissingPart("it says no time")
    if not former or not now or set(now) <= set(former):
        raise MissingPart("it says no former name, or no new one")
    if not 1 <= len(id_) <= LONGEST_ID:
        raise MissingPart(f"its id has {len(id_)} characters, not 1 to {LONGEST_ID}")
    note = Message(id=id_, kind="system", text="Has another number or user id", at=at)
    return Renamed(former, now, int(at.timestamp()), note)


def _number(number: str | None) -> tuple[str, ...]:
    return (person_of(number, None),) if number else ()


def alias(user: str | None) -> tuple[str, ...]:
    """The JID of a user's id, if it is one."""
    try:
        return (canonical(f"{user}@bsuid"),) if user else ()
    except MalformedJid:
        return ()
