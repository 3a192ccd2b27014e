"""The story of an id in plain words: one test for each of its endings and states."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from events.cut import Cut
from events.decisions import MediaRead, Paused, RunStarted, TurnAdopted, TurnStarted
from events.inbound import Edit, Media, Message, Receipt, ReceiptError, Revoke
from events.parts import Part
from events.tool_calls import ToolCalled, ToolReturned
from projections.story.reasons import EXPLAINED, because
from projections.story.step import Step, lasting
from tests.projections.past import Past
from tests.projections.story.conftest import tell, words

__all__ = ["tell"]

TOKENS = "100 tokens in and 10 out"


def test_a_message_that_was_answered_and_read(past: Past, tell: Any) -> None:
    """Every step in order of time, each with its time and, unless it follows from others, its place in the log."""
    past.message("m1", "do you", name="Ana", at=past.now - timedelta(minutes=5))
    past.message("m2", "have bread?")
    past.turn("t1", "m1", "m2")
    past.thread("th1")
    past.happened(RunStarted(turn="t1", run="run1", attempt=1, at=past.now))
    past.happened(ToolCalled(turn="t1", call="c1", name="stock", arguments='{"of":"bread"}', at=past.now))
    past.happened(ToolReturned(turn="t1", call="c1", output="12 loaves", at=past.now))
    past.reply("t1", "m1", "m2", text="Twelve.", thread="th1", run="run1")
    for state in ("sending", "accepted", "delivered", "read"):
        past.happened(Receipt(id=f"r-{state}", reply="t1.r", state=state))  # type: ignore[arg-type]
    steps = tell("m1")
    assert words(steps) == [
        "the person sent it",
        "received from Ana and stored",
        "waited 2.0 s for the burst to end, together with m2",
        "turn t1 started on instance here, mode chat",
        "thread th1 was made: the chat had none there",
        "the provider began run run1",
        "the model called the tool stock, it answered after 1.0 s",
        f"small answered, reply t1.r, after 5.0 s (1.0 s of it in tools), {TOKENS}, thread th1, run run1",
        "the gateway began to send it",
        "the provider took it",
        "it reached the phone",
        "the person read it",
    ]
    assert [step.detail for step in steps if step.kind in ("received", "tool", "reply")] == [
        "do you",
        '{"of":"bread"} → 12 loaves',
        "Twelve.",
    ]
    assert [step.seq for step in steps if step.seq] == [1, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    assert all(one.at <= other.at for one, other in pairwise(steps))


def test_the_parts_of_a_tool_are_told_though_the_turn_failed(past: Past, tell: Any) -> None:
    """The person did not get them; the story has what they were."""
    past.message("m1", "where are you?")
    past.turn("t1", "m1")
    past.happened(ToolCalled(turn="t1", call="c1", name="where", arguments="{}", at=past.now))
    place = Part(kind="location", latitude=1.0, longitude=2.0)
    past.happened(ToolReturned(turn="t1", call="c1", output="sent", at=past.now, send=(place,)))
    (step,) = [step for step in tell("m1") if step.kind == "tool"]
    assert step.detail == "{} → sent; for the person: 📍 https://maps.google.com/?q=1.0,2.0"


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(seconds=1), timedelta(seconds=5)])
def test_a_provider_whose_clock_gives_whole_seconds(past: Past, tell: Any, behind: timedelta) -> None:
    """Its receipts stay behind what was in the log before them, and among each other in order of time."""
    past.now += timedelta(microseconds=900_000)
    past.message("m1", "hi", at=(past.now + timedelta(seconds=3)).replace(microsecond=0))
    past.turn("t1", "m1")
    past.reply("t1", "m1", text="Twelve.")
    past.happened(Receipt(id="g", reply="t1.r", state="sending"), later=timedelta(microseconds=10))
    past.happened(Receipt(id="g", reply="t1.r", state="accepted"), later=timedelta(microseconds=10))
    second = past.now.replace(microsecond=0) - behind
    past.happened(Receipt(id="w", reply="t1.r", state="delivered", at=second), later=timedelta(microseconds=10))
    past.happened(Receipt(id="w", reply="t1.r", state="sent", at=second), later=timedelta(microseconds=10))
    past.happened(Receipt(id="w", reply="t1.r", state="read", at=second + timedelta(seconds=2)))
    kinds = [step.kind for step in tell("m1")]
    assert kinds.index("sent") < kinds.index("received") < kinds.index("reply") < kinds.index("receipt")
    assert words(tell("m1"), "receipt") == [
        "the gateway began to send it", "the provider took it", "it reached the phone", "it was sent",
        "the person read it",
    ]  # fmt: skip


@pytest.mark.parametrize("id_", ["t1", "run1", "t1.r"])
def test_a_turn_a_run_and_a_reply_tell_of_the_same(past: Past, tell: Any, id_: str) -> None:
    """With the messages that were answered."""
    past.message("m1")
    past.message("m2")
    past.turn("t1", "m1", "m2")
    past.happened(RunStarted(turn="t1", run="run1", attempt=2, at=past.now))
    past.reply("t1", "m1", "m2", run="run1")
    told = words(tell(id_))
    assert "the burst had ended: m1 and m2" in told[0]
    assert "the provider began run run1, attempt 2" in told
    assert any(line.startswith("small answered, reply t1.r, after 2.0 s") for line in told)
    assert told[-1] == "the gateway has not taken the reply yet, since 12 s"


def test_an_answer_of_which_parts_were_cut(past: Past, tell: Any) -> None:
    """Their kinds and lengths; the words are nowhere."""
    past.message("m1")
    past.turn("t1", "m1")
    past.reply("t1", "m1", cut=(Cut(kind="reasoning", chars=340), Cut(kind="citation", chars=17)))
    said = "without the model's reasoning (340 characters), citation marks (17 characters)"
    assert words(tell("m1"), "reply")[0].endswith(said)
    assert words(tell("t1.r"), "reply")[0].endswith(f"{said}, to m1")
    assert "without" not in words(tell("m1", blind=True), "reply")[0]


def test_a_turn_that_changed_hands(past: Past, tell: Any) -> None:
    """Every adoption, by whom and from whom; without the log at least how many there were."""
    past.message("m1")
    past.turn("t1", "m1")
    past.happened(TurnAdopted(turn="t1", by="there-9", at=past.now))
    past.happened(TurnAdopted(turn="t1", by="other-3", at=past.now))
    past.reply("t1", "m1")
    assert words(tell("m1"), "turn") == ["turn t1 started on instance here, mode chat"]
    assert words(tell("m1"), "adopted") == [
        "instance there took the turn over from here",
        "instance other took the turn over from there",
    ]
    assert words(tell("m1", blind=True), "adopted") == ["instance other took the turn over, after 1 other"]


def test_a_message_that_waited_for_another_turn(past: Past, tell: Any) -> None:
    """It came while the reply before it was being written."""
    past.message("m1")
    past.turn("t1", "m1")
    past.message("m2")
    assert words(tell("m2"), "now") == ["waiting for the turn before it, t1, to end, since 12 s"]
    past.reply("t1", "m1")
    past.turn("t2", "m2")
    assert words(tell("m2"), "waited") == ["waited 2.0 s for turn t1 before it to end, and for the burst to end"]


def test_a_turn_that_failed(past: Past, tell: Any) -> None:
    """The provider's own words, the apology to the person, and the second try that an order asked for."""
    past.message("m1")
    past.turn("t1", "m1")
    past.failed("t1", "m1")
    past.apology("t1")
    past.happened(Receipt(id="r1", reply="t1.a", state="failed", error=ReceiptError(code=131047, detail="24 hours")))
    steps = tell("m1")
    (failed,) = [step for step in steps if step.kind == "failed"]
    assert (failed.what, failed.detail) == (
        "the turn failed after 1.0 s: no answer came in time (timeout)",
        "no answer within 120 s",
    )
    assert words(steps, "told") == ["the person was told, reply t1.a"]
    assert "131047" in steps[-1].detail
    assert steps[-1].what == "it could not be sent"
    past.turn("t2", "m1", cause="o1")
    assert words(tell("m1"), "told") == ["the person was told, reply t1.a"], "also while the second try runs"
    assert words(tell("m1"), "turn")[1] == "turn t2 started on instance here, mode chat, as order o1 asked"
    assert words(tell("m1"), "now") == ["the model is writing since 12 s"]


