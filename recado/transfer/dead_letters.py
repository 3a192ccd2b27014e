"""Publishes the event of a dead letter again, after a person has repaired the cause.

Gateways may write dead letters, but no orders. So the letter only points at an event: the log's own bytes are
published, to their own chat, and only if the log says that they were set aside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from chat.broken import BROKEN
from events import codec
from events.decisions import Ignored, Reply, TurnFailed
from events.inbound import INBOUND_TYPE_OF, LONGEST_ID, Control, Inbound, Message
from events.jetstream.dead_letters import DeadLetter
from events.log import EventLog
from events.recorded import UNREADABLE, Recorded, Unknown, Unreadable, unreadable_id
from events.subjects import header_value
from gateways.cloud.keeping import keep
from gateways.cloud.lines import Line, Lines
from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived, Unserved
from gateways.intake import Intake
from recado.settings.whatsapp import Number

_WEBHOOK = "webhook:"
_KINDS = {
    _WEBHOOK: "it is what Meta's webhook brought, which only the gateway reads, from Meta. Write to the person "
    "yourself: recado send",
    "device:": "it is what the linked device brought, which only the gateway reads, from WhatsApp. Write to the person "
    "yourself: recado send",
    "dlq:": "it is a reply that could not be sent, and only its chat makes replies. Write it yourself: recado send",
}


class CannotRetry(Exception):
    """The dead letter cannot be published again; the message says why, and what to do instead."""

    def __init__(self, letter: DeadLetter, why: str) -> None:
        super().__init__(f"dead letter {letter.id} cannot be tried again: {why}")


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """The event of the dead letter `letter` is in the log once more, at `seq` and under the id `id`; `duplicate` if
    another command stored this try at the same moment."""

    letter: int
    account: str
    chat: str
    type: str
    id: str
    seq: int
    duplicate: bool


async def retry(log: EventLog, letter: DeadLetter, numbers: Iterable[Number] = ()) -> Retried:
    """Store the letter's event again as `<id>~<n>`, its try number `n`; an update for one of `numbers` from before it
    was served, under its own id. A message counts as sent now: it is not too old to be answered.

    Raises CannotRetry, LogFull, EventTooLarge, LogUnavailable.
    """
    if letter.msg_id.startswith(_WEBHOOK) and not letter.seq:
        return await _from_webhook(log, letter, numbers)
    before = await _event(log, letter)
    key, event = before.key, cast(Inbound, before.event)
    stored = [recorded async for recorded in log.of_chat(key, (await log.head()).last + 1)]
    _check_set_aside(letter, before, stored)
    names = {recorded.msg_id for recorded in stored}
    n = 1
    while (name := f"{before.type}:{key.account}:{key.chat}:{event.id}~{n}") and header_value(name) in names:
        n += 1
    id_ = f"{event.id}~{n}"
    if isinstance(event, Message | Control):
        if len(id_) > LONGEST_ID:
            raise CannotRetry(letter, f"its id is too long for one more try ({len(id_)} characters of {LONGEST_ID})")
        event = msgspec.structs.replace(event, id=id_, at=None) if isinstance(event, Message) else _again(event, id_)
    appended = await log.publish(key, event, msg_id=name)
    return Retried(
        letter=letter.id,
        account=key.account,
        chat=key.chat,
        type=before.type,
        id=id_,
        seq=appended.seq,
        duplicate=appended.duplicate,
    )


async def _from_webhook(log: EventLog, letter: DeadLetter, numbers: Iterable[Number]) -> Retried:
    """Store an update for a number from before it was served. Only the number under whose id or account the letter lies
    counts: a gateway writes letters of its own account alone."""
    lines = Lines(
        {number.id: Line(number.account) for number in numbers if letter.account in (number.id, number.account)}
    )
    updates = Parser(lines).parse(b'{"entry":[{"changes":[%b]}]}' % letter.body)
    match updates:
        case [Arrived(key=key, event=event)]:
            if isinstance(event, Message):
                event = msgspec.structs.replace(event, at=None)
            appended = await keep(log, Intake(log), key, event)
        case [Unserved(number=number)]:
            what = f"the settings have no number {number}" if number else "it names no number"
            raise CannotRetry(letter, f"{what}: add it to WHATSAPP_NUMBERS")
        case _:
            raise CannotRetry(letter, _KINDS[_WEBHOOK])
    return Retried(
        letter=letter.id,
        account=key.account,
        chat=key.chat,
        type=INBOUND_TYPE_OF[type(event)],
        id=event.id,
        seq=appended.seq,
        duplicate=appended.duplicate,
    )


def _again(order: Control, id_: str) -> Control:
    return msgspec.structs.replace(order, id=id_)


async def _event(log: EventLog, letter: DeadLetter) -> Recorded:
    """The letter's event as the log has it. Raises CannotRetry."""
    if not letter.seq:
        kind = next((why for name, why in _KINDS.items() if letter.msg_id.startswith(name)), None)
        raise CannotRetry(letter, kind or "it says of no event of the log that it is one")
    raw = await log.read(letter.seq)
    if raw is None:
        raise CannotRetry(letter, f"the log has no event {letter.seq} any more (a chat that was erased)")
    recorded = codec.read(raw.seq, raw.subject, letter.at, raw.headers, raw.body)
    named = (recorded.side, recorded.key.account, recorded.key.chat, raw.body)
    if named != ("i", letter.account, letter.chat, letter.body):
        raise CannotRetry(letter, f"it is not what came in as event {letter.seq} of the log, whoever wrote it")
    if isinstance(recorded.event, Unreadable | Unknown):
        detail = recorded.event.detail if isinstance(recorded.event, Unreadable) else "its type is unknown"
        raise CannotRetry(letter, f"this recado cannot read it either ({detail}). Update recado, or have it sent again")
    return recorded


def _check_set_aside(letter: DeadLetter, event: Recorded, stored: list[Recorded]) -> None:
    """Raise CannotRetry unless the last that the chat decided about the event is that it was set aside."""
    id_ = cast(Inbound, event.event).id
    names, ending = {id_, unreadable_id(event.seq)}, "is not ended yet"
    for recorded in stored:
        decision = recorded.event
        if recorded.side != "o" or recorded.seq < event.seq:
            continue
        is_its = getattr(decision, "cause", None) == id_ or not names.isdisjoint(getattr(decision, "messages", ()))
        match decision:
            case Ignored(reason=reason) if is_its:
                ending = "" if reason == BROKEN or reason in UNREADABLE else f"ended as ignored: {reason}"
            case TurnFailed(error=error) if is_its:
                ending = "" if error.class_ == BROKEN else "ended as a failed turn: recado retry answers it"
            case Reply(in_reply_to=answered) if not names.isdisjoint(answered):
                ending = "was answered since"
    if ending:
        raise CannotRetry(letter, f"its event was not set aside, it {ending}")
