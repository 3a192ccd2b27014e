"""A person whose answer takes a while is told to wait: once in a turn, while nothing keeps recado silent."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from msgspec.structs import replace

from chat.commands import Answered, Failed
from chat.gates import Gates
from chat.hours import Hours, Span
from chat.work import TellToWait
from events.admission import Blocked
from events.decisions import Attention, Decision, Ignored, MediaRead, Reply, TurnAdopted, TurnFailed, TurnStarted
from events.inbound import Edit, Inbound, Media, Revoke
from events.usage import TokenUsage
from tests.chat.story import KEY, ME, SETTING, Story, order, text

AFTER = timedelta(seconds=20)
WORDS = {"one_moment": "One moment."}


def slow_story(**rules: object) -> tuple[Story, str]:
    """A turn runs, and its answer is being tried."""
    story = Story(replace(SETTING, wait_told_after=AFTER, **rules)).given(text("m1"))
    return story, story.starts_a_turn()


def words_due(story: Story) -> list[TellToWait]:
    return [work for work in story.pending() if isinstance(work, TellToWait)]


def waits(story: Story, seconds: float = 60) -> Story:
    story.now += timedelta(seconds=seconds)
    return story


def test_the_person_is_told_after_a_time() -> None:
    """By the bus's clock, counted from the start of the turn; the word ends no message and is about the turn."""
    story, turn = slow_story()
    started = next(one.event.at for one in story.events if isinstance(one.event, TurnStarted))
    (work,) = words_due(story)
    assert work == TellToWait(turn, started + AFTER)
    assert story.when(work, words=WORDS) is None
    story.now = work.at
    word = story.does(work, words=WORDS)
    assert isinstance(word, Reply)
    assert (word.id, word.turn, word.about, word.in_reply_to) == (f"{turn}.w", None, turn, ())
    assert (word.author, word.text) == ("system", "One moment.")
    assert story.chat.turn is not None
    assert story.chat.turn.messages == ("m1",)
    assert words_due(waits(story)) == []
    answer = story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    assert isinstance(answer, Reply)
    assert answer.in_reply_to == ("m1",)
    assert story.pending() == ()


def test_it_changes_nothing_else() -> None:
    """Neither what the thread knows, nor the count of quick turns, nor the turn, whose request goes on."""
    story, _ = slow_story()
    before = story.given(TurnAdopted(turn=story.chat.turn.id, by=ME, at=story.now)).chat  # type: ignore[union-attr]
    story.does(words_due(waits(story))[0], words=WORDS)
    after = story.chat
    assert replace(after, told_to_wait="", decision_seq=before.decision_seq) == before


def test_adoption_says_it_no_second_time() -> None:
    """The one who goes on says it if it was not said, at once if its time is over; and not if it was said."""
    story, turn = slow_story()
    story.rules = replace(story.rules, incarnation="there-1")
    assert words_due(waits(story)) == []
    story.given(TurnAdopted(turn=turn, by="there-1", at=story.now), by="there-1")
    (work,) = words_due(story)
    assert work.at < story.now
    story.does(work, words=WORDS)
    story.rules = replace(story.rules, incarnation="elsewhere-1")
    story.given(TurnAdopted(turn=turn, by="elsewhere-1", at=story.now), by="elsewhere-1")
    assert words_due(waits(story)) == []


@pytest.mark.parametrize("is_said", [False, True])
def test_a_turn_in_its_place_goes_on_waiting(*, is_said: bool) -> None:
    """An edit starts the turn again: the time counts from the first start, and what was said stays said."""
    story, turn = slow_story()
    (work,) = words_due(waits(story, 10))
    if is_said:
        story.does(words_due(waits(story))[0], words=WORDS)
    story.given(Edit(id="e1", of="m1", text="hello!"))
    (again,) = story.works_off_what_is_due()
    assert isinstance(again, TurnStarted)
    assert again.instead == turn
    assert words_due(story) == ([] if is_said else [TellToWait(again.turn, work.at)])


def test_each_try_of_the_person_has_its_own() -> None:
    """A retry after a failed turn is another turn: its person waits again."""
    story, turn = slow_story()
    story.does(words_due(waits(story))[0], words=WORDS)
    story.does(Failed(turn, "timeout", "no answer"), apology="")
    story.given(order("c1", "retry"))
    again = story.does(next(iter(story.pending())), failed=("m1",))  # type: ignore[arg-type]
    assert isinstance(again, TurnStarted)
    assert [work.turn for work in words_due(story)] == [again.turn]


