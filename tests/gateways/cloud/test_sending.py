"""Replies go out over the real HTTP client to a double of Meta's API, and what it answers decides what comes next."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.decisions import TurnStarted
from events.inbound import Message, Receipt
from events.log import EventLog
from events.subjects import ChatKey
from gateways.cloud import graph as graph_module
from tests.doubles.graph_limits import Limits
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import ANA, MEI, TOM, cloud_gateway
from tests.gateways.cloud.impatient import impatient
from tests.gateways.cloud.said import LONG, say, steps, until_step
from tests.gateways.replies import NOON, decide, events
from tests.waiting import until

__all__ = ["impatient"]


async def test_a_reply_is_sent_and_told_of(log: EventLog, data_dir: Path) -> None:
    """Claimed, posted with its tracker, accepted; then what WhatsApp says of it, in whatever order that comes."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", text="**olá** [page](https://e.org)")
        await until_step(log, "r1", "accepted")
        (taken,) = meta.taken
        assert (taken.to, taken.text, taken.quoted) == ("12025550143", "*olá* page (https://e.org)", None)
        await meta.tell(taken, "read", "sent", "delivered", "read")
        assert await steps(log, "r1") == ["sending", "accepted", "read", "sent", "delivered"]


async def test_words_by_hand_are_left_as_they_are(log: EventLog, data_dir: Path) -> None:
    """An operator writes as WhatsApp shows it; only a model writes markdown."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", text="*now* in _the_ shop", author="operator")
        await meta.until_taken(1)
        assert meta.texts() == ["*now* in _the_ shop"]


async def test_a_person_without_a_number_and_a_group(log: EventLog, data_dir: Path) -> None:
    """They are addressed as Meta wants it."""
    group = ChatKey("shop", "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0@g.us")
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", MEI)
        await say(log, "r2", group, in_reply_to=("wamid.7",))
        await meta.until_taken(2)
        assert {(taken.to, taken.quoted) for taken in meta.taken} == {
            (MEI.chat.removesuffix("@bsuid"), None),
            (group.chat.removesuffix("@g.us"), "wamid.7"),
        }


async def test_a_long_reply_goes_out_in_parts(log: EventLog, data_dir: Path) -> None:
    """In order, each one accounted for by itself; only the last one's state is the whole's."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1", text=LONG)
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert await steps(log, "r1") == [f"{state} {n}/3" for n in (1, 2, 3) for state in ("sending", "accepted")]
        assert "".join("".join(meta.texts()[:3]).split()) == "".join(LONG.split())  # type: ignore[arg-type]
        assert meta.texts()[3] == "text of r2"


async def test_a_reply_to_one_of_several_messages_quotes(log: EventLog, data_dir: Path) -> None:
    """It is clear what a reply to the only message answers; with two open, the last one that it answers is quoted."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        for n in range(3):
            await log.publish(ANA, Message(id=f"wamid.{n}", text="?"), msg_id="")
        await say(log, "r1", in_reply_to=("wamid.0", "wamid.1"))
        await meta.until_taken(1)
        await say(log, "r2", in_reply_to=("wamid.2",))
        await say(log, "r3", TOM, in_reply_to=("say-77", "say-78"))
        await meta.until_taken(3)
        assert {taken.tracker.split('"')[5]: taken.quoted for taken in meta.taken if taken.tracker} == {
            "r1": "wamid.1",
            "r2": None,
            "r3": None,
        }


@pytest.mark.parametrize("code", [131056, 131016, 130429, 80007, 4, 2, 131057])
async def test_passing_errors_are_tried_again(log: EventLog, data_dir: Path, code: int) -> None:
    """Refused twice, sent at last; each refusal stands in the log, and the chat's next reply comes after it."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=code, times=2)
        await say(log, "r1")
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert meta.texts() == ["text of r1", "text of r2"]
        found = await steps(log, "r1")
        assert [step.split()[0] for step in found] == ["sending"] * 5 + ["accepted"]
        assert [" " in step for step in found] == [False, True, False, True, False, False]


