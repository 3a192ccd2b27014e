"""A handoff holds until a human writes or an order resumes the chat; no time ends it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.evolve import evolve
from chat.pending import has_pending_work
from chat.state import Chat
from chat.work import Due, EndBurst, Resume, Rules
from events import codec
from events.decisions import Attention, Decision, Erased, Ignored, Paused, Reply, Resumed, TurnStarted
from events.inbound import Control, Message
from events.recorded import Recorded
from tests.chat.shell import Shell
from tests.chat.story import KEY, SETTING, Story, order, text

HALF_AN_HOUR = timedelta(minutes=30)
LEFT_ALONE = replace(SETTING, takeover=HALF_AN_HOUR)
NEVER = replace(SETTING, takeover=timedelta(0))
ASKED = order("c1", "handoff", text="wants a refund", by="shop")


def asked(rules: Rules = LEFT_ALONE) -> Story:
    story = Story(rules).given(ASKED)
    story.works_off_what_is_due()
    return story


def pause_of(story: Story) -> tuple[str, bool] | None:
    """The reason of the pause, and whether it has a time."""
    pause = story.chat.pause
    return (pause.reason, pause.until is not None) if pause is not None else None


def ends(story: Story) -> Decision:
    """The decision at the end of the pause."""
    (resume,) = (work for work in story.pending() if isinstance(work, Resume))
    story.now = max(story.now, resume.at)
    return story.does(resume)


@pytest.mark.parametrize("rules", [LEFT_ALONE, NEVER], ids=["30 minutes", "no takeover"])
def test_it_has_no_time(rules: Rules) -> None:
    """Days later the person still waits for a human, and the chat has no work of its own."""
    story = asked(rules)
    story.now += timedelta(days=3)
    story.given(text("m1"))
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert ignored.reason == "handed_off"
    assert pause_of(story) == ("handed_off", False)
    assert not has_pending_work(story.chat)


@pytest.mark.parametrize("word", [text("h1", "I am here.", from_me=True), order("c2", "send", text="I am here.")])
def test_a_humans_word_replaces_it(word: Any) -> None:
    """From then on the takeover's time counts, and after it the bot goes on."""
    story = asked().given(word)
    decided = story.works_off_what_is_due()
    said = next((one.at for one in story.events if isinstance(one.event, Reply)), story.events[3].at)
    assert [one.until for one in decided if isinstance(one, Paused)] == [said + HALF_AN_HOUR]
    assert pause_of(story) == ("taken_over", True)
    assert story.chat.attention is None
    assert isinstance(ends(story), Resumed)
    story.given(text("m1"))
    assert isinstance(story.pending()[0], EndBurst)


@pytest.mark.parametrize("word", [text("h1", "I am here.", from_me=True), order("c2", "send", text="I am here.")])
def test_a_word_whose_time_is_over_ends_it_at_once(word: Any) -> None:
    """With no takeover time, or if the instance looked only hours after the word: nobody waits for a human any more."""
    for rules, late in ((NEVER, timedelta(0)), (LEFT_ALONE, timedelta(hours=5))):
        story = asked(rules).given(word)
        if isinstance(word, Message):
            story.now += late
        story.works_off_what_is_due()
        if rules is NEVER or isinstance(word, Message):
            assert isinstance(ends(story), Resumed)
            assert story.chat.pause is None
        assert story.chat.attention is None


def test_resume_ends_it() -> None:
    """With the open attention."""
    story = asked().given(order("c2", "resume"))
    story.works_off_what_is_due()
    assert (story.chat.pause, story.chat.attention) == (None, None)


def test_a_pause_by_order_outlasts_a_human_and_a_handoff() -> None:
    """A handoff does not shorten it; when its time is over, the person still waits for a human."""
    story = Story(LEFT_ALONE)
    story.given(order("c0", "pause", until=story.now + timedelta(hours=8)), ASKED)
    story.works_off_what_is_due()
    assert pause_of(story) == ("paused", True)
    again = ends(story)
    assert isinstance(again, Paused)
    assert (again.until, again.reason, again.after) == (None, "handed_off", "c1.h")
    assert pause_of(story) == ("handed_off", False)
    story.given(order("c3", "pause"), text("h1", from_me=True))
    story.works_off_what_is_due()
    assert pause_of(story) == ("paused", False)


def test_a_chat_that_a_human_has_can_be_handed_off_again() -> None:
    """A later call for a human counts more than the time after an earlier word."""
    story = Story(LEFT_ALONE).given(text("h1", from_me=True), ASKED)
    story.works_off_what_is_due()
    assert pause_of(story) == ("handed_off", False)


def test_an_erased_chat_is_not_handed_off() -> None:
    """What says why a human was asked for is gone, and who writes then is a new person."""
    story = asked().given(order("c2", "erase"))
    (erased,) = story.works_off_what_is_due()
    assert isinstance(erased, Erased)
    assert (erased.held, story.chat.pause) == ("", None)


