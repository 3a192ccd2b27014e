"""Meta's error codes: the class of each, by decision, and the advice for a person.

Sources, as stored on 2026-11-29:

- Meta's page "WhatsApp error codes", updated 2026-06-18:
  https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
- Meta's page "Handling errors" of the Graph API, for the codes below 700 and the subcodes of 100 and 190:
  https://developers.facebook.com/docs/graph-api/guides/error-handling
- [old] codes of older versions of the first page, which gateways of Meta's partners still pass on.
- [seen] a code in neither page that other programs have met.

The same codes come in the answer to a POST and, later, in a status `failed`. A code that is not here is `unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

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
    "unknown",
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
- `unknown`: a refusal with a code that is not in TABLE.
"""


class Known(NamedTuple):
    """A row of the table: the class, and advice. Empty advice: recado does all that can be done."""

    class_: FaultClass
    do: str = ""


_SIGN_IN = "make a permanent token for a system user, put it into WHATSAPP_ACCESS_TOKEN and start the gateway again"
_RIGHTS = (
    "the token may not send for this number: give its system user the app and the WhatsApp account with full "
    "control, and the token the permissions whatsapp_business_messaging and whatsapp_business_management"
)
_NUMBER = (
    "no number has the id in WHATSAPP_PHONE_NUMBER_ID, or the token may not see it: copy the id from WhatsApp > API "
    "Setup, and give the token's system user this WhatsApp account"
)
_REGISTER = "register the number for the Cloud API: WhatsApp Manager > Phone numbers, or POST /<number id>/register"
_PAYMENT = "see the payment method of the WhatsApp account in the Business Manager > Billing"
_POLICY = "see Business Support Home in the Business Manager: it says what was broken, and takes an appeal"
_LIST = "recado template list shows what it takes and its status"
_QUALITY = "see the number's quality in the WhatsApp Manager: people block or report it"

