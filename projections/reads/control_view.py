"""The view of an order about a chat."""

from __future__ import annotations

from datetime import datetime

import msgspec

from events.parts import Part


class ControlView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order about a chat.

    - `outcome`: the decision that obeyed or refused it; None: it is pending.
    - `reason`: the reason of a refusal.
    - `unchanged`: as in the decision: the order changed nothing.
    - `to`, `add`, `remove`: as in `control`.
    - `repeats`: how often it came again with the same id, the last time as `repeat_seq` at `repeat_at`.
    """

    seq: int
    id: str
    at: datetime
    command: str
    by: str | None = None
    until: datetime | None = None
    text: str | None = None
    messages: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    quote: str | None = None
    to: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    outcome: str | None = None
    outcome_seq: int | None = None
    outcome_at: datetime | None = None
    reason: str | None = None
    unchanged: bool = False
    repeats: int = 0
    repeat_seq: int | None = None
    repeat_at: datetime | None = None
