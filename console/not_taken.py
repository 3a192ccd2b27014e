"""The refusal of an order's form."""

from __future__ import annotations


class NotTaken(Exception):
    """An order that was not taken, because of `field` if one is named. `same`: pressed again, it is the same order;
    otherwise the form gets a fresh id."""

    def __init__(self, status: int, reason: str, *, same: bool = False, field: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.same = same
        self.field = field
