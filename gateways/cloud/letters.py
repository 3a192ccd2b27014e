"""Changes for a number that is not served, as dead letters: one for each update, which a retry can store by itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateways.cloud.people import UNREADABLE

_CONTACTS = "contacts"
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_lists = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder()


def apart(raw: msgspec.Raw, names: frozenset[str]) -> list[bytes]:
    """The change once for each update in its lists `names`; as it is, if it cannot be taken apart."""
    try:
        change = _objects.decode(raw)
        value = _objects.decode(change["value"])
        updates = [(name, each) for name in value if name in names for each in _lists.decode(value[name])]
        people: dict[str, msgspec.Raw] = {}
        for contact in _lists.decode(value.get(_CONTACTS, b"[]")):
            people |= dict.fromkeys(_texts(contact, "wa_id", "user_id"), contact)
        rest = {name: part for name, part in value.items() if name not in names and name != _CONTACTS}
        alone = [
            msgspec.json.encode(change | {"value": rest | {name: [each], _CONTACTS: _people_of(each, people)}})
            for name, each in updates
        ]
    except (*UNREADABLE, KeyError):
        return [bytes(raw)]
    return alone if len(alone) > 1 else [bytes(raw)]


def _people_of(update: msgspec.Raw, people: Mapping[str, msgspec.Raw]) -> list[msgspec.Raw]:
    """The contacts that an update names."""
    named = _texts(update, "from", "from_user_id", "to", "to_user_id")
    return list({bytes(people[name]): people[name] for name in named if name in people}.values())


def _texts(raw: msgspec.Raw, *fields: str) -> list[str]:
    read = _any.decode(raw)
    return [read[field] for field in fields if isinstance(read.get(field), str)] if isinstance(read, dict) else []
