"""The story of a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from events.decisions import MediaRead, Reply, TurnFailed
from events.inbound import Edit, Message
from events.jid import PHONE
from events.recorded import Recorded
from projections.reads.views import Entry, TurnView, Why, reading_of
from projections.story.joined import joined_steps, moved_from
from projections.story.parts import chose
from projections.story.reasons import because
from projections.story.reply import reply_now, reply_step
from projections.story.step import Step, lasting, names, now_step
from projections.story.turn import during, turn_now, turn_steps

_PAUSED = {
    "paused": "the chat is paused",
    "taken_over": "a human has the chat",
    "handed_off": "a human was asked to take the chat over",
}


def _open_message(entry: Entry, known: Why, facts: Sequence[Recorded], now: datetime) -> Step:
    """The step that an open message waits for."""
    standing, turn = known.standing, known.turn
    if turn is not None and turn.state == "running":
        return turn_now(turn, known, facts, now)
    since = f", since {lasting(now - entry.at)}"
    if standing.orders:
        return now_step(f"an order is obeyed first: {names(standing.orders)}{since}", entry.at)
    if standing.paused_for is not None:
        until = standing.paused_until
        what = f"{_PAUSED.get(standing.paused_for, standing.paused_for)}, and nothing is answered"
        return now_step(what if until else f"{what} until somebody resumes", entry.at, until)
    if standing.turn is not None:
        return now_step(f"waiting for the turn before it, {standing.turn}, to end{since}", entry.at)
    others = [id_ for id_ in standing.waiting if id_ != entry.id]
    together = f", together with {names(others)}" if others else ""
    return now_step(f"waiting for the burst to end{together}{since}", entry.at)


_CLOCKS = timedelta(seconds=1)
"""A message sent so shortly before it came in counts as sent when it came in."""


def message_steps(known: Why, entry: Entry, facts: Sequence[Recorded]) -> Iterator[Step]:
    if entry.sent_at is not None and abs(entry.at - entry.sent_at) >= _CLOCKS:
        who = "the business" if entry.from_me else "the person"
        yield Step(at=entry.sent_at, kind="sent", what=f"{who} sent it")
    whose = entry.name or (entry.sender or "?").removesuffix(PHONE)
    what = "written by hand by the business, and stored" if entry.from_me else f"received from {whose} and stored"
    what += _kind(entry, facts) + _names(entry, facts) + _refers(entry)
    yield Step(at=entry.at, kind="received", what=what, detail=entry.text or entry.detail, seq=entry.seq)
    yield from _rewrites(entry, facts)
    yield from joined_steps(facts)
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
    for said in (*known.told_before, *([known.apology] if known.apology is not None else ())):
        yield reply_step(said, None, ())


def _kind(entry: Entry, facts: Sequence[Recorded]) -> str:
    """The kind of a message that is no text; of an unsupported one the provider's type and code too."""
    if entry.kind in (None, "text"):
        return ""
    sent = next((one.event for one in facts if isinstance(one.event, Message) and one.event.id == entry.id), None)
    inner = [] if sent is None else [sent.unsupported, sent.unsupported_code]
    told = ", ".join(str(one) for one in inner if one is not None and entry.kind == "unsupported")
    return f" ({entry.kind}: {told})" if told else f" ({entry.kind})"


def _refers(entry: Entry) -> str:
    """The things that the message refers to."""
    quote = (f"quotes {entry.quoted}",) if entry.quoted else ()
    choice = (chose(entry.choice, typed=entry.typed),) if entry.choice is not None else ()
    return "".join(f"; {note}" for note in (*quote, *choice, *entry.refers))


def _names(entry: Entry, facts: Sequence[Recorded]) -> str:
    """The other names of the person, and the chat from which the message was moved."""
    sent = next((one for one in facts if isinstance(one.event, Message) and one.event.id == entry.id), None)
    if sent is None or not isinstance(sent.event, Message):
        return ""
    others, closed = sent.event.aliases, moved_from(sent, facts)
    also = f", a person who is also {', '.join(other.removesuffix(PHONE) for other in others)}" if others else ""
    return also + (f", moved from the closed chat of {closed.removesuffix(PHONE)}" if closed is not None else "")


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
    """The wait of a message before its first turn: for another turn, or for the end of the burst."""
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


def message_now(known: Why, entry: Entry, facts: Sequence[Recorded], now: datetime) -> Step | None:
    if entry.ending is None:
        turn = known.turn
        return _open_message(entry, known, during(turn, facts) if turn is not None else (), now)
    said = known.reply or known.apology
    return reply_now(said, known.receipts, now) if said is not None else None
