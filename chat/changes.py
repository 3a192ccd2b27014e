"""The fields of a chat that a decision changes: the result of each fold."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from chat.state import (
    Closing,
    Early,
    Erasing,
    Hand,
    Joint,
    OpenAttention,
    Order,
    Pause,
    Rewrite,
    SenderCount,
    Spent,
    Stray,
    Thread,
    ToldReason,
    Unsent,
    Waiting,
)
from chat.turn import Turn
from events.parts import Option
from events.teamwork import State


class Changes(TypedDict, total=False):
    """New values for fields of `Chat` (its docstring says what they hold); a field that is left out stays."""

    waiting: tuple[Waiting, ...]
    turn: Turn | None
    thread: Thread | None
    pause: Pause | None
    orders: tuple[Order, ...]
    apology: str | None
    reset_upto: int
    notice: str | None
    strays: tuple[Stray, ...]
    spent: Spent | None
    notice_reason: str
    hand: Hand | None
    attention: OpenAttention | None
    rewrites: tuple[Rewrite, ...]
    rewritten: int
    admission: str
    stopped: bool
    told: tuple[ToldReason, ...]
    hour: int
    senders: tuple[SenderCount, ...]
    replied: datetime | None
    quick: int
    our_message_ids: tuple[str, ...]
    early: tuple[Early, ...]
    erasing: Erasing | None
    began_at: int
    unsent: Unsent | None
    into: str
    closing: Closing | None
    joints: tuple[Joint, ...]
    told_to_wait: str
    last_wrote: datetime | None
    question: tuple[Option, ...]
    opted_out: bool
    acknowledged: str
    assigned: str
    labels: tuple[str, ...]
    state: State
    state_upto: int
    snoozed_until: datetime | None
    unanswered: datetime | None
    wrote: int
    by_hand: int
