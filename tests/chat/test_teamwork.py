"""The work that users share on a chat: who has it, its labels and notes, its state, and who waits for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.state import Chat, Pause
from chat.teamwork import labels_after, state_at, state_of
from chat.work import Obey
from events import codec
from events.decisions import Ignored, Paused, Reply
from events.inbound import Media, Message
from events.joining import Joined
from events.recorded import Unreadable
from events.teamwork import (
    LONGEST_LABEL,
    LONGEST_NOTED,
    MOST_LABELS,
    Assigned,
    Labelled,
    Noted,
    Resolved,
    cleaned_label,
    cleaned_name,
    label_key,
)
from tests.chat.story import NOON, SETTING, Story, order, text

LATER = NOON + timedelta(hours=2)


def ordered(command: str, story: Story | None = None, **fields: Any) -> Any:
    """The decision on an order."""
    story = story or Story()
    given = order(f"o{len(story.events)}", command, by="ana", **fields)
    story.given(given)
    return story.does(Obey(given, len(story.events)))


@pytest.mark.parametrize(
    ("command", "fields", "expected"),
    [
        ("assign", {"to": "bea"}, Assigned(to="bea", at=NOON)),
        ("assign", {"to": "  bea  lima "}, Assigned(to="bea lima", at=NOON)),
        ("assign", {"to": ""}, Assigned(to=None, at=NOON, unchanged=True)),
        ("assign", {}, Assigned(to=None, at=NOON, unchanged=True)),
        ("note", {"text": " pays on Friday\n"}, Noted(id="o0.n", text="pays on Friday", at=NOON)),
        ("label", {"add": ("VIP", "vip", "new"), "remove": ("old",)},
         Labelled(add=("VIP", "new"), remove=("old",), at=NOON)),
        ("resolve", {}, Resolved(state="resolved", at=NOON)),
        ("reopen", {}, Resolved(state="open", at=NOON, unchanged=True)),
        ("snooze", {"until": LATER}, Resolved(state="snoozed", until=LATER, at=NOON)),
    ],
)  # fmt: skip
def test_each_order_has_its_decision(command: str, fields: dict[str, Any], expected: Any) -> None:
    """It names its user and its cause, and its bytes are read again."""
    story = Story()
    event = ordered(command, story, **fields)
    assert event == replace(expected, at=event.at, by="ana", cause="o0")
    assert codec.decode(story.events[-1].type, codec.encode(event)) == event
    assert story.chat.orders == ()
    assert story.pending() == ()


REFUSED = [
    ("assign", {"to": "a\nb"}, "malformed_name"),
    ("assign", {"to": " \u202e "}, "malformed_name"),
    ("assign", {"to": "x" * 257}, "malformed_name"),
    ("note", {}, "empty"),
    ("note", {"text": " \n\t "}, "empty"),
    ("note", {"text": "x" * (LONGEST_NOTED + 1)}, "too_long"),
    ("label", {}, "empty"),
    ("label", {"add": ("",)}, "malformed_label"),
    ("label", {"add": ("a\x00b",)}, "malformed_label"),
    ("label", {"add": ("a\u2028b",)}, "malformed_label"),
    ("label", {"add": ("a,b",)}, "malformed_label"),
    ("label", {"add": ("\u200d",)}, "malformed_label"),
    ("label", {"remove": ("x" * (LONGEST_LABEL + 1),)}, "malformed_label"),
    ("label", {"add": tuple(f"l{number}" for number in range(MOST_LABELS + 1))}, "too_many_labels"),
    ("label", {"remove": tuple(f"l{number}" for number in range(MOST_LABELS + 1))}, "too_many_labels"),
    ("snooze", {}, "no_later_time"),
    ("snooze", {"until": NOON}, "no_later_time"),
]


@pytest.mark.parametrize(("command", "fields", "reason"), REFUSED)
def test_what_cannot_be_meant_is_refused_by_name(command: str, fields: dict[str, Any], reason: str) -> None:
    event = ordered(command, **fields)
    assert isinstance(event, Ignored)
    assert (event.reason, event.messages, event.cause) == (reason, (), "o0")


@pytest.mark.parametrize("command", ["assign", "note", "label", "resolve", "reopen", "snooze"])
def test_no_decision_is_written_that_an_older_instance_does_not_read(command: str) -> None:
    story, given = Story(), order("o", command, text="x", add=("x",), until=LATER)
    story.given(given)
    event = story.does(Obey(given, 1), is_read=False)
    assert isinstance(event, Ignored)
    assert event.reason == "older_instance"


def test_labels_beyond_the_bound_are_refused_and_the_chat_keeps_its_own() -> None:
    story = Story()
    ordered("label", story, add=tuple(f"l{number}" for number in range(MOST_LABELS)))
    assert ordered("label", story, add=("one more",)).reason == "too_many_labels"
    assert isinstance(ordered("label", story, add=("one more",), remove=("L0",)), Labelled)
    assert len(story.chat.labels) == MOST_LABELS


@given(
    st.lists(st.tuples(*[st.lists(st.sampled_from(["VIP", "vip", "Ｖｉｐ", "new", "São", "sÃO"]), max_size=3)] * 2)),
)
def test_labels_are_a_set_in_which_case_makes_no_difference(changes: list[tuple[list[str], list[str]]]) -> None:
    """Those to remove go first; the order of the others is that in which they came."""
    labels: tuple[str, ...] = ()
    keys: list[str] = []
    for add, remove in changes:
        labels = labels_after(labels, Labelled(add=tuple(add), remove=tuple(remove), at=NOON))
        keys = [key for key in keys if key not in map(label_key, remove)]
        keys += [key for key in dict.fromkeys(map(label_key, add)) if key not in keys]
        assert list(map(label_key, labels)) == keys


@given(st.text(max_size=60))
def test_a_cleaned_label_fits_its_type(words: str) -> None:
    """What the cleaning lets through is written and read again, and is its own cleaned form."""
    for cleaned, event in ((cleaned_label(words), Labelled), (cleaned_name(words), Assigned)):
        if cleaned is None:
            continue
        assert cleaned_label(cleaned) == cleaned or event is Assigned
        written: Any = Labelled(add=(cleaned,), at=NOON) if event is Labelled else Assigned(to=cleaned, at=NOON)
        type_ = "labelled" if event is Labelled else "assigned"
        assert codec.decode(type_, codec.encode(written)) == written


@pytest.mark.parametrize("to", ["ana", "Ana", " ANA ", "aNa"])
def test_a_chat_is_given_to_a_user_in_any_spelling(to: str) -> None:
    """Users have names in small letters: a chat that is given to Ana is one of ana's."""
    event = ordered("assign", to=to)
    assert isinstance(event, Assigned)
    assert event.to == "ana"


