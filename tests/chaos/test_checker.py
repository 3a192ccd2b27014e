"""The judge of the chaos tests can find for and against: each broken promise is seen, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chat.broken import MOST_ADOPTIONS
from events.decisions import (
    Erased,
    Ignored,
    Paused,
    Reply,
    Resumed,
    ThreadCreated,
    TurnAdopted,
    TurnError,
    TurnFailed,
    TurnStarted,
)
from events.recorded import Recorded, Unknown, Unreadable
from tests.chaos.checker import judge
from tests.chat.story import KEY, NOON, Story, order, text

AT = NOON + timedelta(minutes=1)


def started(turn: str, *messages: str, cause: str | None = None) -> TurnStarted:
    return TurnStarted(turn=turn, messages=messages, backend="chat", at=AT, cause=cause)


def replied(turn: str | None, *messages: str, **fields: Any) -> Reply:
    told = {"id": f"{turn}.r", "text": "hi", "author": "assistant", "account": KEY.account, "chat": KEY.chat, **fields}
    return Reply(turn=turn, in_reply_to=messages, at=AT, **told)


def failed(turn: str, *messages: str, told: bool = True) -> TurnFailed:
    return TurnFailed(turn=turn, messages=messages, error=TurnError(class_="timeout", detail="late"), told=told, at=AT)


def sorry(turn: str, **fields: Any) -> Reply:
    return replied(None, **{"id": f"{turn}.a", "author": "system", "about": turn, **fields})


SORRY = sorry("t2")


def adopted(turn: str, by: str) -> TurnAdopted:
    return TurnAdopted(turn=turn, by=by, at=AT)


def thread() -> ThreadCreated:
    return ThreadCreated(backend="chat", thread="th", reason="first", at=AT)


def ignored(*messages: str, cause: str | None = None) -> Ignored:
    return Ignored(messages=messages, reason="empty", at=AT, cause=cause)


def promises(events: list[Recorded]) -> list[str]:
    return [violation.promise for violation in judge(events)]


def test_a_log_as_it_should_be_is_clean() -> None:
    """A burst, a repeat, unreadable bytes, a failure with its apology and retry, a control, an adoption after a crash:
    no violation."""
    story = Story()
    story.given(text("m1"), text("m2"), started("t1", "m1", "m2"), thread(), text("m3"))
    story.given(adopted("t1", "later"), replied("t1", "m1", "m2"), by="later")
    story.given(text("m1"), repeat=True)
    story.given(Unreadable("unreadable", "no JSON"), ignored("seq:9"), by="later")
    story.given(started("t2", "m3"), failed("t2", "m3"), sorry("t2"), by="later")
    story.given(order("c1", "retry"), started("t3", "m3", cause="c1"), replied("t3", "m3"), by="later")
    story.given(order("c2", "pause"), Paused(until=None, at=AT, cause="c2"), text("m4"), ignored("m4"), by="later")
    story.given(order("c3", "resume"), Resumed(at=AT, cause="c3"), by="later")
    story.given(text("m5"), order("c4", "send", text="by hand"))
    story.given(replied(None, "m5", id="c4.r", author="operator", cause="c4"), by="later")
    assert judge(story.events) == []


TURN = (text("m1"), started("t1", "m1"))
BROKEN: dict[str, tuple[list[Any], list[str]]] = {
    "nobody answered": ([text("m1")], ["messages without an ending"]),
    "nobody ended what cannot be read": ([Unreadable("unreadable", "no JSON")], ["messages without an ending"]),
    "the turn was forgotten": ([*TURN], ["messages without an ending"]),
    "answered twice": (
        [*TURN, replied("t1", "m1"), started("t2", "m1"), replied("t2", "m1")],
        ["a message has two endings", "a message has two endings"],
    ),
    "failed in the wrong order": (
        [
            text("m1"),
            text("m2"),
            started("t1", "m2"),
            replied("t1", "m2"),
            started("t2", "m1"),
            failed("t2", "m1"),
            SORRY,
        ],
        ["turns out of order"],
    ),
    "answered and ignored": ([*TURN, replied("t1", "m1"), ignored("m1")], ["a message has two endings"]),
    "answered twice by hand": (
        [text("m1"), ignored("m1"), replied(None, "m1", author="operator")],
        ["a message has two endings"],
    ),
    "two turns at once": (
        [*TURN, text("m2"), started("t2", "m2"), replied("t2", "m2"), ignored("m1")],
        ["two turns at once"],
    ),
    "the second message first": (
        [text("m1"), text("m2"), started("t1", "m2"), replied("t1", "m2"), started("t2", "m1"), replied("t2", "m1")],
        ["turns out of order", "replies out of order"],
    ),
    "a burst upside down": (
        [text("m1"), text("m2"), started("t1", "m2", "m1"), replied("t1", "m2", "m1")],
        ["messages are not named in the order of their arrival, once"] * 2,
    ),
    "half of the turn answered": (
        [text("m1"), text("m2"), started("t1", "m1", "m2"), replied("t1", "m1"), ignored("m2")],
        ["a reply is not its turn's"],
    ),
    "an answer to nothing": (
        [*TURN, replied("t1", "m1"), replied("t1", "m1", id="again")],
        ["a reply is not its turn's", "a message has two endings"],
    ),
    "a message out of thin air": ([ignored("m1")], ["a decision names a message that is not in the log"]),
    "a turn without messages": ([started("t1")], ["a turn has no messages"]),
    "a reply under a known id": (
        [*TURN, replied("t1", "m1"), text("m2"), started("t2", "m2"), replied("t2", "m2", id="t1.r")],
        ["two replies bear one id"],
    ),
    "a reply of another chat": ([*TURN, replied("t1", "m1", chat="else")], ["a reply names another chat"]),
    "no apology": ([*TURN, failed("t1", "m1")], ["failed turns whose person was not told"]),
    "two apologies": (
        [*TURN, failed("t1", "m1"), sorry("t1"), sorry("t1", id="again")],
        ["an apology that is not due"],
    ),
    "an apology unasked": ([*TURN, failed("t1", "m1", told=False), sorry("t1")], ["an apology that is not due"]),
    "a failure of no turn": ([text("m1"), failed("t1", "m1", told=False)], ["a turn fails that does not run"]),
    "a retry of what was answered": (
        [*TURN, replied("t1", "m1"), order("c1", "retry"), started("t2", "m1", cause="c1"), replied("t2", "m1")],
        ["a retry of what did not fail"],
    ),
    "a retry left open": (
        [*TURN, failed("t1", "m1", told=False), order("c1", "retry"), started("t2", "m1", cause="c1")],
        ["messages without an ending"],
    ),
    "a control forgotten": ([order("c1", "pause")], ["controls that no decision names"]),
    "a control obeyed twice": (
        [order("c1", "pause"), Paused(until=None, at=AT, cause="c1"), Paused(until=None, at=AT, cause="c1")],
        ["a control is obeyed twice"],
    ),
    "a control out of thin air": ([Resumed(at=AT, cause="c1")], ["a decision's cause is not in the log"]),
    "an adoption of nothing": ([adopted("t1", "here-1")], ["a turn that does not run is adopted"]),
    "an adoption in another's name": (
        [*TURN, adopted("t1", "else"), ignored("m1")],
        ["a turn is adopted in another's name", "a fenced incarnation decided"],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_promise_is_seen(case: str) -> None:
    """Each of these logs breaks promises, and exactly those are named."""
    events, broken = BROKEN[case]
    story = Story().given(*events)
    assert promises(story.events) == broken


def test_a_decision_of_a_fenced_incarnation_is_seen() -> None:
    """Somebody adopted the turn: whoever had it may decide nothing in it any more, unless it adopts it back."""
    story = Story().given(*TURN).given(adopted("t1", "later"), by="later")
    fenced = Story().given(*TURN).given(adopted("t1", "later"), by="later").given(replied("t1", "m1"))
    assert promises(fenced.events) == ["a fenced incarnation decided"]
    story.given(adopted("t1", "here-1")).given(replied("t1", "m1"))
    assert judge(story.events) == []


def test_work_on_another_s_turn_without_adopting_it_is_seen() -> None:
    """An incarnation that did not start the turn works on it only after `turn_adopted`; it may end it by an order."""
    story = Story().given(*TURN).given(thread(), replied("t1", "m1"), by="later")
    assert promises(story.events) == ["an instance worked on another's turn"] * 2
    paused = Story().given(*TURN, order("c1", "pause"))
    paused.given(Paused(until=None, at=AT, cause="c1"), ignored("m1"), by="later")
    assert judge(paused.events) == []


@pytest.mark.parametrize(("lives", "wrong"), [(MOST_ADOPTIONS, []), (1, ["an instance worked on another's turn"])])
def test_a_turn_that_is_adopted_again_and_again_is_set_aside(lives: int, wrong: list[str]) -> None:
    """The next incarnation ends it without adopting it; a turn that few had before must be adopted."""
    story = Story().given(*TURN)
    for life in range(lives):
        story.given(adopted("t1", f"life-{life}"), by=f"life-{life}")
    broken = TurnError(class_="broken", detail="recado broke on this turn again and again")
    story.given(replace(failed("t1", "m1"), error=broken), sorry("t1"), by="next")
    assert promises(story.events) == wrong


def test_decisions_that_share_an_id_or_have_none_are_seen() -> None:
    """The id of a decision is its incarnation's and its own."""
    story = Story().given(text("m1"), text("m2"), ignored("m1"), ignored("m2"))
    story.events[3] = replace(story.events[3], msg_id=story.events[2].msg_id)
    assert promises(story.events) == ["two decisions bear one id"]
    story.events[3] = replace(story.events[3], msg_id="")
    assert promises(story.events) == ["a decision bears no id"]


