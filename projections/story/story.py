"""The story of a message, a reply, an order or a turn, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from events.decisions import MediaRead, Reply, TurnFailed
from events.inbound import Edit
from events.recorded import Recorded
from projections.now_steps import message_now, turn_now, unowned
from projections.reads.views import Entry, TurnView, Why, reading_of
from projections.story.order import order_now, order_steps
from projections.story.reasons import because
from projections.story.reply import receipt_step, reply_now
from projections.story.step import Step, lasting, names
from projections.story.turn import during, reply_step, turn_steps

_CLOCKS = timedelta(seconds=1)
"""A message that was sent so shortly before it came in was sent when it came in."""


def story(
    known: Why, now: datetime, facts: Sequence[Recorded] = (), owners: Mapping[int, str] | None = None
) -> list[Step]:
    """What happened, in order of time, and at the end, where something is still to come, steps of the kind `now`.

    `facts` are the events that `facts_of` found; without them tools, files and adoptions stay untold. `owners` names
    the instance of each partition that has one; None: nobody was asked. `now` is the bus's time.
    """
    if known.control is not None:
        told, standing = list(order_steps(known.control)), order_now(known.control, now)
    elif known.entry is not None and known.what == "message":
        told, standing = list(_message(known, known.entry, facts)), _message_now(known, known.entry, facts, now)
    elif known.entry is not None:
        told, standing = list(_reply(known, known.entry, facts)), reply_now(known.entry, known.receipts, now)
    elif known.turn is not None:
        told, standing = list(_whole_turn(known, known.turn, facts)), _turn_now(known, known.turn, facts, now)
    else:
        return []
    told += [receipt_step(one) for one in known.receipts]
    steps = _in_order(told)
    if standing is not None:
        steps.append(standing)
        is_owed = known.control is not None or known.what == "turn" or (known.entry is not None and _is_open(known))
        alone = unowned(known, owners) if is_owed else None
        steps += [alone] if alone is not None else []
    return steps


def _is_open(known: Why) -> bool:
    return known.entry is not None and known.what == "message" and known.entry.ending is None


def _message(known: Why, entry: Entry, facts: Sequence[Recorded]) -> Iterator[Step]:
    if entry.sent_at is not None and abs(entry.at - entry.sent_at) >= _CLOCKS:
        yield Step(at=entry.sent_at, kind="sent", what="the person sent it")
    what = f"received from {entry.name or (entry.sender or '?').removesuffix('@s.whatsapp.net')} and stored"
    kind = "" if entry.kind in (None, "text") else f" ({entry.kind})"
    yield Step(at=entry.at, kind="received", what=what + kind, detail=entry.text or entry.detail, seq=entry.seq)
    yield from _rewrites(entry, facts)
    if entry.repeats:
        times = f", {entry.repeats} times, the last time" if entry.repeats > 1 else ""
        what = f"it came again with the same id{times}: counted, not answered again"
        yield Step(at=entry.repeat_at, kind="repeated", what=what, seq=entry.repeat_seq)
    turns = [*known.former_turns, *([known.turn] if known.turn is not None else ())]
    if turns:
        yield from _waited(entry, turns[0], facts)
    for turn in turns:
        yield from turn_steps(turn, during(turn, facts))
    heard = reading_of(entry)
    if heard is not None and not any(isinstance(one.event, MediaRead) for one in facts):
        form = f"not read: {because(heard.reason)}" if heard.form == "nothing" else f"read as {heard.form}"
        yield Step(at=heard.at, kind="file", what=f"its file was {form}", detail=heard.text or heard.detail)
    if entry.ending == "ignored":
        what = f"it got no reply: {because(entry.reason)}"
        yield Step(at=entry.ended_at, kind="ignored", what=what, seq=entry.ended_seq)
    if known.reply is not None:
        turn = known.turn
        yield reply_step(known.reply, turn, during(turn, facts) if turn is not None else ())
    if known.apology is not None:
        yield reply_step(known.apology, None, ())


def _rewrites(entry: Entry, facts: Sequence[Recorded]) -> Iterator[Step]:
    edits = [one for one in facts if isinstance(one.event, Edit) and one.event.of == entry.id]
    for one in edits:
        if isinstance(one.event, Edit):
            text = one.event.text if entry.revoked_at is None else None
            yield Step(at=one.at, kind="edited", what="its sender edited it", detail=text, seq=one.seq)
    if entry.edited_at is not None and all(one.at < entry.edited_at for one in edits):
        yield Step(at=entry.edited_at, kind="edited", what="its sender edited it", detail=entry.edited)
    if entry.revoked_at is not None:
        yield Step(at=entry.revoked_at, kind="deleted", what="its sender deleted it")


def _waited(entry: Entry, turn: TurnView, facts: Sequence[Recorded]) -> Iterator[Step]:
    """What a message waited for before its first turn: another turn, or the rest of what the person was writing."""
    before = next(
        (
            one.event.turn
            for one in facts
            if one.seq < turn.seq and isinstance(one.event, Reply | TurnFailed) and one.event.turn is not None
        ),
        None,
    )
    others = [id_ for id_ in turn.messages if id_ != entry.id]
    together = f", together with {names(others)}" if others else ""
    for_what = f"for turn {before} before it to end, and for the burst to end" if before else "for the burst to end"
    what = f"waited {lasting(turn.at - entry.at)} {for_what}{together}"
    yield Step(at=turn.at, kind="waited", what=what)


def _message_now(known: Why, entry: Entry, facts: Sequence[Recorded], now: datetime) -> Step | None:
    if entry.ending is None:
        turn = known.turn
        return message_now(entry, known, during(turn, facts) if turn is not None else (), now)
    said = known.reply or known.apology
    return reply_now(said, known.receipts, now) if said is not None else None


def _reply(known: Why, entry: Entry, facts: Sequence[Recorded]) -> Iterator[Step]:
    turn = known.turn
    mine = during(turn, facts) if turn is not None else []
    if turn is not None:
        yield _answered(turn)
        yield from turn_steps(turn, mine)
    step = reply_step(entry, turn if entry.about is None else None, mine)
    to = f", to {names(entry.in_reply_to)}" if entry.in_reply_to else ""
    yield msgspec.structs.replace(step, what=step.what + to)


def _whole_turn(known: Why, turn: TurnView, facts: Sequence[Recorded]) -> Iterator[Step]:
    mine = during(turn, facts)
    yield _answered(turn)
    yield from turn_steps(turn, mine)
    for said in (known.reply, known.apology):
        if said is not None:
            yield reply_step(said, turn, mine)


def _answered(turn: TurnView) -> Step:
    return Step(at=turn.at, kind="waited", what=f"the burst had ended: {names(turn.messages)}")


def _turn_now(known: Why, turn: TurnView, facts: Sequence[Recorded], now: datetime) -> Step | None:
    if turn.state == "running":
        return turn_now(turn, known, during(turn, facts), now)
    said = known.reply or known.apology
    return reply_now(said, known.receipts, now) if said is not None else None


def _in_order(steps: list[Step]) -> list[Step]:
    """By time; what has none stays behind what it was told after."""
    timed: list[tuple[datetime, Step]] = []
    last = datetime.min.replace(tzinfo=UTC)
    for step in steps:
        last = step.at or last
        timed.append((last, step))
    return [step for _, step in sorted(timed, key=lambda pair: pair[0])]
