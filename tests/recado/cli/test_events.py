"""`recado events`: the log, in its order, for people and for programs."""

import asyncio
import json

import pytest

from events.decisions import Ignored
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import inbound_subject
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, BIA, decide, reply

SHOP = ANA._replace(account="shop")


@pytest.fixture
async def told(on_bus: Command, jetstream_log: JetStreamLog) -> Command:
    """A log of five events: two chats in one account, one in another."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello\n\x1b[31mthere"), msg_id="1")
    await decide(jetstream_log, reply("m1", text="hello yourself"))
    await jetstream_log.publish(BIA, Message(id="m2", kind="sticker"), msg_id="2")
    await decide(jetstream_log, Ignored(messages=("m2",), reason="unsupported_kind", at=AT), key=BIA)
    await jetstream_log.publish(SHOP, Message(id="m3", text="in the shop"), msg_id="3")
    return on_bus


async def test_each_event_is_a_line(told: Command) -> None:
    """Sequence, time, chat, side and type, text, fields; nothing in a text breaks the line or the terminal."""
    lines = (await told("events")).out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4", "5"]
    assert '5511999990001  > in             "hello [31mthere" id=m1' in lines[0]
    assert '5511999990001  < reply          "hello yourself"' in lines[1]
    assert "in_reply_to=m1" in lines[1]
    assert "kind=sticker" in lines[2]
    assert "< ignored        messages=m2 reason=unsupported_kind" in lines[3]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((), [1, 2, 3, 4, 5]),
        (("--chat", "5511999990002"), [3, 4]),
        (("--chat", "5511999990001", "--account", "shop"), [5]),
        (("--chat", "5511999990001", "--account", "local", "--type", "reply"), [2]),
        (("--chat", "5511999990009"), []),
        (("--type", "in"), [1, 3, 5]),
        (("--type", "turn_failed"), []),
        (("--account", "local"), [1, 2, 3, 4]),
        (("--account", "local", "--type", "in"), [1, 3]),
        (("--account", "nobody"), []),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
async def test_events_are_chosen_by_chat_type_and_account(
    told: Command, args: tuple[str, ...], expected: list[int]
) -> None:
    """The command ends where the log ends now, also if nothing fits."""
    document = (await told("events", "--json", *args)).document
    assert [event["seq"] for event in document] == expected


async def test_the_json_document_says_all(told: Command) -> None:
    """The parts of the subject, the server's stamps, and the body."""
    first = (await told("events", "--json")).document[0]
    assert first.pop("at").endswith("Z")
    assert first == {
        "seq": 1,
        "account": "local",
        "chat": "5511999990001@s.whatsapp.net",
        "side": "i",
        "type": "in",
        "msg_id": "1",
        "payload": {"id": "m1", "text": "hello\n\x1b[31mthere"},
    }


async def test_following_goes_on_with_what_happens(told: Command, jetstream_log: JetStreamLog) -> None:
    """One document a line, each as soon as it is there; Ctrl-C ends it without a word."""
    process = await told.start("events", "--follow", "--json", "--type", "in")
    assert process.stdout is not None
    seen = [json.loads(await process.stdout.readline())["seq"] for _ in range(3)]
    await jetstream_log.publish(BIA, Message(id="m4", text="still there?"), msg_id="4")
    async with asyncio.timeout(60):
        seen.append(json.loads(await process.stdout.readline())["seq"])
    assert seen == [1, 3, 5, 6]
    process.send_signal(2)
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")


async def test_bytes_that_are_no_event_are_shown_as_such(on_bus: Command, bus: Bus) -> None:
    """They are in the log like everything else."""
    await bus.publish(inbound_subject(ANA, "in"), b"{not json")
    await bus.flush()
    (event,) = (await on_bus("events", "--json")).document
    assert event["payload"]["reason"] == "unreadable"
    assert "reason=unreadable" in (await on_bus("events")).out


async def test_an_empty_log_is_an_empty_document(on_bus: Command) -> None:
    """And no line at all for people."""
    assert (await on_bus("events", "--json")).document == []
    assert await on_bus("events") == (0, "", "")


async def test_an_unknown_type_is_a_usage_error(on_bus: Command) -> None:
    """It would wait for ever, or show nothing, otherwise."""
    done = await on_bus("events", "--type", "replies")
    assert done.code == 2
    assert "turn_started" in done.err