async def test_a_throttled_chat_holds_up_no_other(log: EventLog, data_dir: Path) -> None:
    """It waits with its replies in order, the others' go out meanwhile."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=131056, to="12025550143", times=1_000_000)
        await say(log, "a1")
        await say(log, "a2")
        await until(lambda: meta.refused)
        for n in range(5):
            await say(log, f"t{n}", TOM)
        await meta.until_taken(5)
        assert meta.texts() == [f"text of t{n}" for n in range(5)]
        meta.heal()
        await until_step(log, "a2", "accepted")
        assert meta.texts("12025550143") == ["text of a1", "text of a2"]


@pytest.mark.parametrize(("code", "class_"), [(131026, "recipient"), (131030, "recipient"), (131047, "window_closed")])
async def test_a_person_who_cannot_be_reached(log: EventLog, data_dir: Path, code: int, class_: str) -> None:
    """The reply fails with WhatsApp's words, and holds nothing up."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=code)
        await say(log, "r1")
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert await steps(log, "r1") == ["sending", f"failed {class_}"]


@pytest.mark.parametrize("code", [100, 131009, 132001])
async def test_replies_that_whatsapp_refuses(log: EventLog, data_dir: Path, code: int) -> None:
    """The reply fails and is kept as a dead letter."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        meta.fail(code=code)
        await say(log, "r1")
        await until_step(log, "r1", "failed content")
        await say(log, "blank", text="  ")
        await until_step(log, "blank", "failed content")
        assert meta.texts() == []


@pytest.mark.parametrize("code", [190, 0, 10, 200, 299, 368, 131005, 131031, 131037, 131042, 131048, 133010])
async def test_an_account_that_is_stopped(log: EventLog, data_dir: Path, code: int) -> None:
    """Somebody is alerted, the queue waits, and goes out in order once the account is taken again."""
    with capture_logs() as logs:
        async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
            meta.fail(code=code, times=3)
            for n in range(3):
                await say(log, f"a{n}")
                await say(log, f"t{n}", TOM)
            await until_step(log, "a2", "accepted")
            await until_step(log, "t2", "accepted")
            assert meta.texts("12025550143") == [f"text of a{n}" for n in range(3)]
            assert meta.texts("447700900123") == [f"text of t{n}" for n in range(3)]
    alerts = [entry for entry in logs if entry["event"] == "account_paused"]
    assert {(entry["log_level"], entry["code"]) for entry in alerts} == {("error", code)}
    assert [entry["event"] for entry in logs].count("account_resumed") == 1


async def test_whatsapp_cannot_be_reached(log: EventLog, data_dir: Path) -> None:
    """No connection, nothing sent: it is tried until there is one."""
    async with GraphDouble() as first:
        port = first._port
    gone = GraphDouble(port=port)
    async with cloud_gateway(log, gone, data_dir):
        await say(log, "r1")
        await until_step(log, "r1", "sending unreached")
        async with gone:
            await until_step(log, "r1", "accepted")
            assert gone.texts() == ["text of r1"]


@pytest.mark.parametrize("kind", ["lost", "drop", "http"])
@pytest.mark.parametrize("then", ["park", "resend"])
async def test_in_doubt_without_any_word(log: EventLog, data_dir: Path, kind: str, then: str) -> None:
    """The policy decides: the reply is parked and not sent again, or it is sent again. The chat goes on either way."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, doubt_seconds=0.2, in_doubt=then):
        meta.fail(kind, status=502)  # type: ignore[arg-type]
        await say(log, "r1")
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        first = 1 if kind == "lost" else 0
        again = 1 if then == "resend" else 0
        assert meta.texts() == ["text of r1"] * (first + again) + ["text of r2"]
        end = ["parked in_doubt"] if then == "park" else ["sending in_doubt", "sending", "accepted"]
        assert await steps(log, "r1") == ["sending", "in_doubt in_doubt", *end]


