"""The story of a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chat.references import notes
from events.decisions import MediaRead, Reply, TurnFailed
from events.inbound import Edit, Message
from events.jid import PHONE
from events.phrases import Counted, Phrase, Together
from events.read_back import read_back
from events.recorded import Recorded
from projections.reads.spoken import KINDS
from projections.reads.views import Entry, TurnView, Why, reading_of
from projections.story.joined import joined_steps, moved_from
from projections.story.parts import chose
from projections.story.reasons import because
from projections.story.reply import reply_now, reply_step
from projections.story.step import Step, lasting, names, now_step
from projections.story.turn import during, form_of, turn_now, turn_steps

_PAUSED = {
    "paused": Phrase("the chat is paused"),
    "taken_over": Phrase("a human has the chat"),
    "handed_off": Phrase("a human was asked to take the chat over"),
}


def _open_message(entry: Entry, known: Why, facts: Sequence[Recorded], now: datetime) -> Step:
    """The step that an open message waits for."""
    standing, turn = known.standing, known.turn
    if turn is not None and turn.state == "running":
        return turn_now(turn, known, facts, now)
    since = lasting(now - entry.at)
    if standing.orders:
        return now_step(
            Phrase("an order is obeyed first: %(orders)s, since %(time)s", orders=names(standing.orders), time=since),
            entry.at,
        )
    if standing.paused_for is not None:
        why = _PAUSED.get(standing.paused_for, standing.paused_for)
        if standing.paused_until:
            return now_step(Phrase("%(why)s, and nothing is answered", why=why), entry.at, standing.paused_until)
        return now_step(Phrase("%(why)s, and nothing is answered until somebody resumes", why=why), entry.at)
    if standing.turn is not None:
        return now_step(
            Phrase("waiting for the turn before it, %(turn)s, to end, since %(time)s", turn=standing.turn, time=since),
            entry.at,
        )
    others = [id_ for id_ in standing.waiting if id_ != entry.id]
    if others:
        return now_step(
            Phrase(
                "waiting for the burst to end, together with %(others)s, since %(time)s",
                others=names(others),
                time=since,
            ),
            entry.at,
        )
    return now_step(Phrase("waiting for the burst to end, since %(time)s", time=since), entry.at)


_CLOCKS = timedelta(seconds=1)
"""A message sent so shortly before it came in counts as sent when it came in."""


def message_steps(known: Why, entry: Entry, facts: Sequence[Recorded]) -> Iterator[Step]:
    if entry.sent_at is not None and abs(entry.at - entry.sent_at) >= _CLOCKS:
        what = Phrase("the business sent it") if entry.from_me else Phrase("the person sent it")
        yield Step(at=entry.sent_at, kind="sent", what=what)
    if entry.from_me:
        what = Phrase("written by hand by the business, and stored")
    else:
        whose = entry.name or (entry.sender or "?").removesuffix(PHONE)
        what = Phrase("received from %(name)s and stored", name=whose)
    what = Together([what, *_kind(entry, facts), *_names(entry, facts), *_refers(entry)], "")
    yield Step(
        at=entry.at,
        kind="received",
        what=what,
        detail=entry.text or read_back(entry.detail),
        seq=entry.seq,
    )
    yield from _rewrites(entry, facts)
    yield from joined_steps(facts)
    if entry.repeats:
        what = Counted(
            "it came again with the same id: counted, not answered again",
            "it came again with the same id, %(num)s times, the last time: counted, not answered again",
            entry.repeats,
        )
        yield Step(at=entry.repeat_at, kind="repeated", what=what, seq=entry.repeat_seq)
    turns = [*known.former_turns, *([known.turn] if known.turn is not None else ())]
    if turns:
        yield from _waited(entry, turns[0], facts)
    for turn in turns:
        yield from turn_steps(turn, during(turn, facts))
    heard = reading_of(entry)
    if heard is not None and not any(isinstance(one.event, MediaRead) for one in facts):
        if heard.form == "nothing":
            what = Phrase("its file was not read: %(reason)s", reason=because(heard.reason))
        else:
            what = Phrase("its file was read %(form)s", form=form_of(heard.form))
        yield Step(
            at=heard.at,
            kind="file",
            what=what,
            detail=heard.text or read_back(heard.detail),
        )
    if entry.ending == "ignored":
        what = Phrase("it got no reply: %(reason)s", reason=because(entry.reason))
        yield Step(at=entry.ended_at, kind="ignored", what=what, seq=entry.ended_seq)
    if known.reply is not None:
        turn = known.turn
        yield reply_step(known.reply, turn, during(turn, facts) if turn is not None else ())
    for said in (*known.told_before, *([known.apology] if known.apology is not None else ())):
        yield reply_step(said, None, ())


def _kind(entry: Entry, facts: Sequence[Recorded]) -> Iterator[Phrase]:
    """The kind of a message that is no text; of an unsupported one the provider's type and code too."""
    sent = next((one.event for one in facts if isinstance(one.event, Message) and one.event.id == entry.id), None)
    inner = [] if sent is None else [sent.unsupported, sent.unsupported_code]
    told = ", ".join(str(one) for one in inner if one is not None and entry.kind == "unsupported")
    kind = entry.kind or "text"
    if what := Phrase(KINDS.get(kind, kind)):
        yield Together([" (", what, f": {told})" if told else ")"], "")


