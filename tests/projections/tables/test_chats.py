"""`chats`: the snapshot from which an actor wakes, and the chats with pending work."""

from __future__ import annotations

from functools import reduce

import pytest

from chat.evolve import evolve
from chat.state import Chat
from chat.teamwork_orders import COMMANDS
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, GROUP, NOON, Past, pending


def test_a_snapshot_is_the_fold_of_the_chats_events(known: Known, past: Past) -> None:
    """Every field of the state comes back from the file as evolve made it."""
    past.message("m1", at=NOON)
    past.turn("t1", "m1")
    past.thread("th1")
    past.message("m2", text="", kind="sticker")
    past.control("c1", "pause", until=NOON)
    past.failed("t1", "m1")
    past.message("of somebody else", key=BIA)
    events = [recorded for recorded in past.events if recorded.key == ANA]
    assert known.after(past).reads.snapshot(ANA) == reduce(evolve, events, Chat())


def test_an_unknown_chat_is_empty(known: Known) -> None:
    """Waking needs no special case for the first message."""
    assert known.reads.snapshot(ANA) == Chat()
    assert known.reads.lines_of(ANA, ["m1"]) == ()
    assert known.reads.context(ANA, 20, 0) == ()
    assert known.reads.failed(ANA, ()) == ()
    assert known.queries.history(ANA) == ()


def test_chats_that_owe_work(known: Known, past: Past) -> None:
    """A message is pending until its ending, a told failure until its apology."""
    past.message("m1", key=ANA)
    past.message("m1", key=BIA)
    assert pending(known.after(past).reads) == [ANA, BIA]
    past.turn("t1", "m1", key=ANA)
    past.failed("t1", "m1", key=ANA)
    past.ignored("m1", key=BIA)
    assert pending(known.after(past).reads) == [ANA]
    past.apology("t1", key=ANA)
    assert pending(known.after(past).reads) == []


def test_the_snapshot_survives_a_restart_between_any_two_events(known: Known, past: Past) -> None:
    """The writer's decoded chats and those in the file are the same."""
    past.thread("th1")
    past.answered(1)
    for count in range(1, len(past.events) + 1):
        known.projection.apply(past.events[:count])
        known.projection.close()
        known.projection = type(known.projection).open(known.path)
    assert known.reads.snapshot(ANA) == reduce(evolve, past.events, Chat())
    (turn,) = known.queries.turns(ANA)
    assert (turn.state, turn.ended_seq) == ("replied", 4)


def test_failed_messages_in_the_order_of_the_log(known: Known, past: Past) -> None:
    """Of the messages named, those whose last ending is a failed turn; of none, those of the last failed turn."""
    past.message("m1")
    past.message("m2")
    past.turn("t1", "m1", "m2")
    past.failed("t1", "m1", "m2")
    past.answered(3)
    past.message("m4")
    past.turn("t4", "m4")
    past.failed("t4", "m4")
    past.answered(5)
    reads = known.after(past).reads
    assert reads.failed(ANA, ()) == ("m4",)
    assert reads.failed(ANA, ("m4", "m3", "m2", "m1", "unheard of")) == ("m1", "m2", "m4")
    past.turn("t6", "m4", cause="c1")
    assert known.after(past).reads.failed(ANA, ()) == ()


def test_columns_of_a_chat_in_lists(known: Known, past: Past) -> None:
    """The latest activity first; the name is the person's, a group has none of its own."""
    past.message("m1", key=BIA, name="Bia")
    past.message("m1", key=GROUP, name="Somebody")
    past.message("m1", key=ANA, name="Ana")
    past.control("c1", "pause", key=ANA)
    past.thread("th1", key=BIA)
    past.turn("t1", "m1", key=BIA)
    past.reply("t1", "m1", key=BIA, text="hi Bia")
    bia, ana, group = known.after(past).queries.chats()
    assert [chat.name for chat in (bia, ana, group)] == ["Bia", "Ana", None]
    assert (bia.messages, bia.replies, bia.last_text, bia.thread, bia.owes) == (1, 1, "hi Bia", "th1", False)
    assert (ana.waiting, ana.owes, ana.answering, ana.last_at) == (1, True, False, past.events[3].at)
    assert known.queries.chats(account="bakery") == ()
    assert len(known.queries.chats(account="shop", limit=2)) == 2


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_work_that_users_share_moves_no_chat(known: Known, past: Past, command: str) -> None:
    """It keeps its place in the list, and the time of the last words."""
    past.message("m1", key=ANA)
    past.message("m1", key=BIA)
    past.control("c1", command, key=ANA, text="calls back on Monday")
    bia, ana = known.after(past).queries.chats()
    assert (bia.chat, ana.last_at) == (BIA.chat, past.events[0].at)
