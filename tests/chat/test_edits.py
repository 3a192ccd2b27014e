"""Messages that are edited or deleted: before the answer the turn gets the newest words, after it the thread does."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from chat import edits
from chat.commands import Answered
from chat.work import Adopt, CreateThread, EndBurst, Refuse, StartAgain, StopRun, WriteReply
from events.decisions import Ignored, RunStarted, ThreadCreated, TurnStarted
from events.inbound import Edit, Revoke
from events.usage import TokenUsage
from tests.chat.story import SETTING, Story, order, text

WITH_THREADS = replace(SETTING, backend="assistants", keeps_threads=True)


def test_an_edit_during_the_burst_changes_nothing_but_the_words() -> None:
    """The turn that starts later knows of it."""
    story = Story().given(text("m1"), Edit(id="e1", of="m1", text="two, please"))
    started = story.does(EndBurst(1, 1))
    assert isinstance(started, TurnStarted)
    assert started.seen == 2
    assert not story.works_off_what_is_due()


def test_an_edit_during_the_turn_starts_it_again() -> None:
    """Another turn takes its place; what the first one's model says is nothing."""
    story = Story().given(text("m1"), text("m2"))
    turn = story.starts_a_turn()
    story.given(Edit(id="e1", of="m1", text="two, please"))
    (again,) = story.works_off_what_is_due()
    assert isinstance(again, TurnStarted)
    assert (again.messages, again.instead, again.cause) == (("m1", "m2"), turn, None)
    assert story.when(Answered(turn, "one then", "model", None, TokenUsage())) is None
    assert [type(work) for work in story.pending()] == [WriteReply]


def test_an_edit_that_the_turn_did_not_know_of_counts_though_it_was_stored_before() -> None:
    """The actor had not seen it yet when it started the turn."""
    story = Story().given(text("m1"))
    story.given(
        Edit(id="e1", of="m1", text="two, please"),
        TurnStarted(turn="t1", messages=("m1",), backend="chat", at=story.now),
    )
    assert any(isinstance(work, StartAgain) for work in story.pending())


def test_a_thread_that_has_the_old_words_is_left() -> None:
    """In a mode with threads: the run is stopped, and the turn goes on in a new thread that never saw them."""
    story = Story(WITH_THREADS).given(text("m1"))
    turn = story.starts_a_turn()
    story.given(RunStarted(turn=turn, run="run_1", attempt=1, at=story.now), Edit(id="e1", of="m1", text="two, please"))
    story.works_off_what_is_due()
    create, stop = story.pending()
    assert isinstance(create, CreateThread)
    assert create.reason == "replaced"
    assert isinstance(stop, StopRun)
    assert stop.stray.run == "run_1"


@pytest.mark.parametrize("rewrite", [Edit(id="e1", of="m1", text="two"), Revoke(id="e1", of="m1")])
def test_an_edit_after_the_answer_makes_a_new_thread(rewrite: Edit | Revoke) -> None:
    """With the next turn, once; a mode without threads has nothing to do."""
    for setting in (WITH_THREADS, SETTING):
        story = Story(setting).given(text("m1"))
        turn = story.starts_a_turn()
        story.does(Answered(turn, "one then", "model", None, TokenUsage()))
        story.given(rewrite, text("m2"))
        story.does(EndBurst(6, 6))
        created = [work for work in story.pending() if isinstance(work, CreateThread)]
        assert [work.reason for work in created] == (["replaced"] if setting.keeps_threads else [])
        if created:
            seen = created[0].seen
            thread = ThreadCreated(backend="assistants", thread="th2", reason="replaced", at=story.now, seen=seen)
            story.given(thread)
            assert not [work for work in story.pending() if isinstance(work, CreateThread)]


def test_a_message_that_is_deleted_while_it_waits_is_not_answered() -> None:
    """It ends as `revoked`, silently."""
    story = Story().given(text("m1"), text("m2"), Revoke(id="e1", of="m1"))
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert (ignored.messages, ignored.reason, ignored.told) == (("m1",), "revoked", False)
    started = story.does(EndBurst(2, 2))
    assert isinstance(started, TurnStarted)
    assert started.messages == ("m2",)


def test_a_turn_goes_on_without_the_message_that_was_deleted() -> None:
    """First its ending, then a new turn with the other messages."""
    story = Story().given(text("m1"), text("m2"))
    turn = story.starts_a_turn()
    story.given(Revoke(id="e1", of="m1"))
    ignored, again = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert ignored.messages == ("m1",)
    assert isinstance(again, TurnStarted)
    assert (again.messages, again.instead) == (("m2",), turn)


def test_a_turn_of_which_nothing_is_left_ends() -> None:
    """A person who has taken everything back gets no answer."""
    story = Story().given(text("m1"))
    story.starts_a_turn()
    story.given(Revoke(id="e1", of="m1"))
    assert story.pending() == (Refuse(("m1",), "revoked"),)
    story.works_off_what_is_due()
    assert story.chat.turn is None


def test_a_turn_is_adopted_before_it_starts_again() -> None:
    """An incarnation that takes over first makes the turn its own."""
    story = Story().given(
        text("m1"), TurnStarted(turn="t1", messages=("m1",), backend="chat", at=SETTING and Story().now), by="other-1"
    )
    story.given(Edit(id="e1", of="m1", text="two"))
    assert [type(work) for work in story.pending()] == [Adopt]


def test_a_message_that_was_edited_before_it_came() -> None:
    """The turn knows of it from its start, and does not start again because of it."""
    story = Story().given(Edit(id="e1", of="m1", text="one"), Edit(id="e2", of="m1", text="two"), text("m1"))
    assert [one.text for one in story.chat.early] == []
    story.starts_a_turn()
    assert not story.chat.rewrites
    assert not story.works_off_what_is_due()


@pytest.mark.parametrize("then", [(), (Edit(id="e2", of="m1", text="back"),)])
def test_a_message_that_was_deleted_before_it_came(then: tuple[Edit, ...]) -> None:
    """It ends as `revoked`, silently; an edit that comes after the deletion does not bring it back."""
    story = Story().given(Revoke(id="e1", of="m1"), *then, text("m1"))
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert (ignored.messages, ignored.reason, ignored.told) == (("m1",), "revoked", False)
    assert not story.pending()


def test_early_edits_are_bounded_and_kept_in_the_snapshot() -> None:
    """The last eight of a chat, none over WhatsApp's length; a chat that was erased has none."""
    story = Story().given(*[Edit(id=f"e{n}", of=f"m{n}", text="x" * 65_536) for n in range(20)])
    story.given(Edit(id="long", of="m99", text="x" * 65_537), Revoke(id="r", of="m19"))
    assert [one.of for one in story.chat.early] == [f"m{n}" for n in range(12, 20)]
    assert story.chat.early[-1].text is None
    kept = msgspec.json.decode(msgspec.json.encode(story.chat), type=type(story.chat))
    assert kept == story.chat
    story.given(order("c1", "erase"))
    story.works_off_what_is_due()
    assert not story.chat.early


def test_an_edit_of_another_message_changes_nothing() -> None:
    story = Story().given(Edit(id="e1", of="m2", text="two"), text("m1", "one"))
    assert not story.chat.rewrites
    assert edits.in_newest_words(story.chat, text("m1", "one")).text == "one"
    assert edits.in_newest_words(story.chat, text("m2", "one")).text == "two"
