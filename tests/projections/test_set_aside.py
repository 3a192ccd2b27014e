"""Events that a fold or a table cannot take, and chats that somebody has to look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chat import evolve
from chat.state import Chat
from events.decisions import Ignored, TurnError, TurnFailed, TurnStarted
from events.inbound import Control, Inbound, Message, Receipt
from events.memory_log import MemoryLog
from events.recorded import Recorded
from projections.projection import Projection
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from projections.reads.trouble_views import TroubleView
from projections.rebuild import rebuild
from projections.trouble import STUCK_AFTER, TOLD_FOR
from projections.verify import verify
from tests.actors.house import ANA, BOB
from tests.chat.story import NOON
from tests.recado.instance import decide


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fold that raises at one message."""
    came_in = evolve._came_in

    def breaks(chat: Chat, recorded: Recorded) -> Chat:
        if isinstance(recorded.event, Message) and recorded.event.id == "poison":
            raise OverflowError("too much")
        return came_in(chat, recorded)

    monkeypatch.setattr(evolve, "_came_in", breaks)


def counted() -> float:
    return REGISTRY.get_sample_value("recado_events_set_aside_total") or 0.0


@pytest.mark.usefixtures("poison")
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("kinds", [("fold",), ("fold", "table"), ("table",)])
def test_each_is_told_once(tmp_path: Path, together: bool, kinds: tuple[str, ...]) -> None:
    """One line and one count for each event, however often its batch is begun, and it is listed."""
    bad: dict[str, Inbound] = {
        "fold": Message(id="poison", text="hi"),
        "table": Receipt(id="r", reply="x", state="sent", part=2**63),
    }
    events: list[Inbound] = [Message(id="m1", text="hi"), *(bad[kind] for kind in kinds), Message(id="m2", text="hi")]
    recorded = [
        Recorded(seq, ANA, "i", "receipt" if isinstance(event, Receipt) else "in", NOON, "", event)
        for seq, event in enumerate(events, 1)
    ]
    projection, before = Projection.create(tmp_path / "a.db", NOON), counted()
    with capture_logs() as logs:
        for batch in [recorded] if together else [[one] for one in recorded]:
            projection.apply(batch)
    told = [line["seq"] for line in logs if line["event"] == "event_set_aside"]
    rows = projection.db.execute("SELECT seq, reason FROM set_aside ORDER BY seq").fetchall()
    projection.close()
    assert told == [seq for seq, _ in rows] == list(range(2, 2 + len(kinds)))
    assert {reason for _, reason in rows} == {"OverflowError"}
    assert counted() - before == len(kinds)


@pytest.mark.usefixtures("poison")
async def test_a_rebuild_comes_to_the_same(tmp_path: Path) -> None:
    log = MemoryLog()
    await log.publish(ANA, Message(id="poison", text="hi"), msg_id="1")
    await log.publish(ANA, Message(id="m2", text="hi"), msg_id="2")
    await rebuild(log, tmp_path)
    assert (await verify(log, tmp_path)).is_same
    with asked(tmp_path) as queries:
        (found,) = queries.trouble((await log.head()).now)
    assert (found.what, found.chat, found.seq, found.type) == ("set_aside", ANA.chat, 1, "in")


@contextmanager
def asked(folder: Path) -> Iterator[Queries]:
    reader = Reader(folder)
    try:
        yield Queries(reader)
    finally:
        reader.close()


async def test_chats_to_look_at(tmp_path: Path) -> None:
    """A chat that owes a message for long is stuck; what ended as broken is named for a week: a message, a turn and an
    order. What ended otherwise is not."""
    log = MemoryLog(clock=lambda: NOON)
    for id_ in ("m1", "m2", "m3"):
        await log.publish(ANA, Message(id=id_, text=id_), msg_id=id_)
    await log.publish(ANA, Control(id="c1", command="resume"), msg_id="c1")
    error = TurnError(class_="broken", detail="")
    await decide(
        log,
        Ignored(messages=("m1",), reason="broken", at=NOON),
        TurnStarted(turn="t", messages=("m2",), backend="chat", at=NOON),
        TurnFailed(turn="t", messages=("m2",), error=error, told=False, at=NOON),
        Ignored(messages=("m3",), reason="stale", at=NOON),
        Ignored(messages=(), reason="broken", cause="c1", at=NOON),
        key=ANA,
    )
    await log.publish(BOB, Message(id="b1", text="hi"), msg_id="b1")
    await rebuild(log, tmp_path)
    with asked(tmp_path) as queries:
        soon = queries.trouble(NOON + STUCK_AFTER - timedelta(seconds=1))
        late = queries.trouble(NOON + STUCK_AFTER)
        later = queries.trouble(NOON + TOLD_FOR + timedelta(seconds=1))
        assert queries.stuck(NOON + STUCK_AFTER) == 1
    assert [(one.what, one.chat, one.seq, one.type) for one in soon] == [
        ("broken", ANA.chat, 2, "text"),
        ("broken", ANA.chat, 1, "text"),
        ("broken", ANA.chat, 4, "resume"),
    ]
    waits = TroubleView(what="stuck", account=BOB.account, chat=BOB.chat, at=NOON)
    assert late == (waits, *soon)
    assert later == (waits,)


@pytest.mark.parametrize("command", ["reset", "erase"])
async def test_an_order_that_is_not_obeyed(tmp_path: Path, command: str) -> None:
    """An order is pending work like a reply."""
    log = MemoryLog(clock=lambda: NOON)
    await log.publish(ANA, Control(id="c1", command=command), msg_id="c1")  # type: ignore[arg-type]
    await rebuild(log, tmp_path)
    with asked(tmp_path) as queries:
        assert [one.what for one in queries.trouble(NOON + STUCK_AFTER)] == ["stuck"]