def closed_at(at: datetime) -> Gates:
    """Open until half a minute after the story's beginning."""
    closes = (at + timedelta(seconds=10)).time()
    return Gates(hours=Hours((Span(at.weekday(), time(0), closes),), UTC))


SHUT: dict[str, tuple[Inbound | Decision, ...]] = {
    "pause": (order("c1", "pause"),),
    "takeover by send": (order("c1", "send", text="I am Bia"),),
    "a word by hand": (text("m2", from_me=True),),
    "block": (order("c1", "block"),),
    "blocked": (Blocked(at=datetime(2026, 11, 22, 12, tzinfo=UTC), cause="c0"),),
    "stop": (text("m2", "stop"),),
    "a human was asked for": (
        Attention(id="t.h", text="help", by="model", at=datetime(2026, 11, 22, 12, tzinfo=UTC), turn="t"),
    ),
    "deleted": (Revoke(id="r1", of="m1"),),
}


@pytest.mark.parametrize("kind", SHUT)
def test_a_shut_gate_keeps_it_silent(kind: str) -> None:
    """After all that follows from the event, which is decided first; a late timer says nothing."""
    story, _ = slow_story(gates=Gates(stop_words=frozenset({"stop"})), takeover=timedelta(minutes=30))
    (late,) = words_due(story)
    waits(story).given(*SHUT[kind])
    story.works_off_what_is_due()
    assert story.when(late, words=WORDS) is None
    assert words_due(story) == []


def test_outside_hours_it_stays_silent() -> None:
    """The hours at the time at which it would be said count."""
    story, _ = slow_story()
    assert len(words_due(story)) == 1
    story.rules = replace(story.rules, gates=closed_at(story.now))
    assert words_due(story) == []
    assert words_due(waits(story)) == []


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=1), timedelta(hours=1)])
def test_the_time_is_a_setting(after: timedelta) -> None:
    """0: never."""
    story, _ = slow_story()
    story.rules = replace(story.rules, wait_told_after=after)
    assert [work.at for work in words_due(story)] == ([story.chat.turn.began + after] if after else [])  # type: ignore[operator, union-attr]


def test_a_file_that_takes_long_to_read_counts() -> None:
    """The person waits for the whole turn; where the file gave nothing, nothing is answered and nothing is said."""
    story = Story(replace(SETTING, wait_told_after=AFTER))
    story.given(text("m1", kind="audio", media=Media(object="voice", mime="audio/ogg")))
    story.given(TurnStarted(turn="t9", messages=("m1",), backend="chat", at=story.now, media=("m1",)))
    (work,) = words_due(waits(story))
    assert isinstance(story.when(work, words=WORDS), Reply)
    story.given(MediaRead(turn="t9", message="m1", form="nothing", at=story.now, reason="file_unreadable", bare=True))
    assert words_due(story) == []
    assert story.when(work, words=WORDS) is None


def test_an_answer_or_a_failure_ends_the_wait() -> None:
    """Whatever ends the turn: a timer that fires later leads to nothing."""
    for ending in (Answered, Failed):
        story, turn = slow_story()
        (late,) = words_due(waits(story))
        done = (
            story.does(Answered(turn, "hi", "model", None, TokenUsage()))
            if ending is Answered
            else story.does(Failed(turn, "timeout", "no answer"))
        )
        assert isinstance(done, Reply | TurnFailed)
        assert words_due(story) == []
        assert story.when(late, words=WORDS) is None


def test_a_state_of_an_older_version_says_nothing() -> None:
    """It does not know when the turn began; nor does a reply to another turn count as the word."""
    story, turn = slow_story()
    story.given(
        Reply(
            id="other.w", turn=None, chat=KEY.chat, account=KEY.account, text="One moment.", in_reply_to=(),
            author="system", at=story.now, about="other",
        )
    )  # fmt: skip
    assert [work.turn for work in words_due(story)] == [turn]
    assert story.chat.turn is not None
    story.chat = replace(story.chat, turn=replace(story.chat.turn, began=None))
    assert words_due(waits(story)) == []


def test_messages_of_the_meantime_are_answered_next() -> None:
    """The word ends no waiting message."""
    story, turn = slow_story()
    story.given(text("m2"))
    story.does(words_due(waits(story))[0], words=WORDS)
    assert [message.id for message in story.chat.waiting] == ["m2"]
    story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    assert not any(isinstance(one.event, Ignored) for one in story.events)
