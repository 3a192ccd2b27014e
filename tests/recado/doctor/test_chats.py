"""What `recado doctor` finds of chats: who needs a human, replies that nobody sends, handoffs."""

import math
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from prometheus_client import REGISTRY
from pysqlite3 import dbapi2 as sqlite3

from actors.leases.bucket import LeaseBucket
from events.account_update import AccountUpdate
from events.decisions import Attention, Ignored
from events.inbound import Message, Receipt, ReceiptError
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from projections import files
from projections.database import micros
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from projections.rebuild import rebuild
from projections.trouble import STUCK_AFTER
from recado.doctor.chats import chat_findings, stuck_chats
from recado.doctor.deliveries import measure
from recado.doctor.doctor import examine
from tests.recado.doctor.examined import Doctor, doctor, on_bus
from tests.recado.instance import ANA, AT, decide, reply

__all__ = ["doctor", "on_bus"]


async def test_chats_that_need_a_human(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """Stuck chats, set-aside work and dead letters: each by its chat, with advice."""
    later = ANA._replace(account="shop")
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    await decide(jetstream_log, Ignored(messages=("m1",), reason="broken", at=AT))
    await jetstream_log.publish(later, Message(id="m2", text="hello"), msg_id="m2")
    await rebuild(jetstream_log, on_bus.home)
    path = files.live(on_bus.home)
    assert path is not None
    db = sqlite3.connect(str(path))
    now = (await jetstream_log.head()).now
    db.execute("UPDATE history SET ended_at = ? WHERE ended IS NOT NULL", (micros(now),))
    db.execute("INSERT INTO set_aside VALUES (3, 1, ?, 'in', 'OverflowError')", (micros(now),))
    db.commit()
    db.close()
    found = [*chat_findings(on_bus.home, now + STUCK_AFTER)]
    assert [finding.state for finding in found] == ["warning"] * 3
    stuck, broken, passed = found
    assert "1 have owed work for 15 minutes or longer: 5511999990001 in shop" in stuck.says
    assert "recado broke on 1 messages or orders in 7 days: 5511999990001 in local (1)" in broken.says
    assert "recado dead-letters" in broken.do
    assert "1 events were set aside in 7 days: 5511999990001 in local (3)" in passed.says
    assert (await on_bus.finds("chats")).says == passed.says
    reader = Reader(on_bus.home)
    assert stuck_chats(Queries(reader), now + STUCK_AFTER) == 1
    reader.close()


def test_no_projection_says_nothing_of_chats(tmp_path: Path) -> None:
    """`/metrics` goes on; another finding tells that there is none."""
    assert [*chat_findings(tmp_path, AT)] == []
    assert math.isnan(stuck_chats(Queries(Reader(tmp_path)), AT))


async def test_replies_that_nobody_sends(on_bus: Doctor, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Without a gateway they are named with their account, and are no tick; with one that sends, nothing is left."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    await decide(jetstream_log, reply("m1", text="one"))
    await rebuild(jetstream_log, on_bus.home)
    finding = await on_bus.finds("replies")
    assert (finding.state, finding.do) == ("warning", "start its gateway: recado gateway, see docs/gateways.md")
    assert finding.says == (
        "account local: no gateway runs; no gateway has ever sent anything, and one that starts later will not send "
        "the one reply so far"
    )
    await jetstream_log.publish(ANA, Receipt(id="c1", reply="r-one", state="accepted"), msg_id="")
    await decide(jetstream_log, reply(text="two"))
    await rebuild(jetstream_log, on_bus.home)
    waits = await on_bus.finds("replies")
    assert waits.state == "warning"
    assert waits.says.startswith("account local: no gateway runs; 1 reply waits, the oldest for ")
    await LeaseBucket(bus).write("g.local", b'{"instance": "shop-1", "incarnation": "1"}', 0)
    runs = await on_bus.finds("replies")
    assert (runs.state, runs.says.partition(", ")[0]) == ("ok", "account local: 1 reply waits")
    await jetstream_log.publish(ANA, Receipt(id="c2", reply="r-two", state="delivered"), msg_id="")
    await rebuild(jetstream_log, on_bus.home)
    assert (await on_bus.finds("replies")).says == "none waits for a gateway"


async def test_a_number_without_its_gateway(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """The settings name it, so it needs one before the first reply."""
    await rebuild(jetstream_log, on_bus.home)
    finding = await on_bus.finds("replies", WHATSAPP_PHONE_NUMBER_ID="4711")
    assert (finding.state, finding.says) == ("warning", "account 4711: no gateway runs")


async def test_an_overdue_handoff(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """It waits for half an hour by the bus's clock."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    now = (await jetstream_log.head()).now
    await decide(jetstream_log, Attention(id="t1.h", text="wants a refund", by="model", at=now - timedelta(minutes=29)))
    await rebuild(jetstream_log, on_bus.home)
    assert (await on_bus.finds("handoffs")).says == "1 wait for a human"
    await decide(jetstream_log, Attention(id="t2.h", text="wants a refund", by="model", at=now - timedelta(minutes=31)))
    await rebuild(jetstream_log, on_bus.home)
    overdue = await on_bus.finds("handoffs")
    assert overdue.state == "warning"
    assert overdue.says == "1 wait for a human for 30 min or longer: 5511999990001"


async def test_the_metrics_of_replies_and_handoffs(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """As an alert asks for them."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    now = (await jetstream_log.head()).now
    await decide(jetstream_log, reply("m1", text="one"))
    await jetstream_log.publish(ANA, Receipt(id="c1", reply="r-one", state="failed"), msg_id="")
    await decide(jetstream_log, reply(text="two"), Attention(id="t1.h", text="why", by="model", at=now))
    await rebuild(jetstream_log, on_bus.home)
    there: set[str] | None = set()
    with closing(Reader(on_bus.home)) as reader:
        measure(Queries(reader), lambda: now + timedelta(hours=1), lambda: there)

        def shown(name: str) -> float:
            value = REGISTRY.get_sample_value(f"recado_{name}")
            assert value is not None
            return value

        names = (
            "replies_waiting",
            "replies_failed",
            "replies_parked",
            "replies_unsent",
            "handoffs",
            "handoffs_overdue",
        )
        assert [shown(name) for name in names] == [1, 1, 0, 0, 1, 1]
        assert 3500 < shown("replies_oldest_wait_seconds") <= 3600
        assert shown("accounts_without_gateway") == 1
        there = {"local"}
        assert shown("accounts_without_gateway") == 0
        there = None
        assert math.isnan(shown("accounts_without_gateway"))


async def test_news_of_an_account(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    """A number that does not send comes with what to do; news with its value, bad news as a warning, old news not."""
    now = (await jetstream_log.head()).now

    async def note(id_: str, field: str, value: object, ago: timedelta = timedelta(0)) -> None:
        await jetstream_log.note("shop", AccountUpdate(id=id_, field=field, value=value, at=now - ago))

    async def found() -> list[tuple[str, str, str]]:
        all_ = [f async for f in examine(on_bus.variables, on_bus.home / ".env") if f.what == "account"]
        return [(finding.state, finding.says, finding.do) for finding in all_]

    assert await found() == []
    await note("a", "security", {"event": "PIN_CHANGED"})
    await note("b", "phone_number_quality_update", {"event": "FLAGGED"})
    await note("b", "phone_number_quality_update", {"event": "never seen"})  # a repeat
    await note("c", "account_update", {"event": "VERIFIED_ACCOUNT"}, timedelta(days=8))
    await note("d", "sending", {"state": "paused", "code": 131042, "detail": "no money", "do": "pay"})
    paused, *news = await found()
    assert paused[0] == "warning"
    assert "131042: no money" in paused[1]
    assert paused[2] == "pay"
    assert sorted((state, "FLAGGED" in says) for state, says, _ in news) == [("ok", False), ("warning", True)]
    await note("e", "sending", {"state": "resumed"})
    assert len(await found()) == 2


async def test_replies_that_may_not_have_arrived(on_bus: Doctor, jetstream_log: JetStreamLog) -> None:
    error = ReceiptError(class_="in_doubt", code=131000)
    await jetstream_log.publish(ANA, Receipt(id="c1", reply="t1.r", state="parked", error=error), msg_id="c1")
    await rebuild(jetstream_log, on_bus.home)
    finding = await on_bus.finds("chats")
    assert (finding.state, "1 replies may not have arrived" in finding.says) == ("warning", True)
    assert "recado send" in finding.do
