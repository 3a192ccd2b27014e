"""Classes of WhatsApp's error codes. The class decides whether a message is sent again, parked or failed.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (2026-05). The same codes come in
the answer to a POST and, later, in a status `failed`.
"""

from __future__ import annotations

from typing import Literal

FaultClass = Literal[
    "unreached",
    "account_throttle",
    "pair_throttle",
    "transient",
    "in_doubt",
    "window_closed",
    "recipient",
    "content",
    "account_stop",
]
"""The class of an error.

- `unreached`: there was no connection, so the message was not sent.
- `account_throttle`: too many messages from the number.
- `pair_throttle`: too many messages to the person.
- `transient`: a later attempt may succeed.
- `in_doubt`: the message may have been sent.
- `window_closed`: 24 hours without a message from the person; only a template may be sent.
- `recipient`: this person cannot get messages.
- `content`: WhatsApp does not take this message.
- `account_stop`: the number cannot send until a person acts.
"""

_CODES: dict[FaultClass, tuple[int, ...]] = {
    "account_throttle": (4, 80007, 130429),
    "pair_throttle": (131056,),
    "transient": (2, 131016, 131057),
    "in_doubt": (1, 131000),
    "window_closed": (131047,),
    "recipient": (131021, 131026, 131030, 131049, 131050, 130472, 137000),
    "content": (100, 131008, 131009, 131051, 131053),
    "account_stop": (0, 3, 10, 190, *range(200, 300), 368, 131031, 131042, 131048, 131064),
}
_CLASS_OF = {code: class_ for class_, codes in _CODES.items() for code in codes}
_NOT_REGISTERED = range(133000, 134000)
_TRIED_AGAIN: frozenset[FaultClass] = frozenset({"unreached", "account_throttle", "pair_throttle", "transient"})

WHAT_TO_DO = {
    0: "WHATSAPP_ACCESS_TOKEN is not accepted: make a new one and start the gateway again",
    10: "the token's app may not send for this number: give it whatsapp_business_messaging",
    190: "WHATSAPP_ACCESS_TOKEN has expired: make a permanent one for a system user and start the gateway again",
    368: "WhatsApp has blocked the account for a time, for a breach of its policy: see the Business Manager",
    131031: "the account is locked: see the Business Manager",
    131042: "there is a problem with the payment method: see the Business Manager",
    131048: "too many people blocked or reported the number: see its quality in the WhatsApp Manager",
}
"""Help for the operator, by error code."""


def class_of(code: int) -> FaultClass:
    """The class of an error code. An unknown code counts as `content`: the message is not sent again, and kept as a
    dead letter."""
    if code in _NOT_REGISTERED:
        return "account_stop"
    return _CLASS_OF.get(code, "content")


def class_of_status(status: int) -> FaultClass:
    """The class of an HTTP answer without a WhatsApp error code, which a proxy or another server may give."""
    if status >= 500:
        return "in_doubt"
    return "account_throttle" if status == 429 else "account_stop"


def is_tried_again(class_: str | None) -> bool:
    """Whether the message certainly was not sent, and is to be sent again."""
    return class_ in _TRIED_AGAIN


def pause(class_: str | None, tries: int) -> float:
    """Seconds until the next try after `tries` (1 or more) that ended in this class."""
    tries = min(tries, 8)
    match class_:
        case "pair_throttle":
            return float(min(4**tries, 1024))  # Meta's own advice
        case "transient":
            return float(min(30 * 2 ** (tries - 1), 600))
        case "account_throttle":
            return float(min(2 ** (tries + 1), 300))
        case "account_stop":
            return float(min(60 * 2 ** (tries - 1), 900))
        case _:
            return float(min(2 ** (tries - 1), 60))
