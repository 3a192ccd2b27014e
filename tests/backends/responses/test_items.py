"""Search in a conversation's items: sent input is found at its place, and no other item is taken for it."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from backends.responses.conversation import occurrences_of_messages, occurrences_of_outputs, open_calls, words
from backends.responses.wire import Item, Page, Response

WORDS = st.sampled_from(["ok", "yes", "ok then", "olá"])


def user(text: str, id_: str = "") -> Item:
    return Item(id=id_, role="user", content=[{"type": "input_text", "text": text}])


def model(text: str, id_: str = "") -> Item:
    return Item(id=id_, role="assistant", content=[{"type": "output_text", "text": text}])


def call(id_: str) -> Item:
    return Item(id=f"item-{id_}", type="function_call", call_id=id_, name="price", arguments="{}")


def output(id_: str) -> Item:
    return Item(id=f"out-{id_}", type="function_call_output", call_id=id_)


@given(texts=st.lists(WORDS, min_size=1, max_size=4), reply=WORDS, earlier=st.lists(st.tuples(WORDS, WORDS)))
def test_a_turn_is_found_behind_its_place(texts: list[str], reply: str, earlier: list[tuple[str, str]]) -> None:
    """Even among equal turns it is found once, with its answer, after the noted place."""
    before = [item for asked, said in earlier for item in (user(asked), model(said))]
    own = [*(user(text) for text in texts), model(reply, "answer")]
    (occurrence,) = occurrences_of_messages([*before, *own][len(before) :], texts)
    assert [item.id for item in occurrence.outputs] == ["answer"]


@given(texts=st.lists(WORDS, min_size=1, max_size=3), times=st.integers(0, 3))
def test_each_time_that_it_was_sent_is_found(texts: list[str], times: int) -> None:
    """Input that was sent twice by mistake is found twice, so that one can be removed."""
    items = [item for _ in range(times) for item in (*(user(text) for text in texts), model("yes"))]
    assert len(occurrences_of_messages(items, texts)) == times


def test_messages_without_an_answer_have_no_outputs() -> None:
    """The answer to a foreign message after them is not theirs."""
    (occurrence,) = occurrences_of_messages([user("a", "1"), user("b", "2"), model("to b", "3")], ["a"])
    assert (occurrence.items, occurrence.outputs) == (("1",), ())


def test_a_turn_that_has_gone_on_shows_what_was_said_last() -> None:
    """After the outputs of tools: the model's last words. All items of the turn can be removed."""
    items = [user("a", "1"), call("c1"), output("c1"), model("that is 4.20", "4")]
    (occurrence,) = occurrences_of_messages(items, ["a"])
    assert words(occurrence.outputs) == "that is 4.20"
    assert occurrence.items == ("1", "item-c1", "out-c1", "4")


def test_outputs_are_found_by_their_calls() -> None:
    """Two outputs together count as one time; the same again is another; outputs of other calls do not count."""
    once = [call("c1"), call("c2"), output("c1"), output("c2"), model("so")]
    (occurrence,) = occurrences_of_outputs(once, ("c1", "c2"))
    assert words(occurrence.outputs) == "so"
    assert occurrences_of_outputs(once, ("c3",)) == []
    assert occurrences_of_outputs([call("c1")], ("c1",)) == []
    assert len(occurrences_of_outputs([*once, output("c1"), output("c2"), model("so")], ("c1", "c2"))) == 2


def test_open_calls_are_those_without_an_output() -> None:
    """At any place."""
    assert open_calls([call("c1"), output("c1"), call("c2"), model("hm"), call("c3")]) == {"c2": "price", "c3": "price"}


def test_comments_on_the_way_are_not_the_answer() -> None:
    """The model first says its intention, then the answer: people are sent the answer."""
    comment = msgspec.structs.replace(model("Let me look."), phase="commentary")
    assert words([comment, model("It is 4.20.")]) == "It is 4.20."
    assert words([comment]) == "Let me look."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "refusal"]), inner),
    max_leaves=8,
)


@given(content=JSON, arguments=JSON, kind=st.sampled_from(["message", "mcp_call", "reasoning"]))
def test_items_of_other_kinds_are_passed_over(content: object, arguments: object, kind: str) -> None:
    """Other items may hold any values in the same fields: reading them breaks nothing."""
    item = {"id": "i", "type": kind, "role": "assistant", "content": content, "arguments": arguments, "name": []}
    page = msgspec.json.decode(msgspec.json.encode({"data": [item]}), type=Page)
    words(page.data)
    occurrences_of_messages(page.data, ["ok"])
    assert msgspec.json.decode(msgspec.json.encode({"id": "r", "output": [item]}), type=Response).ended