async def test_an_answer_that_does_not_come(log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection stands and nothing is said: after a while that is a doubt, and the status ends it."""
    monkeypatch.setattr(graph_module, "ANSWER_WITHIN", 0.2)
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, doubt_seconds=60.0):
        meta.fail("hang")
        await say(log, "r1")
        await until_step(log, "r1", "in_doubt in_doubt")
        await meta.tell(meta.taken[0], "sent")
        assert await steps(log, "r1") == ["sending", "in_doubt in_doubt", "sent"]
        assert meta.texts() == ["text of r1"]


@pytest.mark.parametrize("code", [1, 131000])
async def test_an_error_that_says_nothing(log: EventLog, data_dir: Path, code: int) -> None:
    """Meta's own "something went wrong" is a doubt too."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, doubt_seconds=0.2):
        meta.fail(code=code)
        await say(log, "r1")
        await until_step(log, "r1", "parked in_doubt")
        assert meta.texts() == []


async def test_a_status_ends_the_doubt(log: EventLog, data_dir: Path) -> None:
    """The tracker in it proves that the message was taken, and names it: nothing is sent again."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir, in_doubt="resend", doubt_seconds=60.0):
        meta.fail("lost")
        await say(log, "r1")
        await say(log, "r2")
        await until_step(log, "r1", "in_doubt in_doubt")
        assert meta.texts() == ["text of r1"]
        await meta.tell(meta.taken[0], "delivered")
        await until_step(log, "r2", "accepted")
        assert meta.texts() == ["text of r1", "text of r2"]
        receipts = [r.event for r in await events(log, "shop") if isinstance(r.event, Receipt)]
        receipt = next(receipt for receipt in receipts if receipt.state == "delivered")
        assert receipt.provider_id == meta.taken[0].id


@pytest.mark.parametrize("code", [131042, 131048, 131056, 130429])
async def test_a_late_failure_is_heeded_and_not_sent_again(log: EventLog, data_dir: Path, code: int) -> None:
    """A status that says so counts as an answer that says so. What failed is not sent again, lest it come after r2."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r1")
        await until_step(log, "r1", "accepted")
        with capture_logs() as logs:
            await meta.tell(meta.taken[0], "failed", code=code)
            if code in (131042, 131048):
                await until(lambda: any(entry["event"] == "account_paused" for entry in logs))
        await say(log, "r2")
        await until_step(log, "r2", "accepted")
        assert meta.texts() == ["text of r1", "text of r2"]


async def test_the_typing_indicator(log: EventLog, data_dir: Path) -> None:
    """When a turn starts, its newest message is marked as read and recado types; not in groups."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await decide(log, TurnStarted(turn="t1", messages=("wamid.1", "wamid.2"), backend="chat", at=NOON), ANA)
        await until(lambda: meta.marks)
        assert [(mark.message_id, mark.typing_indicator is not None) for mark in meta.marks] == [("wamid.2", True)]
        await say(log, "t1.r", in_reply_to=("wamid.1", "wamid.2"))
        await until_step(log, "t1.r", "accepted")


async def test_a_turn_that_is_over_at_once(log: EventLog, data_dir: Path) -> None:
    """Its message is marked as read all the same."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        for number in range(5):
            await decide(log, TurnStarted(turn="t1", messages=(f"wamid.{number}",), backend="chat", at=NOON), ANA)
            await say(log, f"t{number}.r", in_reply_to=(f"wamid.{number}",))
        await until(lambda: len(meta.marks) == 5)
        assert {mark.message_id for mark in meta.marks} == {f"wamid.{number}" for number in range(5)}


async def test_more_than_whatsapp_takes_at_once(log: EventLog, data_dir: Path) -> None:
    """100 chats at the same moment: each gets its reply once, whatever Meta finds too much meanwhile."""
    async with GraphDouble(Limits()) as meta, cloud_gateway(log, meta, data_dir):
        for n in range(100):
            await say(log, f"r{n}", ChatKey("shop", f"551199999{n:04}@s.whatsapp.net"))
        await meta.until_taken(100)
        assert len({taken.to for taken in meta.taken}) == 100


async def test_untraceable_replies_are_not_sent(log: EventLog, data_dir: Path) -> None:
    """A reply with a name that no tracker holds could not be resolved: it fails with the reason."""
    async with GraphDouble() as meta, cloud_gateway(log, meta, data_dir):
        await say(log, "r" * 500)
        await until_step(log, "r" * 500, "failed content")
        assert meta.texts() == []
