"""The state of a reply on its way. Receipts may be repeated and may come in any order; the furthest state counts."""

from __future__ import annotations

from events.inbound import ReceiptState

_RANK: dict[ReceiptState, int] = {
    "sending": 1,
    "in_doubt": 2,
    "parked": 3,
    "accepted": 4,
    "sent": 5,
    "failed": 6,
    "delivered": 7,
    "read": 8,
}


def furthest(one: ReceiptState | None, other: ReceiptState) -> ReceiptState:
    """The state that says more of the reply's way; a state never runs backwards.

    `failed` outranks `accepted`, because providers take a message first and refuse it later; what was parked in doubt
    is overruled by any word of the provider's.
    """
    return other if one is None or _RANK[other] > _RANK[one] else one


def is_settled(state: ReceiptState | None) -> bool:
    """Whether the gateway has nothing left to do. `sending` and `in_doubt` are not: the outcome is unknown."""
    return state is not None and _RANK[state] >= _RANK["parked"]


def of_whole(state: ReceiptState, part: int, parts: int, template: str | None) -> ReceiptState:
    """What a receipt with these fields says of the whole reply.

    Parts are sent in order, each after WhatsApp has taken the one before: so the last part's state is the whole's, a
    part before it is only on the way, and one that could not be sent ends it. What becomes of a template in the reply's
    stead changes nothing: the reply itself was not delivered.
    """
    if template is not None:
        return "failed"
    if part < parts and state in ("accepted", "sent", "delivered", "read"):
        return "sending"
    return state
