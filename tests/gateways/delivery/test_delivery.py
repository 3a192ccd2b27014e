"""Delivery: every reply once, in log order per chat, claimed before it is sent; in memory and on JetStream."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.decisions import Author, Paused
from events.inbound import Receipt, ReceiptError
from events.log import EventLog
from events.subjects import ChatKey
from gateways.delivery import delivery as delivery_module
from gateways.delivery.checkpoint import GatewayRunning
from gateways.delivery.delivery import Delivery, Outcome
from tests.gateways.replies import ANA, NOON, TOM, Phone, decide, delivering, events, receipts, reply, say, until_noted


async def test_a_reply_is_shown_and_settled(log: EventLog, data_dir: Path) -> None:
    """`sending` stands in the log before the reply is sent, the outcome behind it."""
    phone = Phone()
    gate = phone.hold("r1")
    async with delivering(log, phone, data_dir):
        await say(log, "r1")
        await phone.showing("r1")
        assert await receipts(log, "r1") == ["sending"]
        gate.set()
        await until_noted(log, "r1 delivered")
    assert await receipts(log, "r1") == ["sending", "delivered"]
    assert phone.shown == ["r1"]


async def test_one_at_a_time_in_log_order(log: EventLog, data_dir: Path) -> None:
    """A chat's next reply is not begun before the one before it has its outcome in the log."""
    phone = Phone()
    gate = phone.hold("r1")
    async with delivering(log, phone, data_dir):
        await say(log, "r1", "r2", "r3")
        await phone.showing("r1")
        assert phone.shown == ["r1"]
        gate.set()
        await until_noted(log, "r3 delivered")
    assert phone.shown == ["r1", "r2", "r3"]
    noted = await receipts(log)
    assert noted == [f"r{n} {state}" for n in (1, 2, 3) for state in ("sending", "delivered")]


async def test_a_slow_chat_delays_no_other(log: EventLog, data_dir: Path) -> None:
    """While one chat's reply hangs on the wire, another chat gets its own."""
    phone = Phone()
    gate = phone.hold("slow")
    async with delivering(log, phone, data_dir):
        await say(log, "slow")
        await phone.showing("slow")
        await say(log, "quick", key=TOM)
        await until_noted(log, "quick delivered")
        assert await receipts(log, "slow") == ["sending"]
        gate.set()


async def test_other_accounts_are_left_alone(log: EventLog, data_dir: Path) -> None:
    """A gateway sends its own account's replies and no other's."""
    phone = Phone()
    elsewhere = ChatKey("shop", ANA.chat)
    async with delivering(log, phone, data_dir):
        await say(log, "theirs", key=elsewhere)
        await say(log, "ours")
        await until_noted(log, "ours delivered")
    assert phone.shown == ["ours"]
    assert [r for r in await events(log, "shop") if isinstance(r.event, Receipt)] == []


