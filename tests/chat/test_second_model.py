"""A second model answers where the first fails: what is decided, and what the thread and the run left behind become."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from backends.protocol import ErrorClass
from chat.commands import Answered, Failed, FallOver, RunReady, ThreadReady, ToolAsked, ToolFinished
from chat.second_model import FALLS_OVER, LASTING
from chat.work import AwaitRun, CallTool, CreateThread, EndBurst, StartRun, StopRun, WriteReply
from events.decisions import Reply, ThreadCreated, TurnAdopted, TurnFailed, TurnStarted
from events.usage import TokenUsage
from tests.chat.story import ME, SETTING, Story, order, text

THREADED = replace(SETTING, backend="responses", keeps_threads=True, has_fallback=True)
PLAIN = replace(SETTING, has_fallback=True)
COST = TokenUsage(5, 1)


def begins(story: Story) -> str:
    """A turn with nothing done for it yet."""
    (burst,) = [work for work in story.pending() if isinstance(work, EndBurst)]
    began = story.does(burst)
    assert isinstance(began, TurnStarted)
    return began.turn


def running(story: Story, run: str = "run1") -> str:
    """A turn at whose provider a run works."""
    turn = begins(story)
    if any(isinstance(work, CreateThread) for work in story.pending()):
        story.does(ThreadReady(turn, "responses", "conv1", "first"))
    story.does(RunReady(turn, run, 1))
    return turn


def fell_over(story: Story, turn: str, reason: str = "unreachable") -> TurnStarted:
    decision = story.does(FallOver(turn, reason))
    assert isinstance(decision, TurnStarted)
    return decision


def asks_the_second(story: Story) -> WriteReply:
    (work,) = [one for one in story.pending() if not isinstance(one, StopRun)]
    assert isinstance(work, WriteReply)
    assert work.turn.fallback
    return work


def test_every_class_of_failure_is_in_the_table() -> None:
    """So that a new one is thought of."""
    assert set(FALLS_OVER) == set(get_args(ErrorClass))
    assert all(FALLS_OVER[class_] for class_ in LASTING)


def test_the_second_answers_in_a_turn_in_the_place_of_the_first_ones() -> None:
    """With the same messages; the log says who answered, and why, and the thread has no part in it."""
    story = Story(THREADED).given(text("m1"), text("m2"))
    turn = running(story)
    began = fell_over(story, turn, "quota_exhausted")
    assert (began.messages, began.instead, began.fallback) == (("m1", "m2"), turn, "quota_exhausted")
    assert began.backend == "chat"
    assert asks_the_second(story).turn.id == began.turn
    reply = story.does(Answered(began.turn, "hi", "second", None, COST, fallback="quota_exhausted"))
    assert isinstance(reply, Reply)
    assert (reply.fallback, reply.model, reply.backend, reply.thread) == ("quota_exhausted", "second", "chat", None)
    assert reply.in_reply_to == ("m1", "m2")


def test_the_run_of_the_first_is_left_to_be_stopped() -> None:
    """And the second leaves none, however its turn ends."""
    story = Story(THREADED).given(text("m1"))
    turn = running(story)
    began = fell_over(story, turn)
    (stop,) = [work for work in story.pending() if isinstance(work, StopRun)]
    assert (stop.stray.turn, stop.stray.thread, stop.stray.run) == (turn, "conv1", "run1")
    story.does(Failed(began.turn, "timeout", "no answer"))
    assert [stray.turn for stray in story.chat.strays] == [turn]


def test_the_next_turn_continues_the_thread_with_what_it_missed() -> None:
    """The thread's level is where the first model's last reply left it."""
    story = Story(THREADED).given(text("m1"))
    turn = running(story)
    story.does(Answered(turn, "one", "first", "run1", COST))
    known = story.chat.thread.known_upto if story.chat.thread else 0
    assert known
    story.given(text("m2"))
    began = fell_over(story, running(story, "run2"))
    story.does(Answered(began.turn, "two", "second", None, COST, fallback="unreachable"))
    story.given(text("m3"))
    begins(story)
    (work,) = [one for one in story.pending() if not isinstance(one, StopRun)]
    assert isinstance(work, StartRun)
    assert (work.thread, work.known_upto) == ("conv1", known)


@pytest.mark.parametrize("ends", ["reply", "failure", "pause"])
def test_a_first_turn_without_a_thread(ends: str) -> None:
    """The first model was down before it had a thread: the second needs none, and the next turn makes one."""
    story = Story(THREADED).given(text("m1"))
    turn = begins(story)
    assert any(isinstance(work, CreateThread) for work in story.pending())
    began = fell_over(story, turn)
    asks_the_second(story)
    assert not story.chat.strays
    if ends == "reply":
        story.does(Answered(began.turn, "hi", "second", None, COST, fallback="unreachable"))
    elif ends == "failure":
        story.does(Failed(began.turn, "unreachable", "no"))
        story.works_off_what_is_due()
    else:
        story.given(order("c1", "pause")).works_off_what_is_due()
        story.given(order("c2", "resume")).works_off_what_is_due()
    story.given(text("m2"))
    begins(story)
    assert any(isinstance(work, CreateThread) for work in story.pending())


def test_calls_of_a_run_left_behind_are_not_made() -> None:
    """Open ones are dropped; the output of a call that was made is taken for the same call."""
    story = Story(THREADED).given(text("m1"))
    turn = running(story)
    story.does(ToolAsked(turn, "c1", "order", '{"n":1}'))
    story.does(ToolFinished(turn, "c1", "ordered", failed=False))
    story.does(ToolAsked(turn, "c2", "price", "{}"))
    began = fell_over(story, turn)
    assert not any(isinstance(work, CallTool) for work in story.pending())
    assert asks_the_second(story).turn.current_calls == ()
    story.does(ToolAsked(began.turn, "d1", "order", '{"n":1}'))
    (call,) = [work for work in story.pending() if isinstance(work, CallTool)]
    assert call.memo is not None
    assert call.memo.output == "ordered"
    story.does(ToolFinished(began.turn, "d1", "ordered", failed=False))
    assert [call.output for call in asks_the_second(story).turn.current_calls] == ["ordered"]


def test_outputs_of_tools_go_along_in_chat_mode() -> None:
    """The second model goes on where the first was; nothing is ordered twice."""
    story = Story(PLAIN).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(ToolAsked(turn, "c1", "order", "{}"))
    story.does(ToolFinished(turn, "c1", "ordered", failed=False))
    fell_over(story, turn)
    assert [(call.id, call.output) for call in asks_the_second(story).turn.current_calls] == [("c1", "ordered")]


def test_a_turn_begins_with_the_second_while_the_first_is_left() -> None:
    """As the instance's breaker says; no run is left behind."""
    story = Story(THREADED).given(text("m1"))
    (burst,) = story.pending()
    assert isinstance(burst, EndBurst)
    began = story.does(burst, fallback="timeout")
    assert isinstance(began, TurnStarted)
    assert (began.fallback, began.instead, began.backend) == ("timeout", None, "chat")
    asks_the_second(story)
    assert not story.chat.strays


