"""Unreadable events, and those of a newer version, keep the checkpoint moving."""

from __future__ import annotations

from events.inbound import Receipt
from events.recorded import Unknown, Unreadable
from events.subjects import ChatKey
from tests.projections.conftest import Known
from tests.projections.past import ANA, Past, pending


def test_bytes_that_came_in_are_a_message_that_can_be_ended(known: Known, past: Past) -> None:
    """They have the id `seq:<n>` and the description of their fault, until the chat's owner ends them."""
    past.happened(Unreadable("unreadable", "Object missing required field `id`"), side="i")
    known.after(past)
    assert pending(known.reads) == [ANA]
    past.ignored("seq:1", reason="unreadable")
    (entry,) = known.after(past).queries.history(ANA)
    assert (entry.id, entry.kind, entry.text) == ("seq:1", "unreadable", None)
    assert entry.detail == "Object missing required field `id`"
    assert (entry.ending, entry.reason) == ("ignored", "unreadable")
    assert pending(known.reads) == []


def test_a_subject_that_names_no_chat(known: Known, past: Past) -> None:
    """Its chat is a key like any other."""
    nowhere = ChatKey("=oops", "=5X")
    past.happened(Unreadable("malformed_chat", "the subject's chat is no JID"), nowhere, side="i")
    assert pending(known.after(past).reads) == [nowhere]
    assert known.queries.history(nowhere)[0].detail == "the subject's chat is no JID"


def test_unreadable_decisions(known: Known, past: Past) -> None:
    """A newer version's decision and a broken one move the chat's cursor, so that the next append is checked right."""
    past.message("m1")
    past.happened(Unknown("rated", 2))
    past.happened(Unreadable("unreadable", "no JSON"))
    known.after(past)
    assert known.projection.checkpoint == 3
    assert (known.reads.snapshot(ANA).decision_seq, known.reads.snapshot(ANA).inbound_seq) == (3, 1)


def test_events_about_unknown_messages(known: Known, past: Past) -> None:
    """Decisions and receipts that name unknown messages, turns and replies change nothing and break nothing."""
    past.reply("t0", "m0", thread="th0")
    past.failed("t0", "m0")
    past.ignored("m0", cause="c0")
    past.happened(Receipt(id="r", reply="t9.r", state="sent"))
    assert known.after(past).projection.checkpoint == 4
    assert [entry.id for entry in known.queries.history(ANA)] == ["t0.r"]