@pytest.mark.parametrize("label", ["", "x" * 41, "a\nb", "ends\n", "a,b"])
def test_the_type_of_a_label_bounds_it(label: str) -> None:
    """Whoever writes a decision by other means."""
    body = msgspec.json.encode({"add": [label], "at": NOON})
    with pytest.raises(msgspec.ValidationError):
        codec.decode("labelled", body)


def state(story: Story) -> str:
    return state_at(state_of(story.chat), story.chat.snoozed_until, story.now)


@pytest.mark.parametrize("before", ["resolve", "snooze"])
@pytest.mark.parametrize(
    ("message", "opens"),
    [
        (text("m"), True),
        (Message(id="m", kind="audio", media=Media(object="x")), True),
        (Message(id="m", kind="call"), True),
        (Message(id="m", kind="sticker"), True),
        (Message(id="m", kind="reaction", text="👍"), False),
        (Message(id="m", kind="system", text="changed the number"), False),
        (Message(id="m", kind="poll"), False),
        (text("m", from_me=True), False),
        (Unreadable("unreadable", "no JSON"), False),
    ],
)
def test_a_word_of_the_person_opens_the_chat(before: str, message: Any, opens: bool) -> None:
    """Without an event; the user who has it keeps it."""
    story = Story()
    ordered("assign", story, to="bea")
    ordered(before, story, until=LATER)
    story.given(message)
    assert (state(story) == "open") is opens
    assert story.chat.assigned == "bea"


def test_a_word_that_came_after_the_order_keeps_the_chat_open() -> None:
    """The user who resolved the chat had not seen it, whatever the order in which the actor is told."""
    story = Story().given(text("m1"), order("o", "resolve"), text("m2"))
    story.does(Obey(order("o", "resolve"), 2))
    assert state(story) == "open"
    assert story.chat.unanswered == story.events[2].at


def test_a_snooze_is_over_at_its_time() -> None:
    """At every reading; nothing is written for it."""
    story = Story()
    ordered("snooze", story, until=LATER)
    assert state(story) == "snoozed"
    assert story.pending() == ()
    story.now = LATER
    assert state(story) == "open"


def test_a_request_for_a_human_opens_the_chat() -> None:
    story = Story()
    ordered("resolve", story)
    ordered("handoff", story, text="a refund")
    assert state(story) == "open"


def test_a_blocked_person_opens_nothing() -> None:
    story = Story()
    ordered("block", story)
    ordered("resolve", story)
    story.given(text("m"))
    assert state(story) == "resolved"


