"""Messages to a chat's actor."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chat.commands import Command
from chat.work import Effect
from events.decisions import Decision
from events.log import Appended, EventTooLarge, WrongExpectedVersion
from events.recorded import Recorded


class Stored(msgspec.Struct, frozen=True):
    """An event of the chat is in the log; the projection may not have it yet."""

    recorded: Recorded


class Passivate(msgspec.Struct, frozen=True):
    """Leave memory, if nothing is pending and nothing is under way."""


class Owned(msgspec.Struct, frozen=True):
    """Tells whether this instance owns the chat. If not, finish the running turn, if there is one, and leave."""

    is_ours: bool


class AppendDone(msgspec.Struct, frozen=True):
    """A decision of this actor is in the log."""

    decision: Decision
    appended: Appended
    msg_id: str


class AppendRefused(msgspec.Struct, frozen=True):
    """A decision of this actor will never be in the log."""

    decision: Decision
    error: WrongExpectedVersion | EventTooLarge


class EffectDone(msgspec.Struct, frozen=True):
    """The commands that follow from an effect; ignored if the effect was cancelled."""

    effect: Effect
    commands: Sequence[Command]


class YieldOver(msgspec.Struct, frozen=True):
    """The chat was left to another instance for long enough."""


class LookAgain(msgspec.Struct, frozen=True):
    """A condition outside of the chat has changed: look at the pending work again."""


class EffectBroke(msgspec.Struct, frozen=True):
    """An effect or an append met a defect."""

    error: BaseException
