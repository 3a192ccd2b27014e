"""The context of the model: the history as it was, or as the replay wrote it."""

from __future__ import annotations

from events.inbound import Control, Edit, Message
from tests.recado.whatif.real_chat import lived
from tests.recado.whatif.replaying import Asked, replay
from tests.recado.whatif.test_grouping import text

APART = [(5, text("a")), (2, text("b")), (30, text("c"))]


def test_each_turn_is_shown_what_really_was_said() -> None:
    """So every turn is compared on equal ground."""
    model = Asked()
    replay(lived(APART, [(0.1, "")]), model)
    assert model.shown == [
        ([], ["text a"]),
        (["text a", "then: text a"], ["text b"]),
        (["text a", "then: text a", "text b", "then: text b"], ["text c"]),
    ]


def test_or_the_conversation_goes_on_with_the_new_replies() -> None:
    """With --continue."""
    model = Asked()
    replay(lived(APART, [(0.1, "")]), model, go_on=True)
    assert model.shown == [
        ([], ["text a"]),
        (["text a", "now: text a"], ["text b"]),
        (["text a", "now: text a", "text b", "now: text b"], ["text c"]),
    ]


def test_messages_that_are_taken_together_now_are_in_no_history() -> None:
    """The model sees no message twice."""
    model = Asked()
    replay(lived(APART, [(0.1, "")]), model, debounce=3.0)
    assert model.shown == [
        ([], ["text a", "text b"]),
        (["text a", "then: text a", "text b", "then: text b"], ["text c"]),
    ]


def test_divided_turns_follow_one_another() -> None:
    """There is no history of then between the two; as soon as there is one again, it counts."""
    model = Asked()
    replay(lived([(5, text("a")), (0.5, text("b")), (30, text("c"))], [(0.1, "")]), model, debounce=0.1)
    assert model.shown == [
        ([], ["text a"]),
        (["text a", "now: text a"], ["text b"]),
        (["text a", "text b", "then: text a | text b"], ["text c"]),
    ]


def test_a_reset_and_a_human_are_in_the_history_as_they_were() -> None:
    """Also where the conversation goes on by itself."""
    told = [
        (5, text("a")),
        (30, Control(id="r", command="reset")),
        (1, text("b")),
        (30, Control(id="s", command="send", text="from the desk")),
        (30, text("c")),
    ]
    model = Asked()
    replay(lived(told, [(0.1, "")]), model, go_on=True)
    assert model.shown == [
        ([], ["text a"]),
        ([], ["text b"]),
        (["text b", "now: text b", "from the desk"], ["text c"]),
    ]


def test_a_reset_counts_though_the_replay_has_more_to_tell_before_it() -> None:
    """Tool calls that were not made then stand before it, so it stands elsewhere than in the log."""
    calls = [(5, text("a", text='call order {"n": 1}')), (0.2, text("b", text='call order {"n": 2}'))]
    told = [*calls, (30, text("c")), (30, Control(id="r", command="reset")), (1, text("d"))]
    model = Asked()
    replay(lived(told), model, go_on=True)
    assert model.shown[-1] == ([], ["text d"])


def test_a_human_who_was_asked_then_was_not_asked_now() -> None:
    """The message has its new reply, and what was left to the human after it is there as it was."""
    told = [(5, text("a")), (30, text("b")), (30, Control(id="r", command="resume")), (5, text("c"))]
    model = Asked()
    replay(lived(told, [(1.0, "handoff"), (1.0, "")]), model, go_on=True)
    assert model.shown == [([], ["text a"]), (["text a", "now: text a", "text b"], ["text c"])]


def test_an_edit_before_the_answer_counts() -> None:
    """The turn began again then: it is answered once."""
    told = [(5, text("a")), (2, Edit(id="e", of="a", text="another text")), (30, text("b"))]
    model = Asked()
    _, (results,) = replay(lived(told, [(5.0, "")]), model)
    assert [messages for _, messages in model.shown] == [["another text"], ["text b"]]
    assert [result.turn.messages for result in results] == [("a",), ("b",)]


def test_the_state_of_other_chats_is_none_of_its_business() -> None:
    """A sticker is ignored now as it was then, and a message by hand is no turn."""
    told = [(5, Message(id="s", kind="sticker")), (5, text("h", from_me=True)), (5, text("a"))]
    model = Asked()
    replay(lived(told), model)
    assert model.shown == [(["text h"], ["text a"])]
