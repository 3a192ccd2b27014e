"""The state of a reply on its way. Receipts may be repeated and may come in any order; the furthest state counts."""

from __future__ import annotations

import msgspec

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
    """True if the gateway has nothing left to do. After `sending` and `in_doubt` the outcome is unknown."""
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


class Progress(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The state of a whole reply. The numbers are those of its messages, as in Receipt.

    - `state`: the furthest state of the whole; None before its first receipt.
    - `in_words`: messages whose file did not go: their plain reading went, or goes, in its place.
    - `failed`: messages that could not be sent, or were refused later.
    - `arrived`: messages that are on the phone.
    """

    state: ReceiptState | None = None
    in_words: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    arrived: tuple[int, ...] = ()

    @property
    def missing(self) -> frozenset[int]:
        """The messages that the person does not have as they were meant."""
        return frozenset(self.in_words).union(set(self.failed).difference(self.arrived))

    @property
    def counts_as(self) -> ReceiptState | None:
        """The state by which lists count the reply: one that arrived in part has `failed`."""
        if self.state in _TAKEN and (self.in_words or self.failed) and self.missing:
            return "failed"
        return self.state

    def after(
        self, state: ReceiptState, part: int = 0, parts: int = 0, template: str | None = None, file: str = ""
    ) -> Progress:
        """The progress after a receipt with these fields; the very same object if it tells nothing new."""
        now = furthest(self.state, of_whole(state, part, parts, template))
        in_words, failed, arrived = self.in_words, self.failed, self.arrived
        if template is None and file:
            in_words = _with(in_words, part)
        elif template is None and parts > 1 and state == "failed":
            failed = _with(failed, part)
        elif template is None and parts > 1 and state in ("delivered", "read"):
            arrived = _with(arrived, part)
        if now == self.state and (in_words, failed, arrived) == (self.in_words, self.failed, self.arrived):
            return self
        return Progress(now, in_words, failed, arrived)


_TAKEN = frozenset({"accepted", "sent", "delivered", "read"})
_MOST = 100
"""Numbers of messages that are remembered; a reply has fewer."""


def _with(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    if number in numbers or len(numbers) >= _MOST:
        return numbers
    return tuple(sorted((*numbers, number)))