def test_another_instance_goes_on_with_the_second() -> None:
    """After kill -9: the event says whom to ask. An instance without a second model asks its first."""
    story = Story(THREADED).given(text("m1"))
    began = fell_over(story, running(story))
    story.rules = replace(THREADED, incarnation="there-2")
    (adopted,) = story.works_off_what_is_due()
    assert isinstance(adopted, TurnAdopted)
    assert asks_the_second(story).turn.id == began.turn
    story.rules = replace(story.rules, has_fallback=False)
    assert any(isinstance(work, StartRun) for work in story.pending())


def test_the_second_fails_too() -> None:
    """The turn fails, once, with its class; the thread's level stays."""
    story = Story(THREADED).given(text("m1"))
    turn = running(story)
    began = fell_over(story, turn)
    failed = story.does(Failed(began.turn, "rate_limited", "no"))
    assert isinstance(failed, TurnFailed)
    assert failed.messages == ("m1",)
    assert story.chat.thread is not None
    thread = [event for event in story.events if isinstance(event.event, ThreadCreated)]
    assert story.chat.thread.known_upto == thread[0].seq


def test_a_late_answer_of_the_first_is_dropped() -> None:
    """When both answer, the one that the log took first is sent."""
    story = Story(PLAIN).given(text("m1"))
    turn = story.starts_a_turn()
    began = fell_over(story, turn)
    assert story.when(Answered(turn, "late", "first", None, COST)) is None
    story.does(Answered(began.turn, "hi", "second", None, COST, fallback="timeout"))
    assert story.when(FallOver(turn, "timeout")) is None
    assert story.when(Answered(began.turn, "again", "second", None, COST, fallback="timeout")) is None


def test_a_run_that_the_first_still_awaits_is_forgotten() -> None:
    """No effect of the first turn is pending any more."""
    story = Story(THREADED).given(text("m1"))
    turn = running(story)
    assert any(isinstance(work, AwaitRun) for work in story.pending())
    fell_over(story, turn)
    assert not any(isinstance(work, AwaitRun | StartRun | CreateThread) for work in story.pending())
    assert story.chat.turn is not None
    assert story.chat.turn.by == ME
