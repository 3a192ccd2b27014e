"""Stray runs: runs that may still work at the provider though no turn waits for them any more."""

from __future__ import annotations

from datetime import datetime

from chat.fold_constants import STOPPED_WITHIN, THREADLESS
from chat.state import Chat, Stray
from chat.turn import run_of
from events.decisions import Reply
from events.recorded import Recorded


def with_strays(before: Chat, after: Chat, recorded: Recorded) -> tuple[Stray, ...]:
    """The strays after `recorded`, which led from `before` to `after`.

    A turn leaves a run behind if it ends otherwise than by the model's answer, or goes on in another thread. This holds
    whether or not a run of it is known: one may have been requested at that moment. The second model leaves none.
    """
    turn, thread = before.turn, before.thread
    if turn is None or turn.fallback or thread is None or thread.backend in THREADLESS:
        return after.strays
    is_over = after.turn is None or after.turn.id != turn.id
    has_moved = after.thread is None or after.thread.id != thread.id
    is_answered = isinstance(recorded.event, Reply) and recorded.event.turn == turn.id and not turn.is_asked
    if is_answered or not (is_over or has_moved):
        return after.strays
    stray = Stray(turn.id, thread.backend, thread.id, run_of(turn.phase), recorded.at, turn.profile)
    return (*fresh(after.strays, recorded.at), stray)


def fresh(strays: tuple[Stray, ...], now: datetime) -> tuple[Stray, ...]:
    """The strays that may still be at work."""
    return tuple(stray for stray in strays if now - stray.at < STOPPED_WITHIN) if strays else strays