def test_an_unreadable_decision_is_seen() -> None:
    """Whatever it was to end stays open."""
    story = Story().given(text("m1"), ignored("m1"))
    story.events[1] = replace(story.events[1], event=Unreadable("unreadable", "no JSON"))
    assert promises(story.events) == ["a decision cannot be read", "messages without an ending"]


def test_a_decision_of_a_newer_version_is_passed_over() -> None:
    """It is no violation, and no ending either."""
    story = Story().given(text("m1"), ignored("m1"))
    story.events[1] = replace(story.events[1], event=Unknown("archived", 9), msg_id="")
    assert promises(story.events) == ["messages without an ending"]


def test_a_violation_says_where_to_look() -> None:
    """Chat, ids and sequences stand in its text."""
    story = Story().given(*TURN, replied("t1", "m1"), ignored("m1"))
    assert str(judge(story.events)[0]) == f"a message has two endings: local/{KEY.chat} m1 at (3, 4)"


def test_a_chat_is_erased_when_nothing_is_open() -> None:
    """What was open then has no ending any more; afterwards the chat is a new one."""
    erased, receipt = Erased(upto=3, at=AT, cause="c1"), Erased(upto=4, at=AT, cause="c1", done=True)
    clean = Story().given(text("m1"), order("c1", "erase"), ignored("m1"), erased, text("m1"), ignored("m1"), receipt)
    assert judge(clean.events) == []
    between = Story().given(
        text("m1"), order("c1", "erase"), ignored("m1"), text("m2"), text("m1"), order("c2", "pause")
    )
    between.given(replace(erased, upto=3), started("t2", "m2"), replied("t2", "m2"), receipt)
    between.given(Paused(until=None, at=AT, cause="c2"))
    assert judge(between.events) == [], "a message and an order that the decision did not know belong to the new chat"
    lost = Story().given(text("m1"), order("c1", "erase"), ignored("m1"), text("m2"), replace(erased, upto=3), receipt)
    assert promises(lost.events) == ["messages without an ending"], "and it has to end them"
    hasty = Story().given(text("m1"), order("c1", "erase"), erased)
    assert [violation.promise for violation in judge(hasty.events)] == ["erased over messages without an ending"]


def test_events_gone_from_a_log_are_not_judged() -> None:
    """Of an erased chat anything may be missing before that was decided, and nothing behind it; of others nothing."""
    erased = Erased(upto=4, at=AT, cause="c1")
    story = Story().given(
        text("m1"), order("c1", "erase"), started("t1", "m1"), replied("t1", "m1"), erased, text("m2"), ignored("m2")
    )
    for gone in range(4):
        assert judge(story.events[:gone] + story.events[gone + 1 :]) == []
    (missing,) = judge([story.events[1], *story.events[3:5], story.events[6]])
    assert missing.ids == ("m2",)
