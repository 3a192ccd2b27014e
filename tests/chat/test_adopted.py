"""A turn that another incarnation started is adopted before anything is done about it."""

from __future__ import annotations

from chat.work import Adopt, CreateThread, WriteReply
from events.decisions import ThreadCreated, TurnAdopted, TurnStarted
from tests.chat.story import ME, NOON, Story, text

THREAD = ThreadCreated(backend="chat", thread="th", reason="first", at=NOON)
STARTED = TurnStarted(turn="t1", messages=("m1",), backend="chat", at=NOON)


def test_nothing_is_done_before_the_adoption() -> None:
    """Only the adoption is pending; after it the run is."""
    story = Story().given(text("m1")).given(THREAD, STARTED, by="crashed-1")
    assert story.pending() == (Adopt("t1"),)
    adopted = story.does(Adopt("t1"))
    assert isinstance(adopted, TurnAdopted)
    assert adopted.by == ME
    (write,) = story.pending()
    assert isinstance(write, WriteReply)
    assert write.turn.messages == ("m1",)


def test_the_former_owner_sees_that_it_has_lost_the_turn() -> None:
    """An instance that was away folds the adoption; then for it too another adoption is pending, not the run."""
    story = Story().given(text("m1"), THREAD, STARTED)
    assert isinstance(story.pending()[0], WriteReply)
    story.given(TurnAdopted(turn="t1", by="other-1", at=NOON), by="other-1")
    assert story.pending() == (Adopt("t1"),)


def test_an_adopted_turn_without_a_thread_gets_one() -> None:
    """A crash between `turn_started` and `thread_created` resumes where it stopped."""
    story = Story().given(text("m1")).given(STARTED, by="crashed-1")
    story.does(Adopt("t1"))
    assert story.pending() == (CreateThread("t1", 2, "chat", "first", 0),)
