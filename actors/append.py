"""Appends a decision to the log, and tries again for as long as the log refuses it."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from actors.instance import Instance
from actors.persistence import persistently
from chat.broken import BROKEN, Held
from chat.informing import is_informing
from events.backoff import Backoff
from events.codec import INFORMS, JOINS, TEAMWORK
from events.decisions import Decision, Erased, Ignored, Reply
from events.joining import Joined
from events.log import Appended, EventTooLarge, LogFull, LogUnavailable
from events.recorded import UNREADABLE, unreadable_seq
from events.subjects import ChatKey
from events.teamwork import Teamwork

log = structlog.get_logger("recado.actors")

_NOTHING = Held()

_LONGEST_PAUSE = 5.0
"""Longest pause in seconds between two tries of an append that the log refuses."""


async def append(
    instance: Instance, key: ChatKey, decision: Decision, expected: int, held: Held = _NOTHING
) -> tuple[Appended, str]:
    """Append the decision; returns its place in the log and its message id. The events that it sets aside (`held`, and
    unreadable bytes) are kept as dead letters first.

    Tries again while the log is full or unavailable. Every try has the same message id, so the log recognises a try
    whose answer was lost. Raises WrongExpectedVersion, EventTooLarge, and Fenced if the instance may not act any more.
    """
    msg_id = instance.decision_id()
    if isinstance(decision, Ignored) and decision.reason in UNREADABLE:
        unreadable = map(unreadable_seq, decision.messages)
        await _bury(instance, key, decision.reason, [seq for seq in unreadable if seq is not None])
    elif held != _NOTHING:
        await _bury(instance, key, BROKEN, (*held.seqs, *instance.reads.seqs_of(key, held.messages)))
    if isinstance(decision, Joined):
        await persistently(instance, "mark", lambda: instance.log.mark(JOINS))
    elif isinstance(decision, Reply) and is_informing(decision):
        await persistently(instance, "mark", lambda: instance.log.mark(INFORMS))
    elif isinstance(decision, Teamwork):
        await persistently(instance, "mark", lambda: instance.log.mark(TEAMWORK))
    last = decision.upto if isinstance(decision, Erased) and not decision.done else None
    pause = Backoff(0.1, _LONGEST_PAUSE)
    instance.busy += 1
    try:
        while True:
            instance.fence.check()
            try:
                return await instance.log.append(key, decision, expected=expected, msg_id=msg_id, last=last), msg_id
            except (LogUnavailable, LogFull) as refusal:
                log.warning(
                    "append_refused", decision=type(decision).__name__, reason=str(refusal), retry_in=pause.seconds
                )
            await pause.wait()
    finally:
        instance.busy -= 1


async def _bury(instance: Instance, key: ChatKey, reason: str, seqs: Iterable[int]) -> None:
    """Keep the events at `seqs` as dead letters."""
    for seq in seqs:
        name, pause = f"dlq:{seq}", Backoff(0.1, _LONGEST_PAUSE)
        while True:
            try:
                raw = await instance.log.read(seq)
                if raw is not None:
                    await instance.log.bury(key.account, raw.body, reason=reason, msg_id=name, chat=key.chat, seq=seq)
                break
            except (LogFull, EventTooLarge) as refusal:
                log.error("not_a_dead_letter", seq=seq, reason=str(refusal), kept="in the log itself")  # noqa: TRY400
                break
            except LogUnavailable as refusal:
                log.warning("dead_letter_refused", seq=seq, reason=str(refusal), retry_in=pause.seconds)
            await pause.wait()
