"""Messages fall into turns as they did, or as other rules would have had them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.inbound import Control, Edit, Inbound, Message, Revoke
from events.memory_log import MemoryLog
from recado.whatif.plan import plan
from tests.recado.whatif.real_chat import NOON, lived, past_in, rules

LATER = NOON + timedelta(days=1)


def text(id_: str, **fields: Any) -> Message:
    return Message(id=id_, **{"text": f"text {id_}", **fields})


def turns_in_log(log: MemoryLog) -> list[tuple[str, ...]]:
    return [turn.messages for turn in past_in(log).turns if turn.ending is not None]


def turns_planned(
    log: MemoryLog, since: datetime = NOON, until: datetime = LATER, **rule: Any
) -> list[tuple[str, ...]]:
    return [turn.messages for turn in plan(past_in(log), rules(**rule), since, until).turns]


def test_with_the_same_rules_the_turns_are_the_same() -> None:
    """A burst is one turn; messages that come while the model writes are the next one."""
    steps = [(5, text("a")), (0.5, text("b")), (0.7, text("c")), (1.5, text("d")), (0.2, text("e")), (20, text("f"))]
    log = lived(steps, [(3.0, "")])
    assert turns_in_log(log) == [("a", "b", "c"), ("d", "e"), ("f",)]
    assert turns_planned(log) == turns_in_log(log)


def test_a_person_who_does_not_stop_is_answered_after_ten_times_the_debounce() -> None:
    """As the actor does it."""
    log = lived([(5, text("m0")), *((0.9, text(f"m{n}")) for n in range(1, 16))], [(0.3, "")])
    assert [len(turn) for turn in turns_in_log(log)] == [12, 4]
    assert turns_planned(log) == turns_in_log(log)


def test_a_longer_debounce_takes_more_together() -> None:
    """By the times at which the messages arrived."""
    log = lived([(5, text("a")), (2, text("b")), (2, text("c")), (30, text("d"))], [(0.1, "")])
    assert turns_in_log(log) == [("a",), ("b",), ("c",), ("d",)]
    assert turns_planned(log, debounce=3.0) == [("a", "b", "c"), ("d",)]


def test_a_shorter_debounce_answers_sooner() -> None:
    """The turn takes as long as the one that answered its last message took."""
    log = lived([(5, text("a")), (0.8, text("b")), (0.8, text("c"))], [(0.5, "")])
    assert turns_in_log(log) == [("a", "b", "c")]
    assert turns_planned(log, debounce=0.1) == [("a",), ("b",), ("c",)]


def test_only_what_arrived_in_the_time_is_answered() -> None:
    """And the messages that were open when it began."""
    log = lived([(10, text("a")), (20, text("b")), (0.3, text("c")), (20, text("d"))])
    since = NOON + timedelta(seconds=30.2)
    assert turns_planned(log, since, NOON + timedelta(seconds=45)) == [("b", "c")]


def test_a_turn_that_runs_when_the_time_begins_is_left_as_it_was() -> None:
    """What came meanwhile waits for its end, as it did."""
    log = lived([(10, text("a")), (3, text("b")), (2, text("c"))], [(20.0, ""), (1.0, "")])
    assert turns_in_log(log) == [("a",), ("b", "c")]
    assert turns_planned(log, NOON + timedelta(seconds=12)) == [("b", "c")]


def test_a_repeat_is_none_of_the_chats_business() -> None:
    """It is not answered this time either."""
    log = lived([(5, text("a")), (30, text("a")), (30, text("b"))])
    assert turns_planned(log) == [("a",), ("b",)]


EVENT = st.one_of(
    st.just("text"),
    st.just("text"),
    st.just("text"),
    st.sampled_from(["sticker", "by hand", "pause", "pause a while", "resume", "send", "reset", "handoff"]),
    st.sampled_from(["edit", "revoke"]),
)
GAP = st.sampled_from([0.13, 0.37, 0.71, 1.61, 2.53, 4.27, 9.41])
ANSWER = st.tuples(st.sampled_from([0.19, 1.43, 3.89, 7.57]), st.sampled_from(["", "", "", "bad_key", "handoff"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(GAP, EVENT), min_size=1, max_size=14), st.lists(ANSWER, min_size=1, max_size=4))
def test_the_same_rules_give_the_same_turns(
    happened: list[tuple[float, str]], answers: list[tuple[float, str]]
) -> None:
    """With what people, humans at the desk and a failing model do to a chat."""
    steps = [(wait + n * 0.001, _event(n, what)) for n, (wait, what) in enumerate(happened)]
    rule = {"takeover": timedelta(seconds=5)}
    log = lived(steps, answers, **rule)
    assert turns_planned(log, **rule) == turns_in_log(log)


def _event(n: int, what: str) -> Inbound:
    match what:
        case "text":
            return text(f"m{n}")
        case "sticker":
            return Message(id=f"m{n}", kind="sticker")
        case "by hand":
            return text(f"m{n}", from_me=True)
        case "edit":
            return Edit(id=f"e{n}", of=f"m{n - 1}", text="another text")
        case "revoke":
            return Revoke(id=f"e{n}", of=f"m{n - 1}")
        case "pause a while":
            return Control(id=f"c{n}", command="pause", until=NOON + timedelta(seconds=3 * n))
        case command:
            return Control(id=f"c{n}", command=command, text="from the desk")  # type: ignore[arg-type]
