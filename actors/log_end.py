"""The last decision of a chat in the log, as far as the chat's actor knows it. An append names it, and is refused if
the log has another one."""

from __future__ import annotations

import msgspec

from events.log import WrongExpectedVersion


class InStep(msgspec.Struct, frozen=True):
    """It is the last decision that the actor folded."""


class Shorter(msgspec.Struct, frozen=True):
    """It has the sequence `last`, below the folded one, which was deleted from the log or was a stray."""

    last: int


class Behind(msgspec.Struct, frozen=True):
    """It is another instance's, with the sequence `last`; the tail may not have brought it yet."""

    last: int


LogEnd = InStep | Shorter | Behind

IN_STEP = InStep()


def after_conflict(error: WrongExpectedVersion) -> Shorter | Behind:
    """The log's end as a refused append tells it."""
    return Shorter(error.actual) if error.actual < error.expected else Behind(error.actual)


def expected(end: LogEnd, folded: int) -> int | None:
    """Sequence of the last decision for the next append to name, if the actor has folded up to `folded`. None: the
    actor must not append before the tail brings another instance's decision."""
    match end:
        case InStep():
            return folded
        case Shorter(last):
            return last
        case Behind(last):
            return folded if folded >= last else None
