"""What only the log tells of a story: how chats were joined, and events that no table keeps."""

import msgspec

from events.decisions import Ignored, ThreadCreated
from events.joining import Joined
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from projections.story.log_facts import facts_of
from projections.story.reasons import because
from projections.story.step import Step
from projections.story.story import story
from tests.projections.conftest import Known
from tests.projections.past import ANA, Past, store
from tests.projections.story.conftest import words


async def test_a_joining(past: Past, known: Known) -> None:
    """Told in both chats, with what went along, and of a message that was moved, wherever it is asked for."""
    log, lid = MemoryLog(), ChatKey("shop", "99887766@lid")
    past.message("m1")
    past.message("l1", key=lid)
    past.happened(Joined(from_=lid.chat, at=past.now))
    past.happened(Joined(into=ANA.chat, at=past.now, stopped=True, reset=2), lid)
    past.happened(Joined(from_=lid.chat, at=past.now, stopped=True, reset=2, whole=True, others=("BR.1@bsuid",)))
    past.happened(Joined(into=ANA.chat, at=past.now, done=True), lid)
    moved = past.message("l1", aliases=("BR.1@bsuid",))
    past.events[-1] = msgspec.structs.replace(moved, msg_id=f"in:shop:{ANA.chat}:l1:{lid.chat}")
    past.happened(Ignored(messages=("l1",), reason="joined", at=past.now), lid)
    past.happened(Ignored(messages=("m1", "l1"), reason="stopped", at=past.now))
    await store(log, past.events)
    known.after(past)

    async def told(id_: str) -> list[list[Step]]:
        """With the events that are read of the log, which has other times here."""
        found = []
        for why in known.queries.why(id_):
            read = {one.seq for one in await facts_of(log, why)}
            facts = [one for one in past.events if one.seq in read]
            found.append(story(why, past.now, facts))
        return found

    ana = ANA.chat.removesuffix("@s.whatsapp.net")
    began = f"the chat of {lid.chat}, the same person's, was to close into this one, which waits for it"
    closed = (
        f"the chat of {lid.chat} has closed into this one, with BR.1@bsuid, which had closed into it: "
        "what was said there belongs to this conversation"
    )
    assert [words(steps) for steps in await told("l1")] == [
        [
            f"received from {lid.chat} and stored",
            f"the chat closed into that of {ana}: both are the same person's",
            f"it got no reply: {because('joined')}",
        ],
        [
            began,
            closed,
            (
                f"received from {ana} and stored, a person who is also BR.1@bsuid,"
                f" moved from the closed chat of {lid.chat}"
            ),
            f"it got no reply: {because('stopped')}",
        ],
    ]
    (steps,) = await told("m1")
    assert [step.what for step in steps if step.kind == "joined"] == [began, closed]
    assert [step.detail for step in steps if step.kind == "joined"] == [
        None, "the person wants no replies; the conversation began again"
    ]  # fmt: skip


async def test_events_that_are_read_of_the_log(past: Past, known: Known) -> None:
    """From the arrival of the message to its ending, of its chat alone; of a message that is open, to the last
    decision; of an order nothing."""
    log = MemoryLog()
    past.message("m0")
    past.message("m1")
    past.turn("t1", "m1")
    past.happened(ThreadCreated(backend="chat", thread="th1", reason="first", at=past.now))
    past.message("m2")
    past.control("o1", "pause")
    await store(log, past.events)
    known.after(past)
    assert [one.seq for one in await facts_of(log, *known.queries.why("m1"))] == [2, 3, 4]
    assert await facts_of(log, *known.queries.why("m2")) == ()
    assert await facts_of(log, *known.queries.why("o1")) == ()
    past.reply("t1", "m1")
    past.message("m3")
    await store(log, past.events[6:])
    known.after(past)
    assert [one.seq for one in await facts_of(log, *known.queries.why("m1"))] == [2, 3, 4, 5, 6, 7]
    assert [one.seq for one in await facts_of(log, *known.queries.why("t1"))] == [3, 4, 5, 6, 7]
    (last,) = known.queries.why_last()
    assert last.entry is not None
    assert last.entry.id == "m3"
