"""`turns`, `threads`, `usage`: the owner of each turn, its place and its cost."""

from __future__ import annotations

from datetime import timedelta

from events.decisions import Reset, RunStarted, TurnAdopted, TurnStarted
from events.inbound import Message
from events.tool_calls import ToolCalled
from events.usage import TokenUsage
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, ELSEWHERE, Past


def test_a_turn_from_its_start_to_its_reply(known: Known, past: Past) -> None:
    """Its owner, its run, its adoptions, its ending and its cost."""
    past.message("m1")
    started = past.turn("t1", "m1")
    past.happened(RunStarted(turn="t1", run="r1", attempt=1, at=past.now))
    adopted = past.happened(TurnAdopted(turn="t1", by="there-2", at=past.now))
    (turn,) = known.after(past).queries.turns(ANA)
    assert (turn.state, turn.at, turn.messages, turn.run, turn.attempt) == ("running", started.at, ("m1",), "r1", 1)
    assert (turn.by, turn.adoptions, turn.adopted_at, turn.ended_at) == ("there-2", 1, adopted.at, None)
    ended = past.reply("t1", "m1", usage=TokenUsage(7, 3))
    (turn,) = known.after(past).queries.turns(ANA)
    assert (turn.state, turn.ended_seq, turn.ended_at) == ("replied", ended.seq, ended.at)
    assert (turn.run, turn.input_tokens, turn.output_tokens) == ("r1", 7, 3)


def test_a_turn_that_failed(known: Known, past: Past) -> None:
    """The class of the fault, the provider's words, and whether the person is told."""
    past.message("m1")
    past.turn("t1", "m1")
    past.failed("t1", "m1", error="bad_key", told=False)
    (turn,) = known.after(past).queries.turns(ANA)
    assert (turn.state, turn.error, turn.detail, turn.told) == ("failed", "bad_key", "no answer within 120 s", False)


def test_a_turn_that_a_pause_ended(known: Known, past: Past) -> None:
    """A turn whose messages are ignored ends with them; one of whose messages some are ignored goes on."""
    past.message("m1")
    past.message("m2")
    past.turn("t1", "m1", "m2")
    past.message("m3")
    past.ignored("m3", reason="stale")
    assert known.after(past).queries.turns(ANA)[0].state == "running"
    past.ignored("m1", "m2", reason="paused")
    (turn,) = known.after(past).queries.turns(ANA)
    assert (turn.state, turn.detail, turn.ended_seq) == ("ignored", "paused", 6)


def test_a_turn_that_an_operator_ended(known: Known, past: Past) -> None:
    """Words of a human that answer its messages end the turn, without tokens."""
    past.message("m1")
    past.turn("t1", "m1")
    past.said("I am Rita", "m1")
    (turn,) = known.after(past).queries.turns(ANA)
    assert (turn.state, turn.input_tokens, turn.ended_seq) == ("replied", 0, 3)


def test_the_newest_turns_of_a_chat(known: Known, past: Past) -> None:
    """Newest first, of this chat alone."""
    for number in (1, 2, 3):
        past.answered(number)
        past.answered(number, BIA)
    assert [turn.id for turn in known.after(past).queries.turns(ANA, limit=2)] == ["t3", "t2"]


def test_former_threads_are_kept(known: Known, past: Past) -> None:
    """A replaced thread stays in the map with its counts; after a reset none is current."""
    past.message("m1")
    past.message("m2")
    past.thread("th1")
    past.turn("t1", "m1", "m2")
    past.reply("t1", "m1", "m2", thread="th1", usage=TokenUsage(50, 5))
    past.thread("th2", reason="replaced")
    known.after(past)
    past.message("m3")
    past.turn("t3", "m3")
    past.reply("t3", "m3", thread="th2")
    first, second = known.after(past).queries.threads()
    assert (first.thread, first.current, first.messages, first.replies, first.input_tokens) == ("th1", False, 2, 1, 50)
    assert (second.thread, second.current, second.messages, second.reason) == ("th2", True, 1, "replaced")
    past.happened(Reset(upto=past.last.seq, at=past.now))
    assert [thread.current for thread in known.after(past).queries.threads()] == [False, False]


def test_threads_of_an_account_or_a_chat(known: Known, past: Past) -> None:
    """The map can be asked for one account or one chat."""
    for key in (ANA, BIA, ELSEWHERE):
        past.thread(f"of {key.account}", key)
    known.after(past)
    assert [thread.chat for thread in known.queries.threads(account="shop")] == [ANA.chat, BIA.chat]
    assert [thread.account for thread in known.queries.threads(chat=ANA.chat)] == ["bakery", "shop"]


def test_usage_by_chat_day_backend_and_model(known: Known, past: Past) -> None:
    """Replies of the assistant are counted on the day of their stamp; no other replies are."""
    past.answered(1)
    known.after(past)
    past.answered(2)
    past.answered(1, ELSEWHERE)
    past.happened(Message(id="m3", text="next day"), later=timedelta(days=1))
    past.turn("t3", "m3")
    past.reply("t3", "m3", model="large")
    past.said("operator")
    known.after(past)
    shown = [(row.account, row.day, row.model, row.replies, row.input_tokens) for row in known.queries.usage()]
    assert shown == [
        ("bakery", "2026-09-01", "small", 1, 100),
        ("shop", "2026-09-01", "small", 2, 200),
        ("shop", "2026-09-02", "large", 1, 100),
    ]
    assert {row.chat for row in known.queries.usage()} == {ANA.chat}
    assert [row.model for row in known.queries.usage(account="shop", since="2026-09-02")] == ["large"]
    assert known.queries.usage(chat=BIA.chat) == ()


def test_usage_of_a_turn_without_a_reply(known: Known, past: Past) -> None:
    """It asked for a tool before it failed: that has its cost, with an unknown model."""
    past.happened(Message(id="m1", text="hello"))
    past.turn("t1", "m1")
    past.happened(ToolCalled(turn="t1", call="c1", name="price", arguments="{}", at=past.now, usage=TokenUsage(70, 7)))
    past.failed("t1", "m1")
    known.after(past)
    (row,) = known.queries.usage()
    assert (row.backend, row.model, row.replies, row.input_tokens, row.output_tokens) == ("chat", "", 0, 70, 7)


def test_the_profile_of_a_turn(known: Known, past: Past) -> None:
    """Its turn, its messages and its reply have it; a turn by the instance's own settings has none."""
    past.message("m1")
    past.happened(TurnStarted(turn="t1", messages=("m1",), backend="chat", at=past.now, profile="bakery@3"))
    past.reply("t1", "m1")
    past.message("m2")
    past.turn("t2", "m2")
    queries = known.after(past).queries
    assert [turn.profile for turn in queries.turns(ANA)] == [None, "bakery@3"]
    assert [(entry.id, entry.profile) for entry in queries.history(ANA)] == [
        ("m1", "bakery@3"),
        ("t1.r", "bakery@3"),
        ("m2", None),
    ]