async def test_replies_of_its_absence_are_delivered(log: EventLog, data_dir: Path) -> None:
    """Replies made between two lives of the gateway are sent by the second, in order, and the older ones not again."""
    before, after = Phone(), Phone()
    async with delivering(log, before, data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 delivered")
    await say(log, "r2", "r3")
    async with delivering(log, after, data_dir):
        await until_noted(log, "r3 delivered")
    assert (before.shown, after.shown) == (["r1"], ["r2", "r3"])


async def test_a_first_start_on_an_old_log_sends_nothing_old(log: EventLog, data_dir: Path) -> None:
    """What was said before there was a gateway stays unsent; what is said from then on is delivered."""
    await say(log, "ancient", "old")
    phone = Phone()
    async with delivering(log, phone, data_dir):
        await say(log, "new")
        await until_noted(log, "new delivered")
    assert phone.shown == ["new"]
    assert await receipts(log, "ancient") == []


async def test_a_lost_checkpoint_loses_and_repeats_nothing(log: EventLog, data_dir: Path, tmp_path: Path) -> None:
    """Without its file the gateway reads the log again: settled replies stay settled, pending ones are sent."""
    await say(log, "ancient")
    async with delivering(log, Phone(), data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 delivered")
    await say(log, "r2")
    other = tmp_path / "other"
    phone = Phone()
    async with delivering(log, phone, other):
        await until_noted(log, "r2 delivered")
    assert phone.shown == ["r2"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"created":1}', b"\xff\xfe"])
async def test_a_damaged_checkpoint_is_as_good_as_none(log: EventLog, data_dir: Path, damage: bytes) -> None:
    """A file that cannot be read does not keep the gateway from starting, nor make it send anything twice."""
    async with delivering(log, Phone(), data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 delivered")
    (data_dir / "gateway-local.json").write_bytes(damage)
    await say(log, "r2")
    phone = Phone()
    async with delivering(log, phone, data_dir):
        await until_noted(log, "r2 delivered")
    assert phone.shown == ["r2"]


async def test_the_checkpoint_of_another_stream_is_not_used(log: EventLog, data_dir: Path) -> None:
    """On another stream the sequences mean nothing: it is read from its beginning, and its pending replies are sent."""
    async with delivering(log, Phone(), data_dir):
        pass
    file = data_dir / "gateway-local.json"
    saved = delivery_module.CheckpointFile(data_dir, "local").load()
    assert saved is not None
    created = saved.created.replace(year=2020)
    delivery_module.CheckpointFile(data_dir, "local").save(
        delivery_module.Saved(created, seq=10_000, since=saved.since)
    )
    assert b"2020" in file.read_bytes()
    await say(log, "pending", "also")
    phone = Phone()
    async with delivering(log, phone, data_dir):
        await until_noted(log, "also delivered")
    assert phone.shown == ["pending", "also"]


async def test_the_checkpoint_of_a_log_that_was_longer_is_not_used(log: EventLog, data_dir: Path) -> None:
    """A log that lost its last events, or a backup of it, is read from its beginning: what is owed there is sent, and
    what was settled is not sent again."""
    async with delivering(log, Phone(), data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 delivered")
    file = delivery_module.CheckpointFile(data_dir, "local")
    saved = file.load()
    assert saved is not None
    file.save(delivery_module.Saved(saved.created, seq=10_000, since=saved.since))
    phone = Phone()
    async with delivering(log, phone, data_dir):
        await say(log, "pending", "also")
        await until_noted(log, "also delivered")
    assert phone.shown == ["pending", "also"]


async def test_a_second_gateway_on_the_same_data_is_refused(log: EventLog, data_dir: Path) -> None:
    """It says who holds what, and the first one goes on undisturbed."""
    phone = Phone()
    async with delivering(log, phone, data_dir):
        with pytest.raises(GatewayRunning, match="'local' already runs"):
            await Delivery(log, "local", Phone(), data_dir=data_dir).run()
        await say(log, "r1")
        await until_noted(log, "r1 delivered")


async def test_two_gateways_on_one_account_send_a_reply_once(log: EventLog, data_dir: Path, tmp_path: Path) -> None:
    """Without a common data folder the first `sending` in the log decides; the other gateway does not send."""
    other = tmp_path / "other"
    one, two = Phone(), Phone()
    ids = [f"r{n}" for n in range(20)]
    async with delivering(log, one, data_dir), delivering(log, two, other):
        await say(log, *ids)
        await until_noted(log, *(f"{id_} delivered" for id_ in ids))
    assert sorted(one.shown + two.shown) == sorted(ids)


async def test_a_reply_in_doubt_is_resolved_and_not_sent_again(log: EventLog, data_dir: Path) -> None:
    """A `sending` without an outcome, from a life before: the sender is asked, later replies wait for its answer."""
    async with delivering(log, Phone(), data_dir):
        pass
    await say(log, "r1")
    await log.publish(ANA, Receipt(id="dead.r1", reply="r1", state="sending"), msg_id="")
    phone = Phone(resolves_to=Outcome("accepted", provider_id="wamid.1"))
    async with delivering(log, phone, data_dir):
        await say(log, "r2")
        await until_noted(log, "r2 delivered")
    assert (phone.shown, phone.resolved) == (["r2"], ["r1"])
    assert await receipts(log, "r1") == ["sending", "in_doubt", "accepted"]


async def test_a_sender_that_breaks_leaves_the_reply_in_doubt(log: EventLog, data_dir: Path) -> None:
    """Nobody knows what an exception on the wire means, so the reply is resolved and not simply sent again."""
    phone = Phone(resolves_to=Outcome("failed"))
    phone.fails["r1"] = ConnectionResetError("the line is dead")
    async with delivering(log, phone, data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 failed")
    assert (phone.shown, phone.resolved) == (["r1"], ["r1"])
    doubt = next(r.event for r in await events(log) if isinstance(r.event, Receipt) and r.event.state == "in_doubt")
    assert doubt.error is not None
    assert doubt.error.detail == "ConnectionResetError: the line is dead"


async def test_a_refused_reply_says_why_and_holds_nothing_up(log: EventLog, data_dir: Path) -> None:
    """The provider's words stand in the receipt; the chat's next reply goes out."""
    phone = Phone()
    phone.fails["r1"] = Outcome("failed", error=ReceiptError(code=131026, class_="recipient", detail="not on WhatsApp"))
    async with delivering(log, phone, data_dir):
        await say(log, "r1", "r2")
        await until_noted(log, "r2 delivered")
    failed = [r.event for r in await events(log) if isinstance(r.event, Receipt) and r.event.state == "failed"]
    assert [(r.reply, r.error.code if r.error else None) for r in failed] == [("r1", 131026)]


async def test_a_chat_in_doubt_for_too_long_is_parked(
    log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply gets a `parked` receipt, and what comes after it is delivered."""
    monkeypatch.setattr(delivery_module, "PARK_AFTER", 0.02)
    monkeypatch.setattr(delivery_module, "_FIRST_DOUBT", 0.01)
    phone = Phone(resolves_to=Outcome("in_doubt"))
    phone.fails["r1"] = Outcome("in_doubt")
    async with delivering(log, phone, data_dir):
        await say(log, "r1", "r2")
        await until_noted(log, "r1 parked", "r2 delivered")
    assert phone.shown == ["r1", "r2"]


async def test_word_from_the_provider_ends_the_doubt(
    log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt that somebody else writes (a status webhook) settles a reply in doubt."""
    monkeypatch.setattr(delivery_module, "_FIRST_DOUBT", 0.01)
    phone = Phone(resolves_to=Outcome("in_doubt"))
    phone.fails["r1"] = Outcome("in_doubt")
    async with delivering(log, phone, data_dir):
        await say(log, "r1", "r2")
        await phone.until(lambda p: "r1" in p.resolved)
        await log.publish(ANA, Receipt(id="hook", reply="r1", state="delivered"), msg_id="")
        await until_noted(log, "r2 delivered")
    assert "parked" not in await receipts(log, "r1")


async def test_stopping_waits_for_what_is_being_sent(log: EventLog, data_dir: Path) -> None:
    """The reply on the wire gets its outcome, the next one is left to the next life."""
    phone = Phone()
    gate = phone.hold("r1")
    async with delivering(log, phone, data_dir) as running:
        await say(log, "r1", "r2")
        await phone.showing("r1")
        running.stop()
        gate.set()
    assert await receipts(log, "r1") == ["sending", "delivered"]
    assert await receipts(log, "r2") == []
    again = Phone()
    async with delivering(log, again, data_dir):
        await until_noted(log, "r2 delivered")
    assert again.shown == ["r2"]


async def test_a_reply_that_no_receipt_can_name_is_kept(log: EventLog, data_dir: Path) -> None:
    """Its id is longer than a receipt can carry: it becomes a dead letter, and holds nothing up."""
    phone = Phone()
    async with delivering(log, phone, data_dir):
        await decide(log, reply("x" * 600))
        await say(log, "r2")
        await until_noted(log, "r2 delivered")
    assert phone.shown == ["r2"]


async def test_a_reply_with_the_longest_name(log: EventLog, data_dir: Path) -> None:
    """An order's id may have 256 characters, its reply's has two more: that one is delivered as any other."""
    name = "x" * 256 + ".r"
    phone = Phone()
    async with delivering(log, phone, data_dir):
        await say(log, name)
        await until_noted(log, f"{name} delivered")
    assert phone.shown == [name]


@pytest.mark.parametrize("author", ["assistant", "operator", "system"])
@pytest.mark.parametrize("reason", ["taken_over", "handed_off", "paused"])
async def test_a_human_overtakes_a_reply_that_was_not_begun(
    log: EventLog, data_dir: Path, author: Author, reason: str
) -> None:
    """Given a reply that waits behind another one while a human takes the chat over, then the assistant's is not sent,
    and the log says why; a person's own words, recado's own, and the words before a handoff are."""
    phone = Phone()
    gate = phone.hold("r1")
    async with delivering(log, phone, data_dir):
        await say(log, "r1")
        await phone.showing("r1")
        await decide(log, reply("r2", author=author))
        await decide(log, Paused(until=None, reason=reason, at=NOON))
        await say(log, "r3")
        gate.set()
        await until_noted(log, "r3 delivered")
    is_overtaken = (author, reason) == ("assistant", "taken_over")
    assert phone.shown == (["r1", "r3"] if is_overtaken else ["r1", "r2", "r3"])
    told = [one.event for one in await events(log, ANA.account) if isinstance(one.event, Receipt)]
    refused = [(one.reply, one.error.class_) for one in told if one.error is not None]
    assert refused == ([("r2", "taken_over")] if is_overtaken else [])


async def test_what_was_begun_is_sent_though_a_human_takes_over(log: EventLog, data_dir: Path) -> None:
    """Given a reply of two messages whose first is claimed when a human takes the chat over, then both are sent."""
    phone = Phone()
    gate = phone.hold("r1:1")
    async with delivering(log, phone, data_dir, split=lambda one: [f"{one.id} a", f"{one.id} b"]):
        await say(log, "r1")
        await phone.showing("r1:1")
        await decide(log, Paused(until=None, reason="taken_over", at=NOON))
        gate.set()
        await until_noted(log, "r1 delivered")
    assert phone.shown == ["r1:1", "r1:2"]
