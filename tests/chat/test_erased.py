"""A chat is erased: the moment of the decision, the state that outlasts it, and the work pending after it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from chat.commands import Answered, Failed
from chat.erasing import PastRemoved
from chat.pending import has_pending_work
from chat.state import Chat
from chat.work import Apologise, EndBurst, Erase, Refuse
from events.admission import Approved, Blocked
from events.decisions import Decision, Erased, Ignored, Paused, Reply, TurnFailed
from events.inbound import Edit
from events.usage import TokenUsage
from tests.chat.story import ME, NOON, Story, order, text


def erased(story: Story) -> list[Decision]:
    """The decisions until the chat is erased, with the sequence of its last event from the shell."""
    done: list[Decision] = []
    while not done or not isinstance(done[-1], Erased):
        work = story.pending()[0]
        done.append(story.does(work))  # type: ignore[arg-type]
    return done


def test_a_chat_at_rest_is_erased_at_once() -> None:
    """Everything up to the order counts as gone, and the state is that of a new chat which has work to do."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Answered(turn, "hi", "model", None, TokenUsage(3, 4)))
    story.given(order("c1", "erase", by="ana"))
    (decision,) = erased(story)
    assert isinstance(decision, Erased)
    assert (decision.upto, decision.cause, decision.by, decision.done) == (len(story.events) - 1, "c1", "ana", False)
    seq = len(story.events)
    assert replace(story.chat, erasing=None) == Chat(inbound_seq=seq - 1, decision_seq=seq, began_at=seq)
    assert story.pending() == (Erase(seq, seq - 1),)
    assert has_pending_work(story.chat)


def test_the_receipt_ends_it() -> None:
    """Once everything is removed the chat says so, and has no pending work; the removed things are counted, not
    named."""
    story = Story().given(text("m1", at=NOON - timedelta(days=9)), order("c1", "erase", by="ana"))
    erased(story)
    seq = story.chat.erasing.seq if story.chat.erasing else 0
    receipt = story.does(PastRemoved(seq, 5, 1, 2, ("responses conv_1: no",)))
    assert isinstance(receipt, Erased)
    assert (receipt.done, receipt.upto, receipt.cause, receipt.by) == (True, seq - 1, "c1", "ana")
    assert (receipt.events, receipt.objects, receipt.threads, receipt.left) == (5, 1, 2, ("responses conv_1: no",))
    assert not has_pending_work(story.chat)
    assert story.when(PastRemoved(seq, 5, 1, 2, ())) is None


def test_open_messages_end_first() -> None:
    """The running turn is dropped and waiting messages are ignored, without a notice; a late answer is never sent."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.given(text("m2"), order("c1", "erase"))
    first, _ = erased(story)
    assert isinstance(first, Ignored)
    assert (first.messages, first.reason, first.told) == (("m1", "m2"), "erased", False)
    assert story.when(Answered(turn, "late", "model", None, TokenUsage())) is None


def test_other_orders_come_first() -> None:
    """Orders from before and after it are obeyed, so that none is forgotten with the chat."""
    story = Story().given(order("c1", "erase"), order("c2", "send", text="Good bye"), order("c3", "block"))
    assert [type(decision) for decision in erased(story)] == [Reply, Blocked, Erased]


def test_of_two_orders_to_erase_the_last_counts() -> None:
    """The one before is answered, too."""
    story = Story().given(order("c1", "erase"), order("c2", "erase"))
    first, last = erased(story)
    assert isinstance(first, Ignored)
    assert (first.reason, first.cause) == ("ordered_again", "c1")
    assert isinstance(last, Erased)
    assert last.cause == "c2"


def test_an_apology_is_given_before() -> None:
    """It was promised."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    assert isinstance(story.does(Failed(turn, "timeout", "no answer")), TurnFailed)
    story.given(order("c1", "erase"))
    assert story.pending()[0] == Apologise(turn)


@pytest.mark.parametrize(
    ("before", "admission", "pause"),
    [
        (Blocked(at=NOON), "blocked", None),
        (Approved(at=NOON), "approved", None),
        (Paused(until=None, at=NOON), "", "paused"),
        (Paused(until=NOON + timedelta(days=1), at=NOON, reason="taken_over", after="x"), "", "taken_over"),
    ],
)
def test_decisions_about_the_person_outlast_it(before: Decision, admission: str, pause: str | None) -> None:
    """A blocked or approved person stays so, and a pause goes on until its time."""
    story = Story().given(before, order("c1", "erase"))
    story.now = NOON + timedelta(minutes=1)
    erased(story)
    assert story.chat.admission == admission
    assert (story.chat.pause and story.chat.pause.reason) == pause
    assert (story.chat.pause and story.chat.pause.until) == getattr(before, "until", None)


def test_a_stop_word_outlasts_the_erasure() -> None:
    """A stop word outlasts it, though the word itself is gone."""
    story = Story().given(text("m1"), Ignored(messages=("m1",), reason="stop_word", at=NOON), order("c1", "erase"))
    erased(story)
    assert story.chat.stopped


def test_an_order_for_an_idle_chat_spares_a_person_who_writes_meanwhile() -> None:
    """It names the time since which nothing may have happened."""
    idle = Story().given(order("c1", "erase", until=NOON, by="retention"))
    assert [type(decision) for decision in erased(idle)] == [Erased]
    writing = Story().given(text("m1"), order("c1", "erase", until=NOON, by="retention"))
    refused = writing.does(writing.pending()[0])  # type: ignore[arg-type]
    assert isinstance(refused, Ignored)
    assert (refused.reason, refused.messages, refused.cause) == ("in_use", (), "c1")
    assert [message.id for message in writing.chat.waiting] == ["m1"]


def test_messages_that_come_while_it_is_carried_out_are_answered() -> None:
    """They are a new chat's."""
    story = Story().given(text("m1"), order("c1", "erase"))
    assert isinstance(story.pending()[0], Refuse)
    erased(story)
    story.given(text("m2"))
    turn = story.starts_a_turn()
    assert story.chat.turn is not None
    assert story.chat.turn.messages == ("m2",)
    assert any(isinstance(work, Erase) for work in story.pending())
    story.does(PastRemoved(story.chat.erasing.seq if story.chat.erasing else 0, 1, 0, 0, ()))
    assert isinstance(story.does(Answered(turn, "hi", "model", None, TokenUsage())), Reply)
    assert story.rules.incarnation == ME


def test_events_that_the_decision_did_not_know() -> None:
    """A cluster stores messages that were on their way between the last event that the decision knew and the decision:
    they belong to the new chat, with their edits and orders, and are answered."""
    story = Story().given(text("m1", "old"), Ignored(messages=("m1",), reason="stale", at=NOON), order("c1", "erase"))
    (work,) = story.pending()
    decision = story.when(work)  # type: ignore[arg-type]
    assert isinstance(decision, Erased)
    story.given(text("m2"), Edit(id="e1", of="m1", text="of what is gone"), text("m3"), order("c2", "pause"))
    story.given(Edit(id="e2", of="m3", text="anew"), decision)
    assert [message.id for message in story.chat.waiting] == ["m2", "m3"]
    assert [message.count_in_hour for message in story.chat.waiting] == [1, 2]
    assert [order.control.id for order in story.chat.orders] == ["c2"]
    assert [rewrite.of for rewrite in story.chat.rewrites] == ["m3"]
    assert story.chat.rewritten == 0
    story.works_off_what_is_due()
    story.given(order("c3", "resume"), text("m4"))
    story.works_off_what_is_due()
    assert any(isinstance(work, EndBurst) for work in story.pending())