@pytest.mark.parametrize("reason", [*EXPLAINED, "moon_phase"])
def test_a_message_that_was_ignored(past: Past, tell: Any, reason: str) -> None:
    """By which rule, in a sentence; an unknown reason as it is. Nothing more is to come."""
    past.message("m1")
    past.ignored("m1", reason=reason)
    assert tell("m1")[-1] == Step(
        at=past.now, kind="ignored", what=f"it got no reply: {because(reason)}", seq=past.last.seq
    )


def test_the_owner_wrote_by_hand(past: Past, tell: Any) -> None:
    """It is not told as the person's own words, whatever name it came under."""
    past.message("h1", "I will see to it.", name="Ana", from_me=True, at=past.now - timedelta(minutes=5))
    steps = tell("h1")
    assert words(steps, "received") == ["written by hand by the business, and stored"]
    assert words(steps, "sent") == ["the business sent it"]


def test_a_file_that_was_read(past: Past, tell: Any) -> None:
    """As what, by whom; or why not."""
    for id_ in ("v1", "v2"):
        past.happened(Message(id=id_, kind="audio", media=Media(object="meta:1", mime="audio/ogg", voice=True)))
    past.happened(TurnStarted(turn="t1", messages=("v1", "v2"), backend="chat", at=past.now, media=("v1", "v2")))
    assert words(tell("v1"), "now") == ["being read since 12 s: the file of v1 and v2"]
    past.happened(MediaRead(turn="t1", message="v1", form="text", text="bread?", model="whisper", at=past.now))
    past.happened(MediaRead(turn="t1", message="v2", form="nothing", reason="too_large", at=past.now))
    assert words(tell("v1"), "file") == [
        "the file of message v1 was read as text by whisper",
        "the file of message v2 was not read: its file is too large (too_large)",
    ]
    assert words(tell("v1", blind=True), "file") == ["its file was read as text"]