OLD = (
    ("i", "in", b'{"id":"m1","text":"I want my money back"}'),
    ("o", "turn_started", b'{"turn":"t1","messages":["m1"],"backend":"chat","at":"2026-10-01T12:00:01Z"}'),
    ("o", "attention", (b'{"id":"t1.h","text":"wants a refund","by":"model","at":"2026-10-01T12:00:02Z","turn":"t1",'
     b'"messages":["m1"]}')),
    ("o", "paused", (b'{"until":"2026-10-01T12:30:02Z","at":"2026-10-01T12:00:02Z","reason":"handed_off",'
     b'"after":"t1.h"}')),
    ("o", "ignored", b'{"messages":["m1"],"reason":"handed_off","at":"2026-10-01T12:00:03Z","told":true}'),
)  # fmt: skip
"""A handoff as versions before this one wrote it."""
LAPSED = (("o", "resumed", b'{"at":"2026-10-01T12:30:02Z"}'),)
WORD = (
    ("i", "in", b'{"id":"h1","text":"I am here","from_me":true}'),
    ("o", "ignored", b'{"messages":["h1"],"reason":"from_me","at":"2026-10-01T12:10:00Z"}'),
)
ORDERED = (
    ("i", "control", b'{"id":"c1","command":"send","text":"I am here"}'),
    ("o", "reply", (b'{"id":"c1.r","turn":null,"chat":"x","account":"local","text":"I am here","in_reply_to":[],'
     b'"author":"operator","at":"2026-10-01T12:10:00Z","cause":"c1"}')),
)  # fmt: skip


def read(*events: tuple[str, str, bytes]) -> Story:
    story = Story(LEFT_ALONE)
    for side, type_, body in events:
        story.now += timedelta(seconds=1)
        seq = len(story.events) + 1
        subject = f"evt.0.local.{KEY.chat.replace('@', '=40').replace('.', '=2E')}.{side}.{type_}"
        headers = {"Nats-Msg-Id": f"old-1:{seq}"} if side == "o" else {}
        story.events.append(codec.read(seq, subject, story.now, headers, body))
        story.chat = evolve(story.chat, story.events[-1])
    return story


@pytest.mark.parametrize("events", [OLD, OLD + LAPSED], ids=["open", "its old time is over"])
def test_a_handoff_that_is_open_at_the_upgrade_holds(events: Any) -> None:
    """It has a time in the log, and holds all the same: no human has spoken."""
    story = read(*events)
    story.now += timedelta(days=1)
    assert pause_of(story) == ("handed_off", False)
    assert not [work for work in story.pending() if isinstance(work, Resume)]
    story.given(text("m2"))
    assert [work for work in story.works_off_what_is_due() if not isinstance(work, Reply)] == [
        Ignored(messages=("m2",), reason="handed_off", at=story.now - timedelta(seconds=1))
    ]


@pytest.mark.parametrize("events", [OLD + WORD, OLD + ORDERED, OLD + WORD + LAPSED, OLD + ORDERED + LAPSED])
def test_a_handoff_that_a_human_had_answered_ends_after_the_upgrade(events: Any) -> None:
    """Older versions kept the handoff's time where that was longer than the takeover's."""
    story = read(*events)
    story.works_off_what_is_due()
    assert pause_of(story) in {("taken_over", True), None}
    if story.chat.pause is not None:
        assert isinstance(ends(story), Resumed)
    assert (story.chat.pause, story.chat.attention) == (None, None)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("message"), st.sampled_from(["hello", "mine", "mine"])),
        st.tuples(
            st.just("order"),
            st.sampled_from(["handoff", "handoff", "pause", "pause a while", "resume", "send", "erase"]),
        ),
        st.tuples(st.just("work"), st.just(True)),
        st.tuples(st.just("crash"), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([1, 60, 1801, 90_000])),
    ),
    max_size=30,
)  # fmt: skip


class Promised:
    """Whether a person waits for a human, told from the log alone."""

    def __init__(self) -> None:
        self.waits = False
        self._by_hand: set[str] = set()

    def fold(self, recorded: Recorded) -> None:
        match recorded.event:
            case Message(id=id_, from_me=True):
                self._by_hand.add(id_)
            case Attention():
                self.waits = True
            case Reply(author="operator") | Resumed(cause=str()) | Erased(done=False):
                self.waits = False
            case Ignored(messages=messages) if self._by_hand & set(messages):
                self.waits = False
            case _:
                pass


@settings(max_examples=250, deadline=None)
@given(STEPS, st.sampled_from([HALF_AN_HOUR, timedelta(0)]))
def test_no_order_of_events_answers_who_waits_for_a_human(steps: list[tuple[str, Any]], takeover: timedelta) -> None:
    """Messages, words by hand, pauses, handoffs, resumes, erasures, crashes and time, in any order: no turn starts
    while a person waits for a human; once nobody waits and no order pauses the chat, it is answered again."""
    shell = Shell()
    shell.story.rules = replace(shell.rules, takeover=takeover)
    for kind, value in steps:
        shell.step(kind, value)
        shell.story.rules = replace(shell.rules, takeover=takeover)
    shell.finish()
    story, promised, ordered = shell.story, Promised(), False
    for recorded in story.events:
        assert not (isinstance(recorded.event, TurnStarted) and promised.waits), recorded
        promised.fold(recorded)
        match recorded.event:
            case Paused(reason="paused", until=None):
                ordered = True
            case Paused() | Resumed():
                ordered = False
            case _:
                pass
    pause = story.chat.pause
    assert (story.chat.attention is not None) == promised.waits
    assert (pause is not None) >= promised.waits
    if pause is not None and pause.reason == "handed_off":
        assert promised.waits, "a handoff that nobody answers has an open attention"
        assert pause.until is None
    if promised.waits or ordered:
        return
    story.now += timedelta(days=2)
    shell.finish()
    assert story.chat.pause is None, "time ends every other pause"


def test_the_log_alone_gives_the_state_back() -> None:
    """A restart in the middle of a handoff changes nothing."""
    story = asked().given(text("m1"), text("h1", from_me=True))
    again = Chat()
    for recorded in story.events:
        again = evolve(again, recorded)
    assert again == story.chat
    assert any(isinstance(work, Due) for work in story.pending())
    assert isinstance(story.events[0].event, Control)
