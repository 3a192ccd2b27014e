"""The same events give the same content, wherever batches end and however often the writer restarts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.evolve import evolve
from chat.state import Chat
from events.decisions import Erased, Paused, Reset, Resumed, RunStarted, TurnAdopted
from events.inbound import Edit, Receipt, Revoke
from events.joining import Joined
from events.recorded import Recorded, Unknown, Unreadable
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Noted, Resolved
from projections.projection import Projection
from projections.reads.actor_reads import ChatReads
from projections.reads.reader import Reader
from projections.verify import TABLES, content_hash
from tests.projections.past import ANA, BIA, GROUP, STREAM, Past

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder in memory, where there is one: 300 files with a hundred commits each wait long for a disk."""

Happening = Callable[[Past, ChatKey, tuple[str, ...], str], object]
WHAT_HAPPENS: tuple[Happening, ...] = (
    lambda past, key, ids, turn: past.message(ids[0], f"text {ids[0]} {turn}", key, name="Ana"),
    lambda past, key, ids, turn: past.message(ids[-1], f"other text {turn}", key),
    lambda past, key, ids, turn: past.message(f"{ids[0]}{turn}", "hello", key, sender=ids[0], aliases=("lid", *ids)),
    lambda past, key, ids, turn: past.happened(Joined(from_="lid", at=past.now, others=ids), key),
    lambda past, key, ids, turn: past.happened(Joined(from_=ANA.chat, at=past.now, others=ids), key),
    lambda past, key, ids, turn: past.happened(Joined(from_=BIA.chat, at=past.now, whole=True), key),
    lambda past, key, ids, turn: past.happened(Joined(into=ANA.chat, at=past.now, cause=ids[0]), key),
    lambda past, key, ids, turn: past.happened(Unreadable("unreadable", "no JSON"), key, side="i"),
    lambda past, key, ids, turn: past.control(ids[0], "pause", key),
    lambda past, key, ids, turn: past.happened(Edit(id=ids[0], of=ids[0], text=turn), key),
    lambda past, key, ids, turn: past.happened(Revoke(id=ids[0], of=ids[0]), key),
    lambda past, key, ids, turn: past.happened(Receipt(id=ids[0], reply=f"{turn}.r", state="sent"), key),
    lambda past, key, ids, turn: past.happened(Receipt(id=ids[0], reply=f"{turn}.r", state="sending"), key),
    lambda past, key, ids, turn: past.happened(
        Receipt(id=ids[0], reply=f"{turn}.r", state="failed", part=1, parts=2), key
    ),
    lambda past, key, ids, turn: past.happened(Receipt(id=ids[0], reply=f"{ids[0]}.r", state="parked"), key),
    lambda past, key, ids, turn: past.happened(Unknown("rated", 2), key),
    lambda past, key, ids, turn: past.turn(turn, *ids, key=key),
    lambda past, key, ids, turn: past.turn(turn, *ids, key=key, cause=ids[0]),
    lambda past, key, ids, turn: past.happened(TurnAdopted(turn=turn, by="there-2", at=past.now), key),
    lambda past, key, ids, turn: past.happened(RunStarted(turn=turn, run=f"r{turn}", attempt=1, at=past.now), key),
    lambda past, key, ids, turn: past.thread(f"thread-{turn}", key),
    lambda past, key, ids, turn: past.reply(turn, *ids, key=key, thread=f"thread-{turn}", text=f"reply {turn}"),
    lambda past, key, ids, turn: past.said(f"operator {turn}", *ids, key=key, control=ids[0]),
    lambda past, key, ids, turn: past.failed(turn, *ids, key=key),
    lambda past, key, ids, turn: past.happened(Reset(upto=len(past.events), at=past.now, cause=ids[0]), key),
    lambda past, key, ids, turn: past.happened(Paused(until=None, at=past.now, cause=ids[0]), key),
    lambda past, key, ids, turn: past.happened(Resumed(at=past.now), key),
    lambda past, key, ids, turn: past.ignored(*ids, key=key, cause=ids[0]),
    lambda past, key, ids, turn: past.happened(Erased(upto=len(past.events), at=past.now, cause=ids[0]), key),
    lambda past, key, ids, turn: past.happened(Erased(upto=1, at=past.now, cause=ids[0], done=True, events=3), key),
    lambda past, key, ids, turn: past.happened(Assigned(to=turn, at=past.now, cause=ids[0]), key),
    lambda past, key, ids, turn: past.happened(Noted(id=f"{ids[0]}.n", text=f"note {turn}", at=past.now), key),
    lambda past, key, ids, turn: past.happened(Labelled(add=ids, remove=(turn, ids[0].upper()), at=past.now), key),
    lambda past, key, ids, turn: past.happened(Labelled(add=(turn, turn.upper()), at=past.now), key),
    lambda past, key, ids, turn: past.happened(Resolved(state="resolved", at=past.now, cause=ids[0]), key),
    lambda past, key, ids, turn: past.happened(Resolved(state="snoozed", until=past.now, at=past.now), key),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(WHAT_HAPPENS),
        st.sampled_from((ANA, BIA, GROUP)),
        st.lists(st.sampled_from(("a", "b", "c", "d", "seq:3")), min_size=1, max_size=3, unique=True).map(tuple),
        st.sampled_from(("t1", "t2", "t3")),
    ),
    max_size=40,
)
Steps = list[tuple[Happening, ChatKey, tuple[str, ...], str]]


