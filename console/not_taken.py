"""An order of the desk that was not taken."""

from __future__ import annotations

from console.languages import Worded


class NotTaken(Worded):
    """An order that was not taken, because of `field` if one is named. `same`: pressed again, it is the same order;
    otherwise the form gets a fresh id."""

    def __init__(self, status: int, reason: str, /, *, same: bool = False, field: str = "", **values: object) -> None:
        super().__init__(reason, values)
        self.status = status
        self.same = same
        self.field = field
