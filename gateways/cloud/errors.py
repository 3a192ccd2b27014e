"""The meaning of WhatsApp's errors for a message: sent again, parked or failed. The codes are in error_table."""

from __future__ import annotations

from msgspec import UNSET

from events.inbound import ReceiptError
from events.numbers import whole_number
from gateways.cloud.error_table import FaultClass, known

LONGEST_DETAIL = 500
"""Characters of the provider's own words in a receipt."""

_MOST_CODE = 2**53
_TRIED_AGAIN: frozenset[FaultClass] = frozenset(
    {"unreached", "account_throttle", "pair_throttle", "transient", "unknown"}
)


def told(code: object, detail: str, *, subcode: object = None, status: int = 400) -> ReceiptError:
    """The error of a receipt, for an error that Meta has named by `code`; `status` is that of the HTTP answer.

    A code in no list proves that the message was refused only if the answer is a 4xx.
    """
    number = number_of(code)
    row = known(number, number_of(subcode))
    class_ = row.class_
    if class_ == "unknown" and not 400 <= status < 500:
        class_ = "in_doubt"
    return ReceiptError(code=number, class_=class_, detail=detail[:LONGEST_DETAIL], do=row.do or UNSET)


def number_of(code: object) -> int | None:
    """A code in any form that Meta's servers may write; None for anything else."""
    if isinstance(code, str):
        code = whole_number(code)
    return code if isinstance(code, int) and not isinstance(code, bool) and abs(code) < _MOST_CODE else None


def class_of_status(status: int) -> FaultClass:
    """The class of an HTTP answer without a WhatsApp error, which a proxy or another server may give."""
    if status >= 500:
        return "in_doubt"
    return "account_throttle" if status == 429 else "account_stop"


def is_tried_again(class_: str | None) -> bool:
    """True if the message certainly was not sent, and is to be sent again."""
    return class_ in _TRIED_AGAIN


def pause(class_: str | None, tries: int) -> float:
    """Seconds until the next try after `tries` (1 or more) that ended in this class."""
    tries = min(tries, 8)
    match class_:
        case "pair_throttle":
            return float(min(4**tries, 1024))  # Meta's own advice
        case "transient":
            return float(min(30 * 2 ** (tries - 1), 600))
        case "unknown":
            return float(min(30 * 2 ** (tries - 1), 1800))
        case "account_throttle":
            return float(min(2 ** (tries + 1), 300))
        case "account_stop":
            return float(min(60 * 2 ** (tries - 1), 900))
        case _:
            return float(min(2 ** (tries - 1), 60))