@pytest.mark.parametrize("command", ["resolve", "reopen", "assign", "label", "note", "snooze"])
def test_resolve_alone_ends_a_handoff(command: str) -> None:
    """The bot answers again; the others leave the chat with the human."""
    story = Story(replace(SETTING, takeover=timedelta(minutes=30)))
    ordered("handoff", story, text="a refund")
    story.works_off_what_is_due()
    assert story.chat.pause == Pause(None, "handed_off")
    ordered(command, story, text="x", add=("x",), until=LATER, to="bea")
    ends = command == "resolve"
    assert (story.chat.pause is None, story.chat.attention is None, story.chat.hand is None) == (ends, ends, True)
    assert not [work for work in story.works_off_what_is_due() if isinstance(work, Paused)]


def test_resolve_gives_a_chat_back_that_a_human_took_over() -> None:
    story = Story(replace(SETTING, takeover=timedelta(minutes=30)))
    ordered("send", story, text="I am here")
    story.works_off_what_is_due()
    assert story.chat.pause is not None
    ordered("resolve", story)
    assert story.chat.pause is None
    assert story.works_off_what_is_due() == []


def test_resolve_leaves_a_pause_by_order() -> None:
    story = Story().given(Paused(until=None, at=NOON))
    ordered("resolve", story)
    assert story.chat.pause == Pause(None, "paused")


def waits_since(story: Story) -> int | None:
    """The number of the event since which the person waits."""
    since = story.chat.unanswered
    return None if since is None else next(one.seq for one in story.events if one.at == since)


def test_the_person_waits_until_somebody_answers() -> None:
    """From the first word since our last; an apology, a notice or a program's information is no answer."""
    story = Story().given(text("m1"), text("m2"))
    assert waits_since(story) == 1
    reply = Reply(id="a", turn=None, chat="c", account="a", text="Sorry", in_reply_to=(), author="system", at=NOON)
    story.given(replace(reply, about="t"), replace(reply, author="assistant", cause="k"))
    story.given(Ignored(messages=("m1", "m2"), reason="paused", at=NOON))
    assert waits_since(story) == 1
    story.given(replace(reply, author="operator", cause="k"))
    assert waits_since(story) is None


def test_a_word_during_the_answer_waits_after_it() -> None:
    from chat.commands import Answered
    from events.usage import TokenUsage

    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.given(text("m2"))
    story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    assert story.events[-2].event == text("m2")
    assert waits_since(story) == len(story.events) - 1


def test_a_word_by_hand_on_the_phone_answers() -> None:
    story = Story().given(text("m1"), text("h", from_me=True))
    assert waits_since(story) is None
    story.given(text("m2"))
    assert waits_since(story) == 3


@pytest.mark.parametrize("reason", ["not_allowed", "unaddressed", "help", "stopped", "revoked", "groups_off"])
def test_what_nobody_is_to_answer_does_not_wait(reason: str) -> None:
    story = Story().given(text("m1"), Ignored(messages=("m1",), reason=reason, at=NOON))
    assert waits_since(story) is None


@pytest.mark.parametrize("reason", ["paused", "taken_over", "handed_off", "stale", "budget", "outside_hours", "broken"])
def test_what_a_human_may_answer_waits(reason: str) -> None:
    story = Story().given(text("m1"), Ignored(messages=("m1",), reason=reason, at=NOON))
    assert waits_since(story) == 1


STATES = st.sampled_from(["open", "resolved", "snoozed"])


@given(STATES, STATES, st.sampled_from(["", "ana"]), st.sampled_from([None, "bea"]))
def test_the_work_goes_along_with_a_joined_chat(ours: Any, theirs: Any, mine: str, other: str | None) -> None:
    """What is open in either is open, the user of the older chat keeps it, and the labels are of both."""
    chat = Chat(assigned=mine, labels=("VIP", "a"), state=ours, snoozed_until=LATER if ours == "snoozed" else None)
    sooner = LATER - timedelta(hours=1)
    event = Joined(
        from_="b", whole=True, at=NOON, assigned=other, labels=("vip", "b"), state=theirs,
        snoozed_until=sooner if theirs == "snoozed" else None, unanswered=NOON,
    )  # fmt: skip
    story = Story()
    story.chat = chat
    after = story.given(event).chat
    assert after.assigned == (mine or other or "")
    assert after.labels == ("VIP", "a", "b")
    expected = "open" if "open" in (ours, theirs) else "snoozed" if "snoozed" in (ours, theirs) else "resolved"
    assert state_of(after) == expected
    assert after.snoozed_until == ((sooner if theirs == "snoozed" else LATER) if expected == "snoozed" else None)
    assert after.unanswered == NOON
