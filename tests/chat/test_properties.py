"""The promises hold in every order of events, with every repeat and every crash."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.acknowledging import acknowledged_by
from chat.evolve import evolve
from chat.gates import Gates
from chat.pending import has_pending_work
from chat.state import Chat
from chat.work import Due, EndBurst
from events.admission import Blocked
from events.decisions import Decision, Erased, Ignored, MediaRead, Paused, Reply, TurnFailed, TurnStarted
from events.inbound import Control, Edit, Message, Revoke
from events.recorded import Recorded, Unreadable
from tests.chat.shell import ANY_GATES, STEPS, WORDS, Shell
from tests.chat.story import NOON, order, text


def endings(events: list[Recorded]) -> Counter[str]:
    """The number of endings of each message; a retry takes one back."""
    ended: Counter[str] = Counter()
    for recorded in events:
        match recorded.event:
            case Reply(in_reply_to=messages) | Ignored(messages=messages) | TurnFailed(messages=messages):
                ended.update(messages)
            case TurnStarted(messages=messages, cause=str()):
                ended.subtract(messages)
            case _:
                pass
    return ended


@settings(max_examples=400, deadline=None)
@given(STEPS, ANY_GATES)
def test_every_message_has_exactly_one_ending(steps: list[tuple[str, Any]], gates: Gates) -> None:
    """Promise 2, over every interleaving of messages, repeats, orders, outcomes and crashes, with any gates."""
    shell = Shell(gates)
    for kind, value in steps:
        shell.step(kind, value)
    shell.finish()
    story = shell.story
    arrived = [
        event.event.id if isinstance(event.event, Message) else f"seq:{event.seq}"
        for event in story.events
        if isinstance(event.event, Message | Unreadable) and not event.repeat
    ]
    assert endings(story.events) == Counter(arrived)
    orders = [e.event.id for e in story.events if isinstance(e.event, Control) and not e.repeat]
    causes = [e.event.cause for e in story.events if getattr(e.event, "cause", None) and not is_receipt(e)]
    assert sorted(causes) == sorted(orders), "every order is answered exactly once"
    judge_reactions(story.events)
    assert still_to_tell(story.events) == [], "a person who was to be told was told, once, or has no ear for it now"
    heard = Counter(e.event.message for e in story.events if isinstance(e.event, MediaRead) and e.event.form == "text")
    assert not heard or max(heard.values()) == 1, "nobody listened twice"
    assert not has_pending_work(replace(story.chat, pause=None))
    assert has_pending_work(story.chat) == (story.chat.pause is not None and story.chat.pause.until is not None)


def judge_reactions(events: list[Recorded]) -> None:
    """Each is to the last message of the turn that runs, and comes once for it and for those in its place."""
    turn, reacted = TurnStarted(turn="", messages=(), backend="", at=NOON), False
    for event in [recorded.event for recorded in events]:
        if isinstance(event, TurnStarted):
            reacted = reacted and event.instead == turn.turn
            turn = event
        elif isinstance(event, Reply) and (message := acknowledged_by(event)):
            assert (event.about, message, event.in_reply_to) == (turn.turn, turn.messages[-1], ())
            assert not reacted
            reacted = True


def still_to_tell(events: list[Recorded]) -> list[str]:
    """Failed turns and ignored messages of which the person is still to be told. A pause, a block and a stop word end
    that; a word about anything else is a fault."""
    to_tell: list[str] = []
    for event in [recorded.event for recorded in events]:
        match event:
            case Paused() | Blocked():
                to_tell = []
            case TurnFailed(turn=turn, told=True):
                to_tell.append(turn)
            case Ignored(messages=messages, told=told, reason=reason):
                to_tell = [] if reason == "stop_word" else to_tell
                to_tell += [messages[0]] if told else []
            case Reply(about=str(about)) if not acknowledged_by(event):
                assert about in to_tell, f"a word that nothing calls for, about {about}"
                to_tell.remove(about)
    return to_tell


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_one_turn_at_a_time_and_in_order(steps: list[tuple[str, Any]]) -> None:
    """Promise 1: a turn starts only when the one before has ended, and first turns name messages as they arrived."""
    shell = Shell()
    for kind, value in steps:
        shell.step(kind, value)
    shell.finish()
    running: set[str] = set()
    answered: list[int] = []
    arrival = {e.event.id: e.seq for e in shell.story.events if isinstance(e.event, Message) and not e.repeat}
    for recorded in shell.story.events:
        match recorded.event:
            case TurnStarted(messages=messages, cause=cause, instead=instead):
                assert not running or instead is not None, "a second turn while one runs"
                running = set(messages)
                if cause is None and instead is None:
                    answered += [arrival[message] for message in messages]
            case Reply(in_reply_to=messages) | Ignored(messages=messages) | TurnFailed(messages=messages):
                running -= set(messages)
            case _:
                pass
    assert answered == sorted(answered)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.data())
def test_inbound_events_commute_with_decisions_that_do_not_name_them(steps: list[tuple[str, Any]], data: Any) -> None:
    """An actor applies its own decisions before the tail brings earlier messages: the state is the same in the end,
    and events applied twice change nothing."""
    shell = Shell()
    for kind, value in steps:
        shell.step(kind, value)
    events = list(shell.story.events)
    for _ in range(len(events) * 2):
        if len(events) < 2:
            break
        at = data.draw(st.integers(0, len(events) - 2))
        first, second = events[at], events[at + 1]
        if first.side == "i" and second.side == "o" and not names(second, first):
            events[at], events[at + 1] = second, first
    chat = Chat()
    for recorded in events:
        chat = evolve(chat, recorded)
        again = data.draw(st.sampled_from(events[: events.index(recorded) + 1]))
        assert evolve(chat, again) == chat
    assert chat == shell.story.chat


def is_receipt(recorded: Recorded) -> bool:
    return isinstance(recorded.event, Erased) and recorded.event.done


ARRIVALS = st.lists(
    st.one_of(
        st.tuples(st.just("message"), st.sampled_from(["hello", "", "bytes", "mine", "voice", "group", "stop"])),
        st.tuples(st.just("order"), st.sampled_from(["pause", "send", "erase", "block", "label", "resolve"])),
        st.tuples(st.sampled_from(["edit", "revoke"]), st.integers(0, 30)),
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, ARRIVALS, st.data())
def test_erased_in_part_is_erased_as_a_whole(
    steps: list[tuple[str, Any]], arrivals: list[tuple[str, Any]], data: Any
) -> None:
    """The state is the same for every part of the erased events that the log still has, also if an event came in just
    before the decision, and for each order in which an actor is told of that."""
    shell = Shell()
    story = shell.story
    for kind, value in steps:
        shell.step(kind, value)
    shell.step("order", "erase")
    while not isinstance(decision := decided_next(shell), Erased):
        assert decision is not None
        story.record(decision)
    known = len(story.events)
    for kind, value in arrivals:
        shell.step(kind, value)
    at = story.record(decision).seq
    for kind, value in data.draw(STEPS):
        shell.step(kind, value)
    events = story.events
    left = [event for event in events[:known] if data.draw(st.booleans())] + events[known:]
    assert folded(left) == story.chat
    own_first = [*events[:known], events[at - 1], *events[known : at - 1], *events[at:]]
    assert folded(own_first) == story.chat
    chat = Chat()
    for recorded in events[:at]:
        chat = evolve(chat, recorded)
    open_ = {message.id for message in chat.waiting}
    assert open_ == {
        named_by(event) for event in events[known : at - 1] if isinstance(event.event, Message | Unreadable)
    }


def named_by(event: Recorded) -> str:
    return event.event.id if isinstance(event.event, Message) else f"seq:{event.seq}"


def folded(events: list[Recorded]) -> Chat:
    chat = Chat()
    for recorded in events:
        chat = evolve(chat, recorded)
    return chat


def decided_next(shell: Shell) -> Decision | None:
    """The decision on the next work that is due, not in the log yet; other work is done."""
    while True:
        work = next((w for w in shell.story.pending() if isinstance(w, Due)), None)
        if work is not None:
            return shell.story.when(work, words=WORDS, failed=shell.failed())
        assert shell.work()


def names(decision: Recorded, arrived: Recorded) -> bool:
    """Whether the decision names the inbound event, or was made knowing it."""
    event = decision.event
    if isinstance(event, Erased) and not event.done:
        return arrived.seq <= event.upto
    if isinstance(arrived.event, Edit | Revoke) and getattr(event, "seen", 0) >= arrived.seq:
        return True
    named = {*getattr(event, "messages", ()), *getattr(event, "in_reply_to", ()), getattr(event, "cause", None)}
    return getattr(arrived.event, "id", f"seq:{arrived.seq}") in named or f"seq:{arrived.seq}" in named


def test_a_burst_is_one_turn_after_any_crash() -> None:
    """Crashing before the burst's end changes nothing: the messages are still answered together."""
    shell = Shell()
    shell.story.given(text("m1"), text("m2"))
    shell.crash()
    assert shell.story.pending() == (EndBurst(1, 2),)


def test_a_deletion_from_before_the_erasure_is_forgotten() -> None:
    """It came before its message, and was removed with the past; the edit after it was not."""
    shell = Shell()
    story = shell.story
    for event in (Revoke(id="e1", of="m4"), order("c2", "erase")):
        story.given(event)
    decision = decided_next(shell)
    assert isinstance(decision, Erased)
    for event in (text("m3"), text("m4"), Edit(id="e5", of="m4", text="new")):
        story.given(event)
    story.record(decision)
    assert story.chat == folded(story.events[1:])
    assert [(rewrite.of, rewrite.revoked_at) for rewrite in story.chat.rewrites] == [("m4", 0)]
