"""The story of a message, a reply, an order or a turn, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from events.phrases import Phrase, Together
from events.recorded import Recorded
from projections.reads.views import Entry, TurnView, Why
from projections.story.message import message_now, message_steps
from projections.story.order import order_now, order_steps
from projections.story.reply import receipt_step, reply_now, reply_step
from projections.story.step import Step, names, unowned
from projections.story.turn import during, turn_now, turn_steps

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def story(
    known: Why, now: datetime, facts: Sequence[Recorded] = (), owners: Mapping[int, str] | None = None
) -> list[Step]:
    """The past steps in order of time; at the end, where something is still to come, steps of the kind `now`.

    - `facts`: the events that `facts_of` found; without them tools, files and adoptions are left out.
    - `owners`: the instance of each partition that has one; None: unknown.
    - `now`: the bus's time.
    """
    if known.control is not None:
        told, standing = list(order_steps(known.control)), order_now(known.control, now)
    elif known.entry is not None and known.what == "message":
        told, standing = list(message_steps(known, known.entry, facts)), message_now(known, known.entry, facts, now)
    elif known.entry is not None:
        told, standing = list(_reply(known, known.entry, facts)), reply_now(known.entry, known.receipts, now)
    elif known.turn is not None:
        told, standing = list(_whole_turn(known, known.turn, facts)), _turn_now(known, known.turn, facts, now)
    else:
        return []
    sent = next((one for one in (known.reply, known.apology, known.entry) if one is not None), None)
    told += [receipt_step(one, sent.parts if sent is not None else ()) for one in known.receipts]
    steps = _in_order(told)
    if standing is not None:
        steps.append(standing)
        is_owed = known.control is not None or known.what == "turn" or (known.entry is not None and _is_open(known))
        alone = unowned(known, owners) if is_owed else None
        steps += [alone] if alone is not None else []
    return steps


def _is_open(known: Why) -> bool:
    return known.entry is not None and known.what == "message" and known.entry.ending is None


def _reply(known: Why, entry: Entry, facts: Sequence[Recorded]) -> Iterator[Step]:
    turn = known.turn
    mine = during(turn, facts) if turn is not None else []
    if turn is not None:
        yield _answered(turn)
        yield from turn_steps(turn, [one for one in mine if one.seq != entry.seq])
    step = reply_step(entry, turn if entry.about is None else None, mine)
    to = Phrase(", to %(messages)s", messages=names(entry.in_reply_to)) if entry.in_reply_to else ""
    yield msgspec.structs.replace(step, what=Together([step.what, to], ""))


def _whole_turn(known: Why, turn: TurnView, facts: Sequence[Recorded]) -> Iterator[Step]:
    mine = during(turn, facts)
    yield _answered(turn)
    yield from turn_steps(turn, mine)
    for said in (known.reply, known.apology):
        if said is not None:
            yield reply_step(said, turn, mine)


def _answered(turn: TurnView) -> Step:
    what = Phrase("the burst had ended: %(messages)s", messages=names(turn.messages))
    return Step(at=turn.at, kind="waited", what=what)


def _turn_now(known: Why, turn: TurnView, facts: Sequence[Recorded], now: datetime) -> Step | None:
    if turn.state == "running":
        return turn_now(turn, known, during(turn, facts), now)
    said = known.reply or known.apology
    return reply_now(said, known.receipts, now) if said is not None else None


def _in_order(steps: list[Step]) -> list[Step]:
    """The steps as they happened, ties in log order; a step without a time stays after the step before it.

    Providers give whole seconds of a clock of their own. So a receipt comes after everything of the gateway's that was
    in the log before it, and a message was sent before it was received.
    """
    timed: list[tuple[datetime, int, Step]] = []
    last, seq = _BEGINNING, 0
    received = next((step.at for step in steps if step.kind == "received" and step.at is not None), None)
    said = max(
        (step.at for step in steps if step.kind in ("reply", "told") and step.at is not None), default=_BEGINNING
    )
    for place, step in enumerate(steps):
        last, seq = step.at or last, step.seq or seq
        if step.kind == "waited" and place + 1 < len(steps):
            seq = steps[place + 1].seq or seq  # it ends with the turn that follows
        if step.kind == "sent" and received is not None:
            last = min(last, received)
        elif step.kind == "receipt":
            if last.microsecond:  # the log's own stamp
                said = max(said, last)
            last = max(last, said)
        timed.append((last, seq, step))
    return [step for _, _, step in sorted(timed, key=lambda one: one[:2])]
