"""An erased chat: the file is the same however much of it the log still has and wherever batches end, and none of its
bytes are in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from events.decisions import Erased
from events.inbound import Control, Edit, Message, Receipt, Revoke
from events.joining import Joined
from events.recorded import Recorded, Unreadable
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Noted
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, Past
from tests.projections.test_commit_batches import STEPS, Steps, folded, past_of

SECRET = "xylophone"


ARRIVALS = st.lists(
    st.one_of(
        st.tuples(st.just("message"), st.sampled_from(("w1", "w2", "a"))),
        st.tuples(st.just("order"), st.sampled_from(("w1", "w2", "a"))),
        st.tuples(st.just("edit"), st.sampled_from(("w1", "a"))),
        st.tuples(st.just("revoke"), st.sampled_from(("w2", "b"))),
        st.tuples(st.just("receipt"), st.sampled_from(("t1", "t2"))),
        st.tuples(st.just("bytes"), st.just("")),
    ),
    max_size=5,
)


def arrive(past: Past, kind: str, id_: str, key: ChatKey) -> None:
    match kind:
        case "message":
            past.message(id_, f"late {id_}", key, name="Late")
        case "order":
            past.control(f"{id_}.c", "pause", key)
        case "edit":
            past.happened(Edit(id="late", of=id_, text="edited late"), key)
        case "revoke":
            past.happened(Revoke(id="late", of=id_), key)
        case "receipt":
            past.happened(Receipt(id="late", reply=f"{id_}.r", state="read"), key)
        case "bytes":
            past.happened(Unreadable("unreadable", "no JSON"), key, side="i")


def about_the_gone(recorded: Recorded, gone: list[Recorded]) -> bool:
    """The events that the eraser removes first: late ones that speak of erased ones."""
    event = recorded.event
    messages = {one.event.id for one in gone if isinstance(one.event, Message)}
    orders = {one.event.id for one in gone if isinstance(one.event, Control)}
    match event:
        case Message(id=id_) | Edit(of=id_) | Revoke(of=id_):
            return id_ in messages
        case Control(id=id_):
            return id_ in orders
        case _:
            return isinstance(event, Receipt)


@settings(deadline=None)
@given(steps=STEPS, arrivals=ARRIVALS, later=STEPS, data=st.data())
def test_erased_in_part_is_erased_as_a_whole(
    steps: Steps, arrivals: list[tuple[str, str]], later: Steps, data: st.DataObject
) -> None:
    """A rebuild from the rest of the log gives the same rows, in every table: at each moment of the removal, which
    begins with late events that speak of erased ones, and also if an event came in just before the decision."""
    past, key = past_of(steps), data.draw(st.sampled_from((ANA, BIA)))
    known = len(past.events)
    for kind, id_ in arrivals:
        arrive(past, kind, id_, key)
    at = past.happened(Erased(upto=known, at=past.now), key).seq
    for happening, *what in later:
        happening(past, *what)
    before = [recorded for recorded in past.events if recorded.key == key and recorded.seq < at]
    gone = [recorded for recorded in before if recorded.seq <= known]
    first = [recorded for recorded in before if recorded.seq > known and about_the_gone(recorded, gone)]
    removed = first + gone if data.draw(st.booleans()) else first
    undone = [recorded for recorded in removed[len(first) :] or removed if data.draw(st.booleans())]
    left = [recorded for recorded in past.events if recorded not in removed or recorded in undone]
    with tempfile.TemporaryDirectory() as folder:
        whole = folded(Path(folder) / "whole.db", [past.events], reopened=False)[1]
        assert folded(Path(folder) / "left.db", [left], reopened=False)[1] == whole
        one_by_one: list[list[Recorded]] = [[recorded] for recorded in left]
        assert folded(Path(folder) / "single.db", one_by_one, reopened=False)[1] == whole


def left_in(known: Known, word: str) -> list[str]:
    files = known.path.parent.glob(f"{known.path.name}*")
    return [file.name for file in files if word.encode() in file.read_bytes().lower()]


def test_no_byte_is_left(known: Known, past: Past) -> None:
    """Rows, the index of words and SQLite's write-ahead log: a word of the chat is in none of the files, also not one
    that was edited away long ago; what others said is."""
    for number in range(60):
        past.message(f"m{number}", f"my {SECRET} number {number} is out of tune", name="Ana")
        past.message(f"b{number}", f"and my violin {number}", BIA)
    past.happened(Edit(id="e1", of="m1", text=f"my golden{SECRET}"))
    past.turn("t1", "m1")
    past.reply("t1", "m1", text=f"oh, a {SECRET}!")
    past.control("n1", "note", text=f"plays the {SECRET}")
    past.happened(Noted(id="n1.n", text=f"plays the {SECRET}", at=past.now, cause="n1"))
    past.control("l1", "label", add=(f"{SECRET} 1",))
    past.happened(Labelled(add=(f"{SECRET} 1",), at=past.now, cause="l1"))
    past.happened(Labelled(remove=(f"{SECRET} 1",), add=(f"{SECRET} 2",), at=past.now))
    past.happened(Assigned(to=f"{SECRET} player", at=past.now))
    known.after(past)
    past.happened(Edit(id="e2", of="m1", text="my flute"))
    known.after(past)
    assert left_in(known, SECRET)
    past.happened(Erased(upto=len(past.events), at=past.now))
    known.after(past)
    known.reader.close()
    known.projection.tidy()
    assert not known.projection.leaves_traces
    assert left_in(known, SECRET) == []
    assert left_in(known, "flute") == []
    assert left_in(known, "violin") == [known.path.name]
    assert known.queries.search("xylo") == ()
    assert len(known.queries.search("violin", limit=100)) == 60


def test_a_reader_holds_up_only_the_tidying(known: Known, past: Past) -> None:
    """The rows are gone at once; the write-ahead log is emptied once it has no reader."""
    past.message("m1", f"a {SECRET}")
    known.after(past)
    with known.reader.transaction() as db:
        assert db.execute("SELECT count(*) FROM history").fetchone() == (1,)
        past.happened(Erased(upto=1, at=past.now))
        known.after(past)
        known.projection.tidy()
        assert known.projection.leaves_traces
    assert known.queries.history(ANA) == ()
    known.projection.tidy()
    assert not known.projection.leaves_traces
    assert left_in(known, SECRET) == []


def test_a_name_that_stood_for_another_chat_before(tmp_path: Path) -> None:
    """It stands for that chat again, as in a rebuild from the rest of the log."""
    past = Past()
    for key in (ANA, BIA, ANA, BIA):
        past.happened(Joined(from_="lid", at=past.now, others=("a",)), key)
    at = past.happened(Erased(upto=len(past.events), at=past.now), BIA).seq
    left = [recorded for recorded in past.events if recorded.key != BIA or recorded.seq >= at]
    whole = folded(tmp_path / "whole.db", [past.events], reopened=False)[1]
    assert folded(tmp_path / "left.db", [left], reopened=False)[1] == whole
