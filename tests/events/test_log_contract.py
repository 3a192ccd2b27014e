"""The promises of every log, on JetStream or in memory."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime

import pytest

from events.log import EventLog, WrongExpectedVersion
from events.recorded import Recorded
from events.subjects import ChatKey, decision_subject, inbound_subject
from tests.events.every_log import Put, kind, log, make_log, put
from tests.events.given import ANA, AT, BIA, ignored, message, read_to_head, reply, take

__all__ = ["kind", "log", "make_log", "put"]


async def test_appended_events_are_read(log: EventLog) -> None:
    """Given an empty log, when a chat decides, then the tail brings that decision as it was."""
    appended = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    (recorded,) = await take(log, 1)
    assert recorded == Recorded(appended.seq, ANA, "o", "ignored", recorded.at, "inc:1", ignored("m1"))
    assert isinstance(recorded.at, datetime)
    assert recorded.at.tzinfo is not None


async def test_an_inbound_message_is_an_event_of_its_chat(log: EventLog) -> None:
    """Given an empty log, when a gateway publishes, then the tail brings the message on the chat's side `i`."""
    published = await log.publish(ANA, message("m1"), msg_id="in:a:m1")
    (recorded,) = await take(log, 1)
    assert (recorded.seq, recorded.key, recorded.side, recorded.type) == (published.seq, ANA, "i", "in")
    assert (recorded.msg_id, recorded.event) == ("in:a:m1", message("m1"))


async def test_a_chat_appends_behind_its_own_last_decision(log: EventLog) -> None:
    """Given decisions of two chats, each goes on from its own, with the other and the people writing in between."""
    first = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    await log.publish(ANA, message("m2"), msg_id="in:a:m2")
    other = await log.append(BIA, ignored("m1"), expected=0, msg_id="inc:2")
    second = await log.append(ANA, ignored("m2"), expected=first.seq, msg_id="inc:3")
    assert first.seq < other.seq < second.seq


@pytest.mark.parametrize("expected", [0, 7])
async def test_a_decision_on_an_old_view_is_refused(log: EventLog, expected: int) -> None:
    """Given a decision, when another one expects an older or a made-up last one, then it is refused with the actual."""
    first = await log.append(ANA, ignored("m1"), expected=0, msg_id="one:1")
    with pytest.raises(WrongExpectedVersion) as caught:
        await log.append(ANA, ignored("m1"), expected=expected, msg_id="two:1")
    assert (caught.value.key, caught.value.expected, caught.value.actual) == (ANA, expected, first.seq)
    assert len(await read_to_head(log)) == 1


async def test_expecting_a_decision_where_there_is_none_is_refused(log: EventLog) -> None:
    """Given a chat without decisions, when one is expected, then the append says that there is none."""
    with pytest.raises(WrongExpectedVersion) as caught:
        await log.append(ANA, ignored("m1"), expected=3, msg_id="inc:1")
    assert caught.value.actual == 0


async def test_the_same_append_again_is_success(log: EventLog) -> None:
    """Given a decision whose acknowledgement was lost, when it is appended again, then the log has it once."""
    first = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    again = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    assert (again.seq, again.duplicate) == (first.seq, True)
    assert len(await read_to_head(log)) == 1


async def test_the_same_append_again_behind_another_decision_is_refused(log: EventLog) -> None:
    """Given that the chat went on after a decision, when that one is appended again, then it is refused."""
    first = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    second = await log.append(ANA, ignored("m2"), expected=first.seq, msg_id="other:1")
    with pytest.raises(WrongExpectedVersion) as caught:
        await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    assert caught.value.actual == second.seq


async def test_a_message_id_used_before_never_makes_a_decision(log: EventLog) -> None:
    """Given a message id that an older decision bears, when a new one bears it too, then it is refused, not dropped."""
    first = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    second = await log.append(ANA, ignored("m2"), expected=first.seq, msg_id="inc:2")
    with pytest.raises(WrongExpectedVersion):
        await log.append(ANA, ignored("m3"), expected=second.seq, msg_id="inc:1")
    assert len(await read_to_head(log)) == 2


