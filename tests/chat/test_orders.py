"""Controls: each is pending until a decision names it as its cause."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from chat.commands import Answered
from chat.work import CreateThread, EndBurst, Obey, Resume, WriteReply
from events import codec
from events.admission import Approved, Blocked
from events.decisions import Ignored, Paused, Reply, Reset, Resumed
from events.inbound import Command
from events.teamwork import Assigned, Labelled, Resolved
from events.usage import TokenUsage
from projections.story.unchanged import WAS
from tests.chat.story import NOON, Story, order, text


@pytest.mark.parametrize("command", ["pause", "resume", "reset", "erase", "retry", "send"])
def test_every_order_is_answered_once(command: str) -> None:
    """For every order one decision names it, and then it is no longer pending."""
    story = Story().given(order("c1", command))
    (decision,) = story.works_off_what_is_due()
    assert getattr(decision, "cause", None) == "c1"
    assert story.chat.orders == ()


def test_a_pause_ends_by_itself_at_its_time() -> None:
    """`until` is waited for on the bus's clock, and `resumed` without a cause ends it."""
    until = NOON + timedelta(minutes=30)
    story = Story().given(Paused(until=until, at=NOON))
    assert story.pending() == (Resume(until),)
    assert story.when(Resume(until)) is None, "before its time"
    story.now = until
    assert isinstance(story.does(Resume(until)), Resumed)
    assert story.pending() == ()


def test_a_message_stored_after_the_pause_ran_out_is_answered() -> None:
    """No instance was there to resume in time: the message waits for `resumed`, it is not ignored."""
    until = NOON + timedelta(seconds=1)
    story = Story().given(Paused(until=until, at=NOON), text("m1"))
    assert story.pending() == (Resume(until),)
    story.does(Resume(until))
    assert story.pending() == (EndBurst(2, 2),)


def test_resume_picks_up_what_is_open() -> None:
    """An order comes before refusals: messages that wait when `resume` is decided are answered."""
    story = Story().given(Paused(until=None, at=NOON), text("m1"), order("c1", "resume"))
    assert isinstance(story.works_off_what_is_due()[0], Resumed)
    assert story.pending() == (EndBurst(2, 2),)


def test_a_reset_starts_a_new_thread() -> None:
    """Messages from before the order are no longer context; the next turn has a thread of its own."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    story.given(order("c1", "reset"))
    reset = story.does(Obey(order("c1", "reset"), 5))
    assert isinstance(reset, Reset)
    assert reset.upto == 5
    story.given(text("m2"))
    story.does(EndBurst(7, 7))
    (create,) = story.pending()
    assert isinstance(create, CreateThread)
    assert create.reason == "reset"
    assert story.chat.reset_upto == 5


def test_a_humans_words_end_the_open_messages() -> None:
    """`send` answers the messages that run and wait; the running turn is over, its late answer decides nothing."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.given(text("m2"), order("c1", "send", text="I am here.", by="ana"))
    reply = story.works_off_what_is_due()[0]
    assert isinstance(reply, Reply)
    assert (reply.author, reply.in_reply_to, reply.text) == ("operator", ("m1", "m2"), "I am here.")
    assert story.pending() == ()
    assert story.when(Answered(turn, "late", "model", None, TokenUsage())) is None


def test_an_empty_send_is_refused() -> None:
    """Nothing is said, and the order has its answer."""
    (ignored,) = Story().given(order("c1", "send", text=" ")).works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert ignored.reason == "empty"


def test_another_backend_gets_a_thread_of_its_own() -> None:
    """After OPENAI_API_MODE was changed, the next turn switches threads."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    story.rules = type(story.rules)(story.rules.incarnation, "scripted", story.rules.stale_after)
    story.given(text("m2"))
    turn = story.starts_a_turn()
    assert story.chat.thread is not None
    assert story.chat.thread.backend == "scripted"
    assert isinstance(story.pending()[0], WriteReply)


AGAIN: dict[str, dict[str, Any]] = {
    "pause": {},
    "resume": {},
    "approve": {},
    "block": {},
    "assign": {"to": "bea"},
    "label": {"add": ("VIP",), "remove": ("new",)},
    "resolve": {},
    "reopen": {},
    "snooze": {"until": NOON + timedelta(hours=2)},
}
"""The orders after which a chat stands as they say."""

NEW_EACH_TIME = {"reset", "erase", "send", "retry", "handoff", "note", "join"}
"""The orders that make something new each time, or are refused."""


def given_in(story: Story, command: str, **fields: Any) -> Any:
    """The decision on an order in this chat."""
    given = order(f"o{len(story.events)}", command, by="ana", **fields)
    return story.given(given).does(Obey(given, len(story.events)))


def test_every_order_makes_something_or_tells_that_it_changed_nothing() -> None:
    """No order is left out of either list, and each that can change nothing has its words."""
    assert AGAIN.keys() | NEW_EACH_TIME == set(get_args(Command))
    assert WAS.keys() == AGAIN.keys()


@pytest.mark.parametrize("command", AGAIN)
def test_an_order_that_changes_nothing_says_so(command: str) -> None:
    """The same order twice: the second one found the chat as it wants it, whatever the first one found."""
    story = Story().given(text("m1"))
    given_in(story, command, **AGAIN[command])
    before = story.chat
    second = given_in(story, command, **AGAIN[command])
    assert second.unchanged
    assert replace(story.chat, state_upto=0) == replace(
        before, state_upto=0, inbound_seq=story.chat.inbound_seq, decision_seq=story.chat.decision_seq
    )
    assert codec.decode(story.events[-1].type, codec.encode(second)) == second


@pytest.mark.parametrize(
    ("before", "command", "fields", "unchanged"),
    [
        ([], "resume", {}, True),
        ([Paused(until=None, at=NOON)], "resume", {}, False),
        ([Paused(until=NOON + timedelta(hours=1), at=NOON)], "pause", {}, False),
        ([], "approve", {}, False),
        ([Blocked(at=NOON)], "approve", {}, False),
        ([Approved(at=NOON)], "approve", {}, True),
        ([], "reopen", {}, True),
        ([Resolved(state="resolved", at=NOON)], "reopen", {}, False),
        ([Resolved(state="resolved", at=NOON), text("m1")], "reopen", {}, True),
        ([Resolved(state="snoozed", until=NOON - timedelta(hours=1), at=NOON)], "reopen", {}, True),
        ([Resolved(state="snoozed", until=NOON + timedelta(hours=1), at=NOON)], "reopen", {}, False),
        ([Resolved(state="snoozed", until=NOON + timedelta(hours=1), at=NOON)], "resolve", {}, False),
        ([], "assign", {}, True),
        ([Assigned(to="bea", at=NOON)], "assign", {"to": "Bea"}, True),
        ([Assigned(to="bea", at=NOON)], "assign", {"to": "tom"}, False),
        ([Assigned(to="bea", at=NOON)], "assign", {}, False),
        ([], "label", {"remove": ("VIP",)}, True),
        ([Labelled(add=("VIP",), at=NOON)], "label", {"add": ("vip",)}, True),
        ([Labelled(add=("VIP",), at=NOON)], "label", {"add": ("new",)}, False),
        ([Labelled(add=("a", "b"), at=NOON)], "label", {"add": ("b", "a"), "remove": ("a",)}, True),
    ],
)
def test_it_follows_from_what_the_state_was(
    before: list[Any], command: str, fields: dict[str, Any], *, unchanged: bool
) -> None:
    """Not from what was asked, nor from what was asked before."""
    assert given_in(Story().given(*before), command, **fields).unchanged is unchanged
