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
    """The state that tells more about the reply; a state never goes back.

    `failed` outranks `accepted`, because providers accept a message first and refuse it later. Any state from the
    provider outranks `parked`, which is only a doubt.
    """
    return other if one is None or _RANK[other] > _RANK[one] else one


def is_settled(state: ReceiptState | None) -> bool:
    """Whether the gateway has nothing left to do. After `sending` and `in_doubt` the outcome is unknown."""
    return state is not None and _RANK[state] >= _RANK["parked"]


def of_whole(state: ReceiptState, part: int, parts: int, template: str | None) -> ReceiptState:
    """The state of the whole reply according to a receipt with these fields.

    Parts are sent in order, each after WhatsApp has accepted the one before. So the last part's state is that of the
    reply, an earlier part leaves it `sending`, and a part that could not be sent ends it. A template's receipt leaves
    the reply `failed`: the reply itself was not delivered.
    """
    if template is not None:
        return "failed"
    if part < parts and state in ("accepted", "sent", "delivered", "read"):
        return "sending"
    return state
