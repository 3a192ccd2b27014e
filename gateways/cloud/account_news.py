"""News of the account in webhooks: quality, name, templates, limits, alerts. Phone numbers in them are shortened."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from events.account_update import AccountUpdate
from events.numbers import time_at
from gateways.cloud.errors import number_of
from gateways.cloud.fields import FIELDS

LONGEST_FIELD = 64

_DEEPEST = 16
_NUMBER = re.compile(r"\+?[0-9](?:[ ().-]{0,2}[0-9]){7,}")
_TIMES = frozenset({"time", "timestamp", "start", "end", "start_time", "end_time", "expiration"})
_OF_PEOPLE = re.compile(
    r"contacts?|messages?|message_echoes|history|state_sync|statuses|text|body|caption|(first_|last_|full_)?name|profile|"
    r"participants?|customer|email|username"
)
"""Keys whose values are left out of a field in no list."""


def news_of(field: str, value: msgspec.Raw, entry: object, time: object, now: datetime) -> AccountUpdate:
    """The news in a change. The same delivery gives the same id: `entry` and `time` are those of its entry."""
    seconds = number_of(time)
    name = sha256(msgspec.json.encode([field, str(entry), str(time)]) + bytes(value)).hexdigest()[:32]
    try:
        read: Any = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        read = None
    kept = shortened(read, everywhere=field not in FIELDS)
    return AccountUpdate(id=name, field=field[:LONGEST_FIELD], value=kept, at=_time(seconds) or now)


def shortened(value: Any, *, everywhere: bool, key: str = "", depth: int = 0) -> Any:
    """`value` with its phone numbers shortened: those under a key of that name, or `everywhere`. Then words about
    people are left out as well."""
    if depth > _DEEPEST or (everywhere and _OF_PEOPLE.fullmatch(key)):
        return "…"
    if isinstance(value, dict):
        return {name: shortened(one, everywhere=everywhere, key=name, depth=depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one, everywhere=everywhere, key=key, depth=depth + 1) for one in value]
    is_number = "phone_number" in key and not key.endswith("_id")
    if isinstance(value, int) and not isinstance(value, bool) and key not in _TIMES and (everywhere or is_number):
        return _short(str(value)) if abs(value) >= 10**7 else value
    if isinstance(value, str) and (everywhere or is_number):
        return _NUMBER.sub(lambda match: _short(match[0]), value)
    return value


def _short(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return f"{digits[:2]}…{digits[-3:]}"


def _time(seconds: int | None) -> datetime | None:
    return time_at(seconds) if seconds is not None else None
