"""An erased chat: however much of it is gone from the log already, and wherever batches end, the file is the same, and
none of its bytes are in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from events.decisions import Erased
from events.inbound import Edit
from events.recorded import Recorded
from projections.erasing import is_erasure
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, Past
from tests.projections.test_batches import STEPS, Steps, folded, past_of

SECRET = "xylophone"


@settings(deadline=None)
@given(steps=STEPS, later=STEPS, data=st.data())
def test_erased_in_part_is_erased_as_a_whole(steps: Steps, later: Steps, data: st.DataObject) -> None:
    """A rebuild from what is left of the log gives the same rows, in every table."""
    past = past_of(steps)
    past.happened(Erased(upto=len(past.events), at=past.now), data.draw(st.sampled_from((ANA, BIA))))
    for happening, *what in later:
        happening(past, *what)
    events = past.events
    ends = {recorded.key: recorded.seq for recorded in events if is_erasure(recorded)}
    gone = [recorded for recorded in events if recorded.seq < ends.get(recorded.key, 0) and data.draw(st.booleans())]
    left = [recorded for recorded in events if recorded not in gone]
    with tempfile.TemporaryDirectory() as folder:
        whole = folded(Path(folder) / "whole.db", [events], reopened=False)[1]
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


def test_somebody_who_reads_holds_up_only_the_tidying(known: Known, past: Past) -> None:
    """The rows are gone at once; the write-ahead log is emptied when nobody reads in it any more."""
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
