"""A refusal with a code in no list: tried again, for a time that the log counts; the chat waits, the others do not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.inbound import Message, Receipt
from events.log import EventLog
from gateways.cloud import sender as sender_module
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import ANA, TOM, cloud_gateway
from tests.gateways.cloud.impatient import impatient
from tests.gateways.cloud.said import say, steps, until_step
from tests.gateways.replies import events
from tests.waiting import until

__all__ = ["impatient"]

CODE = 999_999
TO_ANA = "12025550143"


async def test_it_is_tried_again_and_the_chats_next_reply_waits(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=CODE, times=3, to=TO_ANA)
        await say(log, "a1")
        await say(log, "a2")
        await say(log, "t1", TOM)
        await until_step(log, "t1", "accepted")
        await until_step(log, "a2", "accepted")
        assert meta.texts(TO_ANA) == ["text of a1", "text of a2"]
        assert await steps(log, "a1") == ["sending", "sending unknown"] * 3 + ["sending", "accepted"]


async def test_it_holds_up_no_other_chat(log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account is not paused: what is unknown is about one message, until more is known."""
    monkeypatch.setattr(sender_module, "pause", lambda _class, _tries: 3600.0)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=CODE, times=1_000_000, to=TO_ANA)
        await say(log, "a1")
        await until_step(log, "a1", "sending unknown")
        for number in range(5):
            await say(log, f"t{number}", TOM)
        await until_step(log, "t4", "accepted")
        assert await steps(log, "a1") == ["sending", "sending unknown"]


async def test_after_the_time_it_fails_also_over_restarts(log: EventLog, data_dir: Path) -> None:
    """The time runs from the first refusal in the log, not from the start of a process."""
    async with GraphDouble() as meta:
        meta.fail(code=CODE, times=1_000_000, to=TO_ANA)
        async with cloud_gateway(log, meta, data_dir):
            await say(log, "a1")
            await say(log, "a2")
            await until_step(log, "a1", "sending unknown")
        with capture_logs() as logs:
            async with cloud_gateway(log, meta, data_dir, give_up_after=timedelta(microseconds=1)):
                await until_step(log, "a1", "failed unknown")
                meta.heal()
                await until_step(log, "a2", "accepted")
        assert meta.texts() == ["text of a2"]
        (told,) = [entry for entry in logs if entry["event"] == "reply_unclear" and entry["reply"] == "a1"]
        assert (told["state"], told["code"], "recado send" in told["help"]) == ("failed", CODE, True)


@pytest.mark.parametrize("by", ["operator", "phone"])
async def test_a_human_who_takes_over_ends_it(
    log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The human's own words are not held up by a reply that nobody wants any more."""
    monkeypatch.setattr(sender_module, "pause", lambda _class, _tries: 3600.0)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=CODE, times=1, to=TO_ANA)
        await say(log, "a1")
        await until_step(log, "a1", "sending unknown")
        if by == "operator":
            await say(log, "h1", author="operator")
            await until_step(log, "h1", "accepted")
        else:
            await log.publish(ANA, Message(id="wamid.h", text="I am here", from_me=True), msg_id="")
        await until_step(log, "a1", "failed taken_over")
        assert meta.texts() == (["text of h1"] if by == "operator" else [])


async def test_a_humans_own_words_are_not_given_up_for_more_of_them(log: EventLog, data_dir: Path) -> None:
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=CODE, times=2, to=TO_ANA)
        await say(log, "h1", author="operator")
        await say(log, "h2", author="operator")
        await until_step(log, "h2", "accepted")
        assert meta.texts() == ["text of h1", "text of h2"]


async def test_in_a_later_status_it_has_failed(log: EventLog, data_dir: Path) -> None:
    """What WhatsApp took is not sent again; the price class of its first status is kept."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1")
        await until_step(log, "r1", "accepted")
        await meta.tell(
            meta.taken[0], "sent", pricing={"billable": True, "pricing_model": "PMP", "category": "service"}
        )
        await meta.tell(meta.taken[0], "failed", code=CODE)
        await until_step(log, "r1", "failed unknown")
        assert meta.texts() == ["text of r1"]
        told = [r.event.pricing for r in await events(log, "shop") if isinstance(r.event, Receipt) and r.event.pricing]
        assert [(one.billable, one.category, one.type) for one in told] == [(True, "service", None)]


@pytest.mark.parametrize("code", [1, 131000])
async def test_a_refusal_that_proves_nothing_is_parked_and_told(log: EventLog, data_dir: Path, code: int) -> None:
    with capture_logs() as logs:
        async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, doubt_seconds=0.2):
            meta.fail(code=code)
            await say(log, "r1")
            await say(log, "r2")
            await until_step(log, "r2", "accepted")
            assert await steps(log, "r1") == ["sending", "in_doubt in_doubt", "parked in_doubt"]
    assert [entry["reply"] for entry in logs if entry["event"] == "reply_unclear"] == ["r1"]


async def test_a_wrong_number_id_pauses_the_account(log: EventLog, data_dir: Path) -> None:
    with capture_logs() as logs:
        async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
            meta.fail(code=100, subcode=33, times=2)
            await say(log, "r1")
            await until_step(log, "r1", "accepted")
    (first, *_) = [entry for entry in logs if entry["event"] == "account_paused"]
    assert "WHATSAPP_PHONE_NUMBER_ID" in first["help"]


async def test_a_test_number_says_what_to_do(log: EventLog, data_dir: Path) -> None:
    with capture_logs() as logs:
        async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
            meta.fail(code=131030)
            await say(log, "r1")
            await until(lambda: any(entry["event"] == "not_sent" for entry in logs))
            await until_step(log, "r1", "failed recipient")
    (told,) = [entry for entry in logs if entry["event"] == "not_sent"]
    assert "API Setup" in told["help"]
