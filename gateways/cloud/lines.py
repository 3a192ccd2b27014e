"""The numbers that a gateway serves, as its webhook sees them."""

from __future__ import annotations

import re

import msgspec

from gateways.cloud.known_messages import KnownMessages
from gateways.cloud.people import UNREADABLE

LONGEST = 32
"""Digits of Meta's id of a number; today they have 15 or 16."""

_NO_DIGIT = re.compile(r"[^0-9]")


def is_number(id_: str) -> bool:
    """True if a text may be Meta's id of a number."""
    return id_.isascii() and id_.isdigit() and len(id_) <= LONGEST


class Line(msgspec.Struct, eq=False):
    """One number.

    - `account`: its account in the log.
    - `known`: messages that were sent, for statuses without a tracker.
    - `business`: the WhatsApp Business Account that it belongs to; None until a webhook has told it.
    - `digits`: the number itself; empty until a webhook has told it.
    """

    account: str
    known: KnownMessages = msgspec.field(default_factory=KnownMessages)
    business: str | None = None
    digits: str = ""


class Lines(dict[str, Line]):
    """The lines by Meta's `phone_number_id`. Numbers may come and go while the gateway runs."""

    def learn(self, line: Line, business: object, displayed: str) -> None:
        """Keep the business account and the number that a webhook names."""
        if isinstance(business, str) and business:
            line.business = business
        line.digits = _NO_DIGIT.sub("", displayed) or line.digits

    def of_news(self, business: object, displayed: object) -> tuple[str, ...]:
        """The accounts that news is about: that of the number it names, else those of the business account it is of.
        A number whose business account is not known yet may belong to any."""
        digits = _NO_DIGIT.sub("", displayed) if isinstance(displayed, str) else ""
        if digits and (named := [line.account for line in self.values() if line.digits == digits]):
            return tuple(named)
        return tuple(line.account for line in self.values() if line.business in (None, business))


def unserved(number: str) -> str:
    """The reason for which a change for this number is a dead letter."""
    if not number:
        return "it names no number"
    return (
        f"it is for the number {number[:40]}, which is not served: add it to WHATSAPP_NUMBERS, then store it with "
        "recado dead-letters retry"
    )


def displayed_in(value: msgspec.Raw) -> object:
    """The number that news names, as Meta displays it."""
    try:
        read = msgspec.json.decode(value)
    except UNREADABLE:
        return None
    return read.get("display_phone_number") if isinstance(read, dict) else None