async def test_an_inbound_message_is_stored_once(log: EventLog) -> None:
    """Given a message, when the gateway publishes it again under the same id, then it gets the sequence of the
    first."""
    first = await log.publish(ANA, message("m1"), msg_id="in:a:m1")
    again = await log.publish(ANA, message("m1"), msg_id="in:a:m1")
    assert (first.duplicate, again.duplicate, again.seq) == (False, True, first.seq)
    assert len(await read_to_head(log)) == 1


@pytest.mark.parametrize("other", ["m1 ", " m1", "m1\n", "m1\r\n", "m1\t", "m%1", "m1\x00"])
async def test_ids_that_differ_in_blanks_are_two_messages(log: EventLog, other: str) -> None:
    """Given ids that a header would make the same, when both are published, then both are kept."""
    await log.publish(ANA, message("m1"), msg_id="in:a:m1")
    second = await log.publish(ANA, message(other), msg_id=f"in:a:{other}")
    assert not second.duplicate
    assert [event.event.id for event in await read_to_head(log)] == ["m1", other]  # type: ignore[union-attr]


async def test_the_order_of_the_log_is_the_order_of_appending(log: EventLog) -> None:
    """Given 2,500 events of two chats, when they are read, then they come in order, at most 1,000 at a time."""
    for number in range(2500):
        await log.publish(ANA if number % 2 else BIA, message(f"m{number}"), msg_id=f"in:{number}")
    batches = []
    async with asyncio.timeout(60), aclosing(log.tail(0)) as tail:
        async for batch in tail:
            batches.append(batch)
            if batch[-1].seq == 2500:
                break
    assert max(map(len, batches)) <= 1000
    assert [event.seq for batch in batches for event in batch] == list(range(1, 2501))


async def test_the_last_decision(log: EventLog) -> None:
    """Given decisions of different types, then the chat's last one is found, and none where there is none."""
    assert await log.last_decision(ANA) is None
    first = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    second = await log.append(ANA, reply(ANA, "r1"), expected=first.seq, msg_id="inc:2")
    await log.publish(ANA, message("m2"), msg_id="in:2")
    last = await log.last_decision(ANA)
    assert last is not None
    assert (last.seq, last.msg_id, last.event) == (second.seq, "inc:2", reply(ANA, "r1"))
    assert await log.last_decision(BIA) is None


async def test_a_stored_message_is_read_as_it_came(log: EventLog) -> None:
    """Given an event, when its sequence is read, then its subject, headers and bytes come; None where nothing is."""
    appended = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    raw = await log.read(appended.seq)
    assert raw is not None
    assert raw.subject == decision_subject(ANA, "ignored")
    assert (
        raw.body == b'{"messages":["m1"],"reason":"stale","at":"%s"}' % AT.isoformat().replace("+00:00", "Z").encode()
    )
    assert raw.headers["Nats-Msg-Id"] == "inc:1"
    assert raw.headers["Recado-Version"] == "1"
    assert await log.read(appended.seq + 1) is None
    assert await log.read(0) is None


async def test_the_head(log: EventLog) -> None:
    """Given an empty log, when events come, then its head moves, its name stays and its clock goes on."""
    empty = await log.head()
    assert (empty.first, empty.last, empty.size) == (0, 0, 0)
    await log.publish(ANA, message("m1"), msg_id="in:1")
    await log.publish(ANA, message("m2"), msg_id="in:2")
    head = await log.head()
    assert (head.first, head.last, head.created) == (1, 2, empty.created)
    assert head.now >= empty.now >= empty.created
    assert 0 < head.size < head.limit


