"""Events that people cause beside writing: they opt out of marketing, call, pay. Each is a silent message."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import msgspec

from events.inbound import LONGEST_ID, Message
from events.numbers import time_at, whole_number
from gateways.cloud import wire

_LONGEST = 200
_OPT_OUTS = {"stop": "Wants no more marketing messages", "resume": "Wants marketing messages again"}


class Beside(msgspec.Struct, frozen=True, gc=False):
    """A message for the chat of the person with this number or user id."""

    number: str | None
    user: str | None
    message: Message


def preference_of(one: wire.Preference) -> Beside:
    """A change of what the person wants to get: `system`."""
    said = _OPT_OUTS.get(one.value) if one.category in ("", "marketing_messages") else None
    text = said or f"Preference {one.category[:_LONGEST]}: {one.value[:_LONGEST]}"
    id_ = _id("preference", one.wa_id, one.user_id, one.category, one.value, one.timestamp)
    wants = one.value != "stop" if said is not None else None
    message = Message(id=id_, kind="system", text=text, at=time_of(one.timestamp), marketing=wants)
    return Beside(one.wa_id, one.user_id, message)


def call_of(one: wire.Call) -> Beside | None:
    """A call of the person's that is over; None for any other word about a call. Missed: `call`; taken elsewhere:
    `system`."""
    if one.direction not in ("", "USER_INITIATED") or one.event == "connect" or not one.id:
        return None
    taken = one.duration if isinstance(one.duration, int) and one.status == "COMPLETED" else 0
    kind, text = ("system", f"Call of {taken} s") if taken > 0 else ("call", "Missed call")
    id_ = one.id if len(one.id) <= LONGEST_ID else _id("call", one.id)
    return Beside(one.from_, one.from_user_id, Message(id=id_, kind=kind, text=text, at=time_of(one.timestamp)))


def payment_of(one: wire.Status) -> Beside:
    """The state of a payment that a message of ours asked for: `system`."""
    payment = one.payment or wire.Payment()
    reference = f" {payment.reference_id[:_LONGEST]}" if payment.reference_id else ""
    id_ = _id("payment", one.id, payment.reference_id, one.status)
    text = f"Payment{reference}: {one.status[:_LONGEST]}"
    return Beside(
        one.recipient_id, one.recipient_user_id, Message(id=id_, kind="system", text=text, at=time_of(one.timestamp))
    )


def time_of(seconds: str | int) -> datetime | None:
    """The time in `seconds` since 1970; None if `seconds` is no valid time."""
    number = whole_number(seconds) if isinstance(seconds, str) else seconds
    return time_at(number) if number is not None else None


def _id(kind: str, *parts: object) -> str:
    """An id that the same news has each time that it is delivered."""
    return f"{kind}:{sha256(msgspec.json.encode([str(part) for part in parts])).hexdigest()[:32]}"