def _refers(entry: Entry) -> Iterator[Phrase]:
    """The things that the message refers to."""
    quote = (Phrase("quotes %(message)s", message=entry.quoted),) if entry.quoted else ()
    choice = (chose(entry.choice, typed=entry.typed),) if entry.choice is not None else ()
    for note in (*quote, *choice, *notes(entry.references)):
        yield Together(["; ", note], "")


def _names(entry: Entry, facts: Sequence[Recorded]) -> Iterator[Phrase]:
    """The other names of the person, and the chat from which the message was moved."""
    sent = next((one for one in facts if isinstance(one.event, Message) and one.event.id == entry.id), None)
    if sent is None or not isinstance(sent.event, Message):
        return
    others, closed = sent.event.aliases, moved_from(sent, facts)
    if others:
        also = ", ".join(other.removesuffix(PHONE) for other in others)
        yield Phrase(", a person who is also %(names)s", names=also)
    if closed is not None:
        yield Phrase(", moved from the closed chat of %(number)s", number=closed.removesuffix(PHONE))


def _rewrites(entry: Entry, facts: Sequence[Recorded]) -> Iterator[Step]:
    edits = [one for one in facts if isinstance(one.event, Edit) and one.event.of == entry.id]
    for one in edits:
        if isinstance(one.event, Edit):
            text = one.event.text if entry.revoked_at is None else None
            yield Step(at=one.at, kind="edited", what=Phrase("its sender edited it"), detail=text, seq=one.seq)
    if entry.edited_at is not None and all(one.at < entry.edited_at for one in edits):
        yield Step(at=entry.edited_at, kind="edited", what=Phrase("its sender edited it"), detail=entry.edited)
    if entry.revoked_at is not None:
        yield Step(at=entry.revoked_at, kind="deleted", what=Phrase("its sender deleted it"))


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
    took = Phrase("waited %(time)s", time=lasting(turn.at - entry.at))
    if before:
        for_what = Phrase(" for turn %(turn)s before it to end, and for the burst to end", turn=before)
    else:
        for_what = Phrase(" for the burst to end")
    together = Phrase(", together with %(others)s", others=names(others)) if others else ""
    yield Step(at=turn.at, kind="waited", what=Together([took, for_what, together], ""))


def message_now(known: Why, entry: Entry, facts: Sequence[Recorded], now: datetime) -> Step | None:
    if entry.ending is None:
        turn = known.turn
        return _open_message(entry, known, during(turn, facts) if turn is not None else (), now)
    said = known.reply or known.apology
    return reply_now(said, known.receipts, now) if said is not None else None