async def test_a_decision_that_nothing_may_have_come_in_before(log: EventLog) -> None:
    """Given that a person wrote meanwhile, an append that expects the chat's last event of either side is refused, and
    succeeds once it expects that message."""
    first = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    written = await log.publish(ANA, message("m2"), msg_id="in:a:m2")
    await log.publish(BIA, message("m1"), msg_id="in:b:m1")
    with pytest.raises(WrongExpectedVersion) as caught:
        await log.append(ANA, ignored("m3"), expected=first.seq, msg_id="inc:2", last=first.seq)
    assert caught.value.actual == first.seq
    assert await log.last_of(ANA) == written.seq
    appended = await log.append(ANA, ignored("m3"), expected=first.seq, msg_id="inc:3", last=written.seq)
    again = await log.append(ANA, ignored("m3"), expected=first.seq, msg_id="inc:3", last=written.seq)
    assert (again.seq, again.duplicate) == (appended.seq, True)
    assert await log.last_of(ANA) == appended.seq


async def test_the_events_of_one_chat(log: EventLog) -> None:
    """Both sides, oldest first, up to a sequence; none for an unknown chat."""
    await log.publish(ANA, message("m1"), msg_id="in:a:m1")
    await log.publish(BIA, message("m1"), msg_id="in:b:m1")
    decided = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    later = await log.publish(ANA, message("m2"), msg_id="in:a:m2")
    assert [recorded.event async for recorded in log.of_chat(ANA, later.seq)] == [message("m1"), ignored("m1")]
    assert [recorded.seq async for recorded in log.of_chat(ANA, later.seq + 1)][-2:] == [decided.seq, later.seq]
    assert [recorded async for recorded in log.of_chat(ChatKey("a", "nobody"), 100)] == []
    assert await log.last_of(ChatKey("a", "nobody")) == 0


async def test_an_erased_event_is_gone(log: EventLog) -> None:
    """It is not read, not tailed, not counted; its neighbours are, and the chat goes on deciding. Erasing it again is
    no error."""
    first = await log.publish(ANA, message("m1"), msg_id="in:a:m1")
    decided = await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    await log.publish(ANA, message("m2"), msg_id="in:a:m2")
    before = (await log.head()).size
    await log.erase(first.seq)
    await log.erase(first.seq)
    assert await log.read(first.seq) is None
    assert (await log.head()).size < before
    assert [recorded.event for recorded in await read_to_head(log)] == [ignored("m1"), message("m2")]
    assert [recorded.event async for recorded in log.of_chat(ANA, 100)] == [ignored("m1"), message("m2")]
    await log.append(ANA, ignored("m2"), expected=decided.seq, msg_id="inc:2")


async def test_the_accounts_that_know_a_chat(log: EventLog, put: Put) -> None:
    """Each with the number of its events of each type; erased events, other chats and odd subjects do not count."""
    shop = ANA._replace(account="shop/am Markt")
    await log.publish(ANA, message("m1"), msg_id="1")
    await log.publish(ANA, message("m2"), msg_id="2")
    await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    await log.append(shop, ignored("m1"), expected=0, msg_id="inc:2")
    gone = await log.publish(BIA._replace(account="gone"), message("m1"), msg_id="3")
    await put(f"wa.in.*.{inbound_subject(ANA, 'in').rpartition('.')[2]}", b"{}")
    assert await log.known(ANA.chat) == {ANA.account: {"in": 2, "ignored": 1}, "shop/am Markt": {"ignored": 1}}
    assert list(await log.known(BIA.chat)) == ["gone"]
    await log.erase(gone.seq)
    assert await log.known(BIA.chat) == {}


async def test_the_chats_with_a_decision_of_a_type(log: EventLog) -> None:
    """In every account, each once; a chat whose decisions of the type are erased is not among them."""
    elsewhere = ChatKey("shop/am Markt", ANA.chat)
    for key in (ANA, elsewhere):
        await log.publish(key, message("m1"), msg_id="")
        first = await log.append(key, ignored("m1"), expected=0, msg_id="")
        await log.append(key, ignored("m1"), expected=first.seq, msg_id="")
    gone = await log.append(BIA, ignored("m1"), expected=0, msg_id="")
    assert sorted(await log.chats_with("ignored")) == sorted([ANA, elsewhere, BIA])
    await log.erase(gone.seq)
    assert sorted(await log.chats_with("ignored")) == sorted([ANA, elsewhere])
    assert await log.chats_with("paused") == []