def past_of(steps: Steps) -> Past:
    """A log of anything at all, also of what no actor would decide."""
    past = Past()
    for happening, *what in steps:
        happening(past, *what)
    return past


def folded(path: Path, batches: list[list[Recorded]], *, reopened: bool) -> tuple[list[Recorded], dict[str, str]]:
    """The result of `apply` for these batches, and the hashes of the file's content then."""
    projection = Projection.create(path, STREAM)
    marked = []
    for batch in batches:
        marked += projection.apply(batch)
        if reopened:
            projection.finish()
            projection = Projection.open(path)
    hashes = {table: content_hash(projection.db, table) for table in TABLES}
    projection.finish()
    return marked, hashes


@settings(deadline=None)
@given(steps=STEPS, data=st.data())
def test_content_does_not_depend_on_batches(steps: Steps, data: st.DataObject) -> None:
    """One event at a time with a restart after each, or any cuts with overlaps, also none: the same rows and marks."""
    events = past_of(steps).events
    cuts = sorted(data.draw(st.sets(st.integers(0, len(events)), max_size=6)) | {0, len(events)})
    overlap = data.draw(st.integers(0, 3))
    anyhow = [events[max(0, start - overlap) : end] for start, end in pairwise(cuts)]
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        one_by_one = folded(Path(folder) / "one-by-one.db", [[event] for event in events], reopened=True)
        in_batches = folded(Path(folder) / "in-batches.db", anyhow, reopened=False)
        snapshots = Reader(Path(folder), lambda: Path(folder) / "one-by-one.db")
        for key in (ANA, BIA, GROUP):
            state = reduce(evolve, [recorded for recorded in one_by_one[0] if recorded.key == key], Chat())
            assert ChatReads(snapshots).snapshot(key) == state
        snapshots.close()
    assert one_by_one == in_batches


def test_a_name_goes_along_over_a_restart(tmp_path: Path) -> None:
    """A writer that begins with the joining knows the closed chat by its row alone."""
    past = Past()
    past.message("a", "hello", ANA, name="Ana")
    past.happened(Joined(from_=ANA.chat, at=past.now), BIA)
    one_by_one = folded(tmp_path / "one-by-one.db", [[event] for event in past.events], reopened=True)
    assert one_by_one == folded(tmp_path / "at-once.db", [past.events], reopened=False)


@settings(deadline=None)
@given(steps=STEPS, limit=st.integers(0, 12), upto=st.integers(0, 30))
def test_context_is_what_its_definition_says(steps: Steps, limit: int, upto: int) -> None:
    """Told from the events alone: by ending order, a turn's messages and then its reply, none reset, none ignored."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        marked, _ = folded(Path(folder) / "one.db", [past_of(steps).events], reopened=False)
        reader = Reader(Path(folder), lambda: Path(folder) / "one.db")
        for key in (ANA, BIA):
            told = context_of([recorded for recorded in marked if recorded.key == key], upto)
            read = [line.text for line in ChatReads(reader).context(key, limit, upto)]
            assert read == (told[-limit:] if limit else [])
        reader.close()


def context_of(events: list[Recorded], upto: int) -> list[str]:
    texts: dict[str, tuple[int, str]] = {}
    ended: dict[str, int] = {}
    said: list[tuple[int, int, int, str]] = []
    for recorded in events:
        event = recorded.event
        match recorded.type:
            case "in" if recorded.side == "i" and not recorded.repeat:
                id_ = f"seq:{recorded.seq}" if isinstance(event, Unreadable) else event.id  # type: ignore[union-attr]
                texts[id_] = (recorded.seq, getattr(event, "text", ""))
            case "erased" if not event.done:  # type: ignore[union-attr]
                texts, ended, said = {}, {}, []  # it names all that came before
            case "turn_started" | "ignored":
                for id_ in event.messages:  # type: ignore[union-attr]
                    ended.pop(id_, None)
            case "turn_failed":
                ended.update((id_, recorded.seq) for id_ in event.messages if id_ in texts)  # type: ignore[union-attr]
            case "reply":
                of = [texts[id_][0] for id_ in event.in_reply_to if id_ in texts]  # type: ignore[union-attr]
                ended.update((id_, recorded.seq) for id_ in event.in_reply_to if id_ in texts)  # type: ignore[union-attr]
                said.append((recorded.seq, recorded.seq, max(of, default=recorded.seq), event.text))  # type: ignore[union-attr]
    said += [(ended[id_], seq, seq, text) for id_, (seq, text) in texts.items() if id_ in ended]
    return [text for _, _, counts, text in sorted(said) if counts > upto]
