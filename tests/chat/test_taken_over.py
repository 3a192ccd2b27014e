"""A human writes by hand, or is asked to: the bot keeps quiet, and goes on when it is time."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from chat.commands import Answered, HumanAsked
from chat.work import EndBurst, HandOver, Notify, Resume, StopRun
from events.decisions import Attention, Ignored, Paused, Reply, Resumed, RunStarted
from events.usage import TokenUsage
from tests.chat.story import NOON, SETTING, Story, order, text

HALF_AN_HOUR = timedelta(minutes=30)
LEFT_ALONE = replace(SETTING, takeover=HALF_AN_HOUR)


def test_a_message_by_hand_pauses_the_chat_and_ends_what_runs() -> None:
    """The pause is an event with a time; the turn's late answer is nothing."""
    story = Story(LEFT_ALONE).given(text("m1"))
    turn = story.starts_a_turn()
    story.given(text("m2"), text("h1", "I will see to it.", from_me=True))
    written = story.now
    paused, taken_over, by_hand = story.works_off_what_is_due()
    assert isinstance(paused, Paused)
    assert (paused.until, paused.reason, paused.after) == (written + HALF_AN_HOUR, "taken_over", "h1")
    assert isinstance(taken_over, Ignored)
    assert (taken_over.messages, taken_over.reason) == (("m1", "m2"), "taken_over")
    assert isinstance(by_hand, Ignored)
    assert (by_hand.messages, by_hand.reason) == (("h1",), "from_me")
    assert story.when(Answered(turn, "late", "model", None, TokenUsage())) is None
    assert story.pending() == (Resume(written + HALF_AN_HOUR),)


def test_the_run_is_stopped_where_that_is_possible() -> None:
    """The provider's work is of no more use."""
    story = Story(replace(LEFT_ALONE, backend="assistants", keeps_threads=True)).given(text("m1"))
    turn = story.starts_a_turn()
    story.given(RunStarted(turn=turn, run="run_1", attempt=1, at=story.now), text("h1", from_me=True))
    story.works_off_what_is_due()
    stops = [work.stray.run for work in story.pending() if isinstance(work, StopRun)]
    assert stops == ["run_1"]


def test_each_word_by_hand_makes_the_pause_longer() -> None:
    """Half an hour after the last one; what people write meanwhile is the human's to answer."""
    story = Story(LEFT_ALONE).given(text("h1", from_me=True))
    story.works_off_what_is_due()
    story.now += timedelta(minutes=20)
    story.given(text("m1"), text("h2", from_me=True))
    last = story.now
    decided = story.works_off_what_is_due()
    assert [d.until for d in decided if isinstance(d, Paused)] == [last + HALF_AN_HOUR]
    assert {d.reason for d in decided if isinstance(d, Ignored) and "m1" in d.messages} == {"taken_over"}


def test_the_pause_ends_by_itself() -> None:
    """And the next message is answered."""
    story = Story(LEFT_ALONE).given(text("h1", from_me=True))
    story.works_off_what_is_due()
    assert story.chat.pause is not None
    until = story.chat.pause.until
    assert until is not None
    story.now = until
    story.given(text("m1"))
    story.does(Resume(until))
    assert story.pending() == (EndBurst(4, 4),)


def test_send_takes_over_as_well() -> None:
    """An operator's words on the page do the same, and survive a crash between reply and pause."""
    story = Story(LEFT_ALONE).given(text("m1"), order("c1", "send", text="Hello, this is Ana.", by="ana"))
    reply, paused = story.works_off_what_is_due()
    assert isinstance(reply, Reply)
    assert isinstance(paused, Paused)
    assert (paused.after, paused.reason, paused.cause) == ("c1.r", "taken_over", None)


def test_resume_gives_the_chat_back() -> None:
    """However much time is left."""
    story = Story(LEFT_ALONE).given(text("h1", from_me=True))
    story.works_off_what_is_due()
    story.given(order("c1", "resume"), text("m1"))
    (resumed,) = story.works_off_what_is_due()
    assert isinstance(resumed, Resumed)
    assert story.pending() == (EndBurst(5, 5),)


def test_orders_and_words_are_decided_as_they_came() -> None:
    """A resume before the human's next word does not end the pause that follows that word, one after it does."""
    before = Story(LEFT_ALONE).given(order("c1", "resume"), text("h1", from_me=True))
    before.works_off_what_is_due()
    assert before.chat.pause is not None
    after = Story(LEFT_ALONE).given(text("h1", from_me=True), order("c1", "resume"))
    after.works_off_what_is_due()
    assert after.chat.pause is None


def test_a_pause_without_an_end_stays_one() -> None:
    """A human's word does not shorten a pause by order."""
    story = Story(LEFT_ALONE).given(Paused(until=None, at=NOON), text("h1", from_me=True))
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert story.chat.pause is not None
    assert story.chat.pause.until is None


def test_without_a_takeover_time_a_word_by_hand_changes_nothing() -> None:
    """RECADO_TAKEOVER=0: a word by hand is noted and changes nothing."""
    story = Story().given(text("h1", from_me=True), order("c1", "send", text="Hi."))
    assert [type(decision) for decision in story.works_off_what_is_due()] == [Ignored, Reply]


def test_an_old_word_by_hand_pauses_nothing() -> None:
    """Its half hour was over before the chat was looked at."""
    story = Story(LEFT_ALONE).given(text("h1", from_me=True))
    story.now += HALF_AN_HOUR
    assert [type(decision) for decision in story.works_off_what_is_due()] == [Ignored]


def test_the_model_asks_for_a_human() -> None:
    """First the call for help, then the pause; the person is told once that a human will answer."""
    story = Story(LEFT_ALONE).given(text("m1"))
    turn = story.starts_a_turn()
    attention = story.does(HumanAsked(turn, "wants a refund", "model"))
    assert isinstance(attention, Attention)
    assert (attention.text, attention.by, attention.turn, attention.messages) == (
        "wants a refund",
        "model",
        turn,
        ("m1",),
    )
    (over,) = (work for work in story.pending() if isinstance(work, HandOver))
    paused = story.does(over)
    assert isinstance(paused, Paused)
    assert paused.reason == "handed_off"
    ignored = story.does(story.pending()[0], words={"handed_off": "A colleague will answer."})  # type: ignore[arg-type]
    assert isinstance(ignored, Ignored)
    assert (ignored.messages, ignored.reason, ignored.told) == (("m1",), "handed_off", True)
    word = story.does(Notify("m1", "handed_off"), words={"handed_off": "A colleague will answer."})
    assert isinstance(word, Reply)
    assert (word.text, word.author) == ("A colleague will answer.", "system")
    story.given(text("m2"))
    second = story.does(story.pending()[0], words={"handed_off": "A colleague will answer."})  # type: ignore[arg-type]
    assert isinstance(second, Ignored)
    assert (second.reason, second.told) == ("handed_off", False)
    assert story.chat.attention is not None


def test_attention_is_open_until_a_human_comes() -> None:
    """An operator's reply, a word by hand or an order to go on; that the time is over is no answer."""
    asked = Story(LEFT_ALONE).given(order("c1", "handoff", text="angry", by="shop"))
    asked.works_off_what_is_due()
    assert asked.chat.attention is not None
    for came in (order("c2", "send", text="I am here."), text("h1", from_me=True), order("c2", "resume")):
        story = Story(LEFT_ALONE).given(order("c1", "handoff", text="angry", by="shop"))
        story.works_off_what_is_due()
        story.given(came)
        story.works_off_what_is_due()
        assert story.chat.attention is None, came
