"""Two profiles at a time: that of the running turn, and that of the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chat.commands import Answered, FallOver, RunReady, ThreadReady
from chat.gates import Gates
from chat.pending import pending
from chat.work import (
    Adopt,
    AwaitRun,
    CreateThread,
    Due,
    Effect,
    EndBurst,
    Obey,
    Refuse,
    Rules,
    StartAgain,
    StartRun,
    StopRun,
    WriteReply,
)
from events.decisions import Reply, RunStarted, ThreadCreated, TurnStarted
from events.inbound import Edit
from events.usage import TokenUsage
from tests.chat.story import ME, NOON, SETTING, Story, order, text

OLD = replace(SETTING, profile="bakery@1")
NEW = replace(SETTING, profile="bakery@2", backend="responses", keeps_threads=True)
WAITS = replace(SETTING, profile="bakery@3", waits=True)


def turns(story: Story, rules: Rules = NEW, of_turn: Rules | None = OLD) -> tuple[Due | Effect, ...]:
    return pending(story.chat, story.now, rules, of_turn)


def kinds(work: tuple[Any, ...]) -> list[type]:
    return [type(one) for one in work]


def begun(rules: Rules = OLD) -> Story:
    """A chat with a turn that `rules` began, and a thread."""
    story = Story(rules).given(text("m1"))
    (burst,) = story.pending()
    story.does(burst, profile=rules.profile)
    (create,) = story.pending()
    assert isinstance(create, CreateThread)
    story.does(ThreadReady(create.turn, rules.backend, "thread-1", create.reason))
    return story


def test_all_that_a_turn_decides_names_its_profile() -> None:
    """Given a turn of a profile, then its thread, run and reply name the profile too."""
    story = begun(NEW)
    (start,) = story.pending()
    assert isinstance(start, StartRun)
    run = story.does(RunReady(start.turn.id, "run-1", 1))
    reply = story.does(Answered(start.turn.id, "hi", "m", "run-1", TokenUsage()))
    decided = [one.event for one in story.events if one.side == "o"]
    assert [type(one) for one in decided] == [TurnStarted, ThreadCreated, RunStarted, Reply]
    assert {one.profile for one in (*decided, run, reply)} == {"bakery@2"}  # type: ignore[union-attr]
    assert story.chat.thread is not None
    assert story.chat.thread.profile == "bakery@2"


def test_a_turn_goes_on_by_the_profile_with_which_it_began() -> None:
    """Given a turn in chat mode, when the profile changes the mode, then the turn is answered in chat mode; the next
    one has the new mode."""
    story = begun()
    assert kinds(turns(story)) == [WriteReply]
    assert story.chat.turn is not None
    story.does(Answered(story.chat.turn.id, "hi", "m", None, TokenUsage()))
    story.given(text("m2"))
    story.rules = NEW
    (burst,) = story.pending()
    started = story.does(burst, profile=NEW.profile)
    assert isinstance(started, TurnStarted)
    assert (started.profile, started.backend) == ("bakery@2", "responses")
    (create,) = story.pending()
    assert isinstance(create, CreateThread)
    assert (create.backend, create.reason) == ("responses", "switched")


def test_messages_that_wait_obey_the_profile_in_force() -> None:
    """Given a turn that runs by a profile that answers all, when a message comes that the new one shuts out, then it
    ends by the new one, and the turn goes on."""
    story = begun().given(text("m2"))
    shut = replace(NEW, gates=Gates(allow=("5511000000000",)))
    first, *rest = turns(story, shut)
    assert isinstance(first, Refuse)
    assert first.messages == ("m2",)
    assert kinds(tuple(rest)) == [WriteReply]


def test_a_turn_that_starts_again_takes_the_profile_in_force() -> None:
    """Given a turn, when a message of it is edited after the profile has changed, then the turn that takes its place is
    of the new profile."""
    story = begun().given(Edit(id="e1", of="m1", text="well"))
    (again, *_) = turns(story)
    assert isinstance(again, StartAgain)
    started = story.does(again, profile=NEW.profile)
    assert isinstance(started, TurnStarted)
    assert (started.profile, started.seen) == ("bakery@2", 4)


def test_a_fall_to_the_second_model_keeps_the_profile() -> None:
    """Given a turn, when the first model fails, then the second of the same profile answers."""
    story = begun()
    assert story.chat.turn is not None
    fell = story.does(FallOver(story.chat.turn.id, "timeout"), profile=OLD.profile)
    assert isinstance(fell, TurnStarted)
    assert (fell.profile, fell.fallback, fell.seen) == ("bakery@1", "timeout", 0)


@pytest.mark.parametrize(
    ("profile", "thread", "keeps"),
    [
        ("bakery@2", "bakery@1", True),
        ("bakery@2", "bakery@2", True),
        ("", "", True),
        ("bakery@2", "", False),
        ("", "bakery@2", False),
        ("bakery@1", "grocer@1", False),
        ("bak@1", "bakery@1", False),
    ],
)
def test_a_thread_is_one_profiles(profile: str, thread: str, keeps: bool) -> None:
    """A thread that another profile made is not used: it holds what that profile's tools gave, and may be at another
    server. Versions of one profile share it, as a bot keeps its threads when its `.env` changes."""
    story = Story(NEW).given(
        text("m1"),
        TurnStarted(turn="t1", messages=("m1",), backend="responses", at=NOON, profile=profile),
        ThreadCreated(backend="responses", thread="conv_1", reason="first", at=NOON, profile=thread),
    )
    work = turns(story, NEW, NEW)
    assert kinds(work) == ([StartRun] if keeps else [CreateThread])
    if not keeps:
        assert isinstance(work[0], CreateThread)
        assert work[0].reason == "switched"


def test_in_chat_mode_another_profile_needs_no_thread() -> None:
    """In a mode whose provider keeps nothing, a profile goes on where the other one ended."""
    story = begun()
    assert story.chat.turn is not None
    story.does(Answered(story.chat.turn.id, "hi", "m", None, TokenUsage()))
    story.given(text("m2"))
    other = replace(SETTING, profile="grocer@1")
    story.rules = other
    (burst,) = story.pending()
    story.does(burst, profile=other.profile)
    assert kinds(story.pending()) == [WriteReply]


def test_a_run_is_stopped_by_the_profile_that_began_it() -> None:
    """Given a run that a turn left behind, then it is pending to be stopped whatever the profile in force, unless that
    same profile has another mode by now."""
    story = begun(NEW)
    (start,) = story.pending()
    story.does(RunReady(start.turn.id, "run-1", 1))  # type: ignore[union-attr]
    story.given(order("k1", "pause"))
    story.works_off_what_is_due()
    (stray,) = story.chat.strays
    assert stray.profile == "bakery@2"
    for rules in (OLD, SETTING, replace(OLD, profile="grocer@1"), NEW):
        assert [work for work in turns(story, rules) if isinstance(work, StopRun)] == [StopRun(stray)]
    assert StopRun not in kinds(turns(story, replace(NEW, keeps_threads=False, backend="chat")))


class TestWhileAVariableIsMissing:
    def test_nobody_is_answered_and_nothing_gets_stale(self) -> None:
        """Given a message, when its profile cannot be used, then nothing is pending for it, for days."""
        story = Story(WAITS).given(text("m1"))
        assert not story.pending()
        story.now += timedelta(days=9)
        assert not story.pending()

    def test_afterwards_the_time_is_not_counted(self) -> None:
        """Given a message that waited for nine days, when the profile can be used again, then the message is answered
        for as long as any other; one that came later gets stale as ever."""
        story = Story(WAITS).given(text("m1"))
        story.now += timedelta(days=9)
        usable = replace(SETTING, profile="bakery@3", usable_from=story.now)
        assert kinds(pending(story.chat, story.now + timedelta(hours=23), usable)) == [EndBurst]
        (stale,) = pending(story.chat, story.now + timedelta(hours=25), usable)
        assert stale == Refuse(("m1",), "stale")
        story.now += timedelta(hours=1)
        story.given(text("m2"))
        assert kinds(pending(story.chat, story.now + timedelta(hours=25), usable)) == [Refuse]

    def test_who_is_shut_out_is_shut_out(self) -> None:
        """The profile's gates are known all the same: they end what they would end."""
        gates = Gates(block=("5511999999999",))
        story = Story(replace(WAITS, gates=gates)).given(text("m1"))
        (refused,) = story.pending()
        assert isinstance(refused, Refuse)
        assert refused.reason == "blocked"

    def test_orders_are_obeyed(self) -> None:
        """An operator pauses, erases and writes as ever; a retry, which would begin a turn, waits."""
        story = Story(WAITS).given(order("k1", "retry"), order("k2", "pause"))
        (obey,) = story.pending()
        assert isinstance(obey, Obey)
        assert obey.control.id == "k2"

    def test_a_turn_of_another_incarnation_is_left_alone(self) -> None:
        """A turn that could only wait is not adopted: adoptions are counted, and end it after some."""
        story = begun()
        gone = replace(WAITS, incarnation="there-1")
        assert not pending(story.chat, story.now, gone, gone)
        story.now += timedelta(days=9)
        assert not pending(story.chat, story.now, gone, gone)
        usable = replace(NEW, incarnation="there-1", usable_from=story.now)
        assert kinds(pending(story.chat, story.now, usable, usable)) == [Adopt]

    def test_a_turn_whose_profile_cannot_be_had_starts_again(self) -> None:
        """Given a turn of a version that is gone, when the one in force can be used, then that one answers."""
        story = begun()
        gone = replace(OLD, waits=True)
        (again,) = turns(story, NEW, gone)
        assert isinstance(again, StartAgain)
        started = story.does(again, profile=NEW.profile)
        assert isinstance(started, TurnStarted)
        assert (started.profile, started.instead, started.seen) == ("bakery@2", "t1", 0)

    def test_a_turn_that_can_go_on_goes_on(self) -> None:
        """Given a turn of a version that can be used, when the one in force cannot, then the turn goes on."""
        story = begun()
        assert kinds(turns(story, WAITS, OLD)) == [WriteReply]

    def test_an_edited_turn_waits(self) -> None:
        """Given a turn that has to begin again, when the profile in force cannot be used, then nobody answers words
        that their sender has changed."""
        story = begun().given(Edit(id="e1", of="m1", text="well"))
        assert not turns(story, WAITS, OLD)


def test_without_profiles_nothing_is_written() -> None:
    """A bot with one `.env` decides the same as before there were profiles."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Answered(turn, "hi", "m", None, TokenUsage()))
    assert all(not getattr(one.event, "profile", "") for one in story.events)
    assert not isinstance(story.chat.thread, AwaitRun)
    assert story.rules.incarnation == ME
