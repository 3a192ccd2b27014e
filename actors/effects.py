"""Work of a chat that takes time. Each effect is started, and tells its outcome to the actor as a command."""

from __future__ import annotations

import asyncio

import structlog

from actors.instance import Instance
from backends.protocol import ReplyFailed, ReplyRequest
from chat.context import window
from chat.decide import Answered, Failed
from chat.pending import WriteReply
from events.decisions import Decision, Ignored, TokenUsage
from events.ids import ChatKey
from events.log import Appended, EventTooLarge, LogFull, LogUnavailable
from events.recorded import UNREADABLE

log = structlog.get_logger("recado.actors")

_LONGEST_PAUSE = 5.0
"""Seconds between two tries of an append that the log refuses."""


async def write_reply(instance: Instance, key: ChatKey, work: WriteReply) -> Answered | Failed:
    """Have the backend answer the turn. The context is read once the projection has seen `turn_started`."""
    await instance.progress.reached(work.seq)
    request = ReplyRequest(
        account=key.account,
        chat=key.chat,
        turn=work.turn,
        thread=work.thread,
        history=window(instance.reads.context(key, instance.history, work.reset_upto), instance.history),
        messages=instance.reads.lines_of(key, work.messages),
        patience=instance.run_timeout,
    )
    instance.busy += 1
    try:
        answer = await instance.backend.reply(request)
    except ReplyFailed as failure:
        return Failed(work.turn, failure.error_class, failure.detail)
    finally:
        instance.busy -= 1
    usage = TokenUsage(answer.usage.input_tokens, answer.usage.output_tokens)
    return Answered(work.turn, answer.text, answer.model, answer.run, usage)


async def append(instance: Instance, key: ChatKey, decision: Decision, expected: int) -> tuple[Appended, str]:
    """Append until the log has answered; returns where the decision stands and its message id.

    The same message id is kept through every try, so a try whose answer was lost is found again. Raises
    WrongExpectedVersion and EventTooLarge.
    """
    msg_id = instance.decision_id()
    if isinstance(decision, Ignored):
        await _bury(instance, key, decision)
    pause = 0.1
    instance.busy += 1
    try:
        while True:
            try:
                return await instance.log.append(key, decision, expected=expected, msg_id=msg_id), msg_id
            except (LogUnavailable, LogFull) as refusal:
                log.warning("append_refused", decision=type(decision).__name__, reason=str(refusal), retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
    finally:
        instance.busy -= 1


async def _bury(instance: Instance, key: ChatKey, ignored: Ignored) -> None:
    """Keep what nobody could read as dead letters, before it is ended."""
    if ignored.reason not in UNREADABLE:
        return
    for message in ignored.messages:
        seq = int(message.removeprefix("seq:"))
        pause = 0.1
        while True:
            try:
                raw = await instance.log.read(seq)
                if raw is not None:
                    await instance.log.bury(key.account, raw.body, reason=ignored.reason, msg_id=f"dlq:{seq}")
                break
            except (LogFull, EventTooLarge) as refusal:
                log.error("not_a_dead_letter", seq=seq, reason=str(refusal), kept="in the log itself")  # noqa: TRY400
                break
            except LogUnavailable as refusal:
                log.warning("dead_letter_refused", seq=seq, reason=str(refusal), retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