_ABOUT_THE_ACCOUNT: Mapping[int, str] = {
    0: _SIGN_IN,
    3: _RIGHTS,
    10: _RIGHTS,
    33: _NUMBER,
    102: _SIGN_IN,
    104: "the app wants signed calls: switch off App settings > Advanced > Require app secret",
    190: _SIGN_IN,
    **dict.fromkeys(range(200, 300), _RIGHTS),
    368: f"WhatsApp has blocked the account for a time: {_POLICY}",
    131005: _RIGHTS,
    131031: f"the account is locked: {_POLICY}",
    131037: "the number's display name is not approved yet: see WhatsApp Manager > Phone numbers > Name",
    131042: _PAYMENT,
    131045: f"the number's certificate is another one: {_REGISTER}",
    131048: _QUALITY,
    131064: "templates were put into a wrong category too often: see WhatsApp Manager > Message templates",
    133000: f"an earlier deregistration was not completed: {_REGISTER}",
    133001: _REGISTER,  # [old]
    133002: _REGISTER,  # [old]
    133003: _REGISTER,  # [old]
    133005: f"the PIN of the two-step verification is another one: {_REGISTER}",
    133006: f"the number has to be verified again: {_REGISTER}",
    133007: f"the number is blocked: {_POLICY}",  # [old]
    133008: "too many guesses of the PIN: wait as long as the message says, then register the number",
    133009: "guesses of the PIN came too fast: wait as long as the message says, then register the number",
    133010: _REGISTER,
    133015: "the number was removed a moment ago: wait five minutes, then register it",
    133016: "the number was registered too often: it is locked for 72 hours",
    134011: f"the terms of WhatsApp Payments are not accepted: {_PAYMENT}",
    136024: _REGISTER,
    136025: _REGISTER,  # [old]
}
_ABOUT_THE_PERSON: Mapping[int, str] = {
    130403: "your business has blocked this person: unblock them in the WhatsApp Manager",
    130472: "Meta holds back marketing from this person, as an experiment",
    130497: "the account may not write to people of this country: see Meta's policy on what you sell",
    131021: "this is the business's own number",
    131026: "the person has no WhatsApp, an old version of it, or has not accepted its new terms",
    131030: (
        "a test number writes only to the (at most five) phones of WhatsApp > API Setup > To > Manage phone number "
        "list: add this one. Argentina and Mexico: WhatsApp names such a phone in another written form than the list "
        "(549… for 54… 15…, 521… for 52…), so add it in both forms, or use a number of your own"
    ),
    131043: "the message was not delivered in its lifetime",  # [old]
    131049: "Meta keeps marketing to this person rare: write when they have written, or after a day",
    131050: "the person wants no marketing messages from you",
    131062: "this message needs the person's phone number, and only their user id is known",
    137000: "the person has no WhatsApp",  # [seen]
}
_ABOUT_THE_MESSAGE: Mapping[int, str] = {
    100: "WhatsApp does not take this message",
    506: "the same message was sent a moment ago",  # [old]
    131001: "the message is too long",  # [old]
    131002: "the recipient's type is wrong",  # [old]
    131006: "what the message refers to does not exist",  # [old]
    131008: "a part is missing",
    131009: "a part has a value that WhatsApp does not take",
    131051: "WhatsApp does not know this type of message",
    131052: "WhatsApp could not load the file",
    131053: "WhatsApp could not take the file: see its type and size",
    131055: "only marketing templates go this way",
    131063: "marketing is switched off for this API",
    135000: "WhatsApp does not take this message, and does not say why: see its parts",
    132000: f"the template takes another number of values, or was changed meanwhile: {_LIST}",
    132001: f"there is no approved template of this name in this language: {_LIST}",
    132005: "with its values the template is too long: give shorter ones",
    132007: "the template breaks a policy of WhatsApp's: see it in the WhatsApp Manager, and take another",
    132012: f"a value of the template has another form than it takes, or it was changed meanwhile: {_LIST}",
    132015: "Meta has paused the template, since people block or report it: wait some hours, or take another",
    132016: "Meta has disabled the template for good, since people block or report it: make another",
    132018: f"the values of the template are not as WhatsApp takes them: {_LIST}",
    132068: "the form (Flow) of the template is blocked: see it in the WhatsApp Manager > Account tools > Flows",
    134100: "only marketing templates go this way: choose one of the category marketing",
    134102: "the template cannot be sent this way: see it in the WhatsApp Manager",
}
_OF_OTHERS: Mapping[FaultClass, Mapping[int, str]] = {
    "account_stop": _ABOUT_THE_ACCOUNT,
    "recipient": _ABOUT_THE_PERSON,
    "content": _ABOUT_THE_MESSAGE,
    "window_closed": {131047: "name an approved template in RECADO_WINDOW_TEMPLATE, which then goes out in its stead"},
    "account_throttle": dict.fromkeys((4, 17, 32, 613, 80007, 80008, 130429), ""),
    "pair_throttle": {131056: ""},
    "transient": {
        2: "",
        131016: "",
        131057: "the account is being maintained by Meta",
        131060: "",
        132069: "",
        133004: "",
        134101: "the template is new, and ready within ten minutes",
        2494100: "the number is being maintained by Meta",
    },
    "in_doubt": {1: "", 131000: ""},
}

TABLE: Mapping[int, Known] = {
    code: Known(class_, do) for class_, codes in _OF_OTHERS.items() for code, do in codes.items()
}
"""By code."""

SUBCODES: Mapping[tuple[int, int], Known] = {
    (100, 33): Known("account_stop", _NUMBER),
    (190, 458): Known("account_stop", f"the app was removed from the account: {_SIGN_IN}"),
    (190, 460): Known("account_stop", f"the password of the token's user was changed: {_SIGN_IN}"),
    (190, 463): Known("account_stop", f"the token has expired (that of API Setup lives one day): {_SIGN_IN}"),
    (190, 467): Known("account_stop", f"the token was withdrawn: {_SIGN_IN}"),
}
"""By code and subcode, where the subcode says more than the code."""

UNKNOWN = Known("unknown", "recado does not know this code: see what WhatsApp says beside it, and Meta's list of codes")


def known(code: int | None, subcode: int | None = None) -> Known:
    """The row of a code; UNKNOWN for one that is in no list."""
    if code is None:
        return UNKNOWN
    if subcode is not None and (code, subcode) in SUBCODES:
        return SUBCODES[code, subcode]
    return TABLE.get(code, UNKNOWN)


def twice() -> Iterator[int]:
    """The codes that stand in two classes: none should."""
    seen: set[int] = set()
    for codes in _OF_OTHERS.values():
        yield from seen.intersection(codes)
        seen.update(codes)
