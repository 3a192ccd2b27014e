"""A repeat of an id, of any age, is counted and has no other effect."""

from __future__ import annotations

from datetime import timedelta

from events.inbound import Message
from events.recorded import Unreadable
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, Past, pending


def test_a_repeat_within_a_batch(known: Known, past: Past) -> None:
    """Of two events with one id in one batch the later is the repeat."""
    past.message("m1", "hello")
    repeat = past.message("m1", "hello again")
    marked = known.projection.apply(past.events)
    assert [recorded.repeat for recorded in marked] == [False, True]
    (entry,) = known.queries.history(ANA)
    assert (entry.text, entry.repeats, entry.repeat_seq, entry.repeat_at) == ("hello", 1, 2, repeat.at)
    assert len(known.reads.snapshot(ANA).waiting) == 1


def test_a_repeat_eight_days_later(known: Known, past: Past) -> None:
    """The id is remembered for good: answered once, a message that comes again gets no second ending."""
    past.answered(1)
    known.after(past)
    past.happened(Message(id="m1", text="question 1"), later=timedelta(days=8))
    past.happened(Message(id="m1", text="question 1"), later=timedelta(days=8))
    assert [recorded.repeat for recorded in known.projection.apply(past.events)] == [True, True]
    message, _ = known.queries.history(ANA)
    assert (message.repeats, message.repeat_seq, message.ending, message.ended_seq) == (2, 5, "reply", 3)
    assert not known.reads.snapshot(ANA).waiting
    assert pending(known.reads) == []
    assert known.queries.counts().messages == 1


def test_the_same_id_in_another_chat_is_no_repeat(known: Known, past: Past) -> None:
    """Ids are unique within a chat only."""
    past.message("m1", key=ANA)
    past.message("m1", key=BIA)
    assert [recorded.repeat for recorded in known.projection.apply(past.events)] == [False, False]


def test_a_repeated_control_is_obeyed_once(known: Known, past: Past) -> None:
    """Controls have ids of their own: a control and a message may share one, two controls may not."""
    past.message("x")
    past.control("x", "pause")
    past.control("x", "pause")
    assert [recorded.repeat for recorded in known.projection.apply(past.events)] == [False, False, True]
    assert len(known.reads.snapshot(ANA).orders) == 1
    why = known.queries.why("x")
    assert [(each.what, (each.control or each.entry).repeats) for each in why] == [("message", 0), ("control", 1)]  # type: ignore[union-attr]


def test_a_message_that_took_the_id_of_unreadable_bytes(known: Known, past: Past) -> None:
    """`seq:<n>` is the id of unreadable bytes; one that is taken is a repeat, so that it has one ending."""
    past.message("seq:2")
    past.happened(Unreadable("unreadable", "no JSON"), side="i")
    assert [recorded.repeat for recorded in known.projection.apply(past.events)] == [False, True]
    assert len(known.reads.snapshot(ANA).waiting) == 1


def test_marks_of_what_was_folded_before(known: Known, past: Past) -> None:
    """Events that are in the file already get the same marks as when they were folded."""
    past.message("m1")
    past.message("m1")
    past.control("c1", "pause")
    past.control("c1", "pause")
    past.message("m2")
    folded = known.projection.apply(past.events)
    assert known.projection.apply(past.events) == []
    assert known.projection.mark(past.events) == folded
    assert known.queries.history(ANA)[0].repeats == 1