def test_changes_by_the_sender_afterwards(past: Past, tell: Any) -> None:
    """Each edit, the deletion (after which none of its words is told), the turn that started again because of them."""
    past.message("m1")
    past.turn("t1", "m1")
    past.happened(Edit(id="e1", of="m1", text="one"))
    again = TurnStarted(turn="t2", messages=("m1",), backend="chat", at=past.now, seen=3, instead="t1")
    past.happened(again)
    past.happened(Edit(id="e2", of="m1", text="two"))
    assert [step.detail for step in tell("m1") if step.kind == "edited"] == ["one", "two"]
    past.happened(Revoke(id="d1", of="m1"))
    steps = tell("m1")
    assert [step.detail for step in steps if step.kind in ("received", "edited")] == [None, None, None]
    assert words(steps, "deleted") == ["its sender deleted it"]
    assert "in the place of turn t1: a message of that one was edited or deleted" in words(steps, "turn")[1]


def test_a_second_model_that_answered(past: Past, tell: Any) -> None:
    """The turn and the reply say why."""
    past.message("m1")
    past.turn("t1", "m1")
    past.happened(
        TurnStarted(turn="t2", messages=("m1",), backend="chat", at=past.now, instead="t1", fallback="timeout")
    )
    past.reply("t2", "m1", model="second", fallback="timeout")
    steps = tell("m1")
    why = "because of the first: no answer came in time (timeout)"
    assert words(steps, "turn")[1].endswith(f"in the place of turn t1, with the second model, {why}")
    assert f"it is the second model, {why}" in words(steps, "reply")[0]


def test_an_id_that_came_again(past: Past, tell: Any) -> None:
    """It is counted."""
    past.message("m1")
    past.happened(Message(id="m1", text="hello"))
    past.happened(Message(id="m1", text="hello"))
    repeats = words(tell("m1"), "repeated")
    assert repeats == ["it came again with the same id, 2 times, the last time: counted, not answered again"]


def test_an_order(past: Past, tell: Any) -> None:
    """Its author, its outcome, its repeat, or that it is pending."""
    past.control("o1", "pause", by="cli:eva")
    assert words(tell("o1")) == ["ordered by cli:eva: pause", "no instance has obeyed it yet, since 12 s"]
    past.happened(Paused(until=None, at=past.now, by="cli:eva", cause="o1"))
    assert words(tell("o1"))[1:] == ["the chat was paused"]
    past.control("o2", "retry", messages=("m1",))
    past.ignored(reason="nothing_to_retry", cause="o2")
    past.control("o2", "retry", messages=("m1",))
    assert words(tell("o2")) == [
        "ordered by nobody who gave a name: retry of m1",
        "not obeyed: no failed turn has these messages (nothing_to_retry)",
        "the order came again with the same id, once: counted, obeyed once",
    ]


def test_a_human_answered(past: Past, tell: Any) -> None:
    """It has no tokens."""
    past.message("m1")
    past.said("I am here.", "m1")
    assert words(tell("m1"), "reply") == ["a human of the business answered, reply c1.r"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 ms"),
        (0.0314, "31 ms"),
        (1.44, "1.4 s"),
        (12.4, "12 s"),
        (185, "3 min 5 s"),
        (7200, "2 h"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_of_steps(seconds: float, said: str) -> None:
    """In the two largest units."""
    assert lasting(timedelta(seconds=seconds)) == said


def test_the_profile_of_a_turn(past: Past, tell: Any) -> None:
    """The story names the profile, also without the log, and why a turn began again by another one."""
    past.message("m1")
    past.happened(TurnStarted(turn="t1", messages=("m1",), backend="chat", at=past.now, profile="bakery@3"))
    again = TurnStarted(turn="t2", messages=("m1",), backend="chat", at=past.now, profile="bakery@4", instead="t1")
    past.happened(again)
    past.reply("t2", "m1")
    started = next(one for one in words(tell("m1"), "turn") if "turn t2 started" in one)
    assert ", profile bakery@4, mode chat" in started
    assert "in the place of turn t1: the profile of that one could not be used any more" in started
    assert any(", profile bakery@4, mode chat" in one for one in words(tell("m1", blind=True)))
