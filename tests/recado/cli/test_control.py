"""`recado pause`, `resume`, `reset` and `send`: an order is stored, and its outcome is printed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from actors.leases.bucket import LeaseBucket
from chat.files import file_part
from chat.gates import pairing_code
from events.admission import Approved, Blocked
from events.decisions import Decision, Ignored, Paused, Reset, Resumed, TurnStarted
from events.inbound import Control, Message, Receipt
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import SENT, MediaStore
from events.library import Entry
from events.subjects import ChatKey
from recado.cli import main
from tests.conftest import LOG_BYTES
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, BIA, decide, decide_on, reply
from tests.sample_files import PDF, picture


@pytest.fixture
async def known(on_bus: Command, jetstream_log: JetStreamLog) -> Command:
    """`recado` on a log in which Ana has written."""
    await jetstream_log.publish(ANA, Message(id="m0", text="hello"), msg_id="m0")
    return on_bus


def obey(control: Control) -> list[Decision]:
    match control.command:
        case "pause":
            return [Paused(until=control.until, at=AT, by=control.by, cause=control.id)]
        case "resume":
            return [Resumed(at=AT, cause=control.id)]
        case "reset":
            return [Reset(upto=1, at=AT, cause=control.id)]
        case "approve":
            return [Approved(at=AT, cause=control.id)]
        case "block":
            return [Blocked(at=AT, cause=control.id)]
        case "retry":
            return [TurnStarted(turn="t2", messages=control.messages, backend="chat", at=AT, cause=control.id)]
        case _:
            return [reply("m1", "m2", text=control.text or "", author="operator", cause=control.id)]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("pause", "5511999990001"), "Paused until it is resumed."),
        (("resume", "5511999990001"), "Resumed."),
        (("reset", "5511999990001"), "Reset: the next message starts a new conversation."),
        (("approve", "5511999990001"), "Approved: what is written from now on is answered."),
        (("block", "5511999990001"), "Blocked."),
        (("retry", "5511999990001", "m1", "m2"), "Tried again: 2 messages."),
    ],
)
async def test_an_order_is_obeyed_and_told(
    known: Command, jetstream_log: JetStreamLog, args: tuple[str, ...], told: str
) -> None:
    """The order says who gave it; other decisions of the chat are not mistaken for the answer."""
    ordering = asyncio.create_task(known(*args))
    control = await decide_on(
        jetstream_log, Control, lambda control: [Resumed(at=AT, cause="another"), Resumed(at=AT), *obey(control)]
    )
    assert await ordering == (0, told + "\n", "")
    assert control.command == args[0]
    assert (control.by or "").startswith("cli:")


async def test_a_refused_order_fails_with_its_reason(known: Command, jetstream_log: JetStreamLog) -> None:
    """Exit 1: what was asked for did not happen."""
    ordering = asyncio.create_task(known("send", ANA.chat, " "))
    await decide_on(
        jetstream_log, Control, lambda control: [Ignored(messages=(), reason="empty", at=AT, cause=control.id)]
    )
    assert await ordering == (1, "", "Not done: there is no text in it (empty)\n")


async def test_an_order_without_an_instance_is_kept(known: Command, jetstream_log: JetStreamLog) -> None:
    """No instance runs: the order is in the log, and the next one to run will obey it."""
    done = await known("pause", ANA.chat)
    assert (done.code, done.out) == (0, "")
    assert "The order is stored." in done.err
    assert (await jetstream_log.head()).last == 2


async def test_programs_are_told_the_ids(known: Command, jetstream_log: JetStreamLog) -> None:
    """Of the order, and of what came of it."""
    ordering = asyncio.create_task(known("retry", ANA.chat, "m0", "--json"))
    control = await decide_on(jetstream_log, Control, obey)
    assert (await ordering).document == {
        "account": "local", "chat": ANA.chat, "command": "retry", "id": control.id, "state": "done",
        "decision": "turn_started", "turn": "t2", "messages": ["m0"],
    }  # fmt: skip


NEVER = "none has ever sent anything for this account, and a gateway that starts later will not send this"


@pytest.mark.parametrize(
    ("receipt", "told"),
    [
        (None, f"The reply is stored, not sent yet (no gateway for local: {NEVER})."),
        ("another", "The reply is stored, not sent yet (no gateway for local)."),
        ("r-it is me", "Sent."),
    ],
)
async def test_a_reply_is_sent_once_a_gateway_says_so(
    known: Command, jetstream_log: JetStreamLog, receipt: str | None, told: str
) -> None:
    """Without a receipt it is only stored, and the answer says why it is not sent."""
    wait = "30" if told == "Sent." else "0"
    ordering = asyncio.create_task(known("send", ANA.chat, "it is me", "--wait", wait))
    await decide_on(jetstream_log, Control, lambda _: [])
    if receipt is not None:
        await jetstream_log.publish(ANA, Receipt(id="c1", reply=receipt, state="accepted"), msg_id="")
    await decide_on(jetstream_log, Control, obey)
    assert await ordering == (0, f"{told} It answers 2 waiting messages.\n", "")


async def test_a_gateway_that_has_not_begun(known: Command, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """It holds the lease of the account: the reply is its to send."""
    await LeaseBucket(bus).write("g.local", b'{"instance": "shop-1", "incarnation": "1"}', 0)
    ordering = asyncio.create_task(known("send", ANA.chat, "it is me", "--wait", "0"))
    await decide_on(jetstream_log, Control, obey)
    assert "stored, not sent yet (the gateway of local has not begun)" in (await ordering).out


async def test_a_reply_that_waits_for_its_gateway(known: Command, jetstream_log: JetStreamLog) -> None:
    """With --json: the reply's id, and that it was not sent."""
    ordering = asyncio.create_task(known("send", ANA.chat, "it is me", "--wait", "0", "--json"))
    await decide_on(jetstream_log, Control, obey)
    document = (await ordering).document
    assert (document["reply"], document["messages"], document["delivery"]["sent"]) == (
        "r-it is me",
        ["m1", "m2"],
        False,
    )


@pytest.mark.parametrize(
    ("until", "lasts"), [("90m", timedelta(minutes=90)), ("45", timedelta(seconds=45)), ("2d", timedelta(days=2))]
)
async def test_a_pause_may_have_a_length(
    known: Command, jetstream_log: JetStreamLog, until: str, lasts: timedelta
) -> None:
    """Counted by the bus's clock, not by this machine's."""
    ordering = asyncio.create_task(known("pause", ANA.chat, "--until", until))
    before = (await jetstream_log.head()).now
    control = await decide_on(jetstream_log, Control, obey)
    assert control.until is not None
    assert before + lasts <= control.until <= (await jetstream_log.head()).now + lasts
    assert (await ordering).out.startswith("Paused until 20")


async def test_a_pause_may_have_an_end(known: Command, jetstream_log: JetStreamLog) -> None:
    """A time with a zone is that time; without one it is this machine's."""
    ordering = asyncio.create_task(known("pause", ANA.chat, "--until", "2199-12-24T18:00+01:00", TZ="UTC"))
    assert (await decide_on(jetstream_log, Control, obey)).until == datetime(2199, 12, 24, 17, tzinfo=UTC)
    assert (await ordering).out == "Paused until 2199-12-24 17:00:00.\n"
    local = asyncio.create_task(known("pause", ANA.chat, "--until", "2199-12-24T18:00", TZ="America/Sao_Paulo"))
    after = (await jetstream_log.head()).last
    assert (await decide_on(jetstream_log, Control, obey, after=after)).until == datetime(2199, 12, 24, 21, tzinfo=UTC)
    assert (await local).code == 0


async def test_a_code_is_found_on_the_bus_alone(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """Without a projection on this machine, in the account and the chat whose person was told it."""
    elsewhere = ChatKey("shop", BIA.chat)
    for key in (ANA, elsewhere):
        await jetstream_log.publish(key, Message(id="m0", text="hello"), msg_id="")
        await decide(jetstream_log, Ignored(messages=("m0",), reason="unapproved", at=AT, told=True), key=key)
    ordering = asyncio.create_task(on_bus("approve", pairing_code(elsewhere).lower()))
    control = await decide_on(jetstream_log, Control, obey, key=elsewhere)
    assert (await ordering).out == "Approved: what is written from now on is answered.\n"
    assert control.command == "approve"


async def test_a_code_that_nobody_waits_with_is_refused(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """Also that of a person who is approved already; nothing is stored."""
    await jetstream_log.publish(ANA, Message(id="m0", text="hello"), msg_id="")
    ignored = Ignored(messages=("m0",), reason="unapproved", at=AT, told=True)
    await decide(jetstream_log, ignored, Approved(at=AT, cause="c0"))
    last = (await jetstream_log.head()).last
    for code in (pairing_code(ANA), "ABCDEF"):
        done = await on_bus("approve", code)
        assert done.code == 2
        assert f"no person who waits for approval has the code {code}: recado chats shows the codes" in done.err
    assert (await jetstream_log.head()).last == last


ORDERS = (("pause",), ("resume",), ("reset",), ("send", "hello"), ("retry",), ("approve",), ("block",))


@pytest.mark.slow("each command waits five seconds for an instance")
async def test_every_order_without_an_instance_is_only_stored(known: Command, jetstream_log: JetStreamLog) -> None:
    """No instance and no gateway run: no command says that it is done or sent, with --json neither."""
    before = (await jetstream_log.head()).last
    plain = [known(command, ANA.chat, *text) for command, *text in ORDERS]
    as_json = [known(command, ANA.chat, *text, "--json") for command, *text in ORDERS]
    done = await asyncio.gather(*plain, *as_json)
    stored = "The order is stored. No instance has obeyed it yet; the next one to run will.\n"
    assert done[: len(ORDERS)] == [(0, "", stored)] * len(ORDERS)
    for one in done[len(ORDERS) :]:
        assert (one.code, one.document["state"]) == (0, "stored")
    assert (await jetstream_log.head()).last == before + 2 * len(ORDERS)


async def test_more_than_text_is_sent(known: Command, jetstream_log: JetStreamLog) -> None:
    """The order has the parts, in the order in which they go out, and the message that is quoted."""
    ordering = asyncio.create_task(
        known(
            "send", ANA.chat, "--choices", "Which size?", "--choice", "s=Small", "--choice", "l=Large = 2",
            "--location", "-23.5,-46.6,Bakery, Rua 1", "--image", "https://example.org/a.png", "--quote", "m0",
            "--wait", "0",
        )
    )  # fmt: skip
    control = await decide_on(jetstream_log, Control, obey)
    assert (await ordering).code == 0
    assert control.text is None
    assert control.quote == "m0"
    image, place, asked = control.parts
    assert (image.kind, image.url) == ("image", "https://example.org/a.png")
    assert (place.latitude, place.longitude, place.name) == (-23.5, -46.6, "Bakery, Rua 1")
    assert [(option.id, option.title) for option in asked.choices] == [("s", "Small"), ("l", "Large = 2")]


async def test_the_assistant_says_it(known: Command, jetstream_log: JetStreamLog) -> None:
    """With --no-takeover the order takes no chat over, and the outcome names no message."""
    ordering = asyncio.create_task(known("send", ANA.chat, "Shipped.", "--no-takeover", "--wait", "0", "--json"))
    control = await decide_on(jetstream_log, Control, lambda one: [reply(text="Shipped.", cause=one.id)])
    outcome = (await ordering).document
    assert (control.command, control.text, control.takeover) == ("send", "Shipped.", False)
    assert (outcome["state"], outcome["id"], outcome.get("messages")) == ("done", control.id, None)


async def test_an_older_instance_would_take_the_chat_over(
    known: Command, jetstream_log: JetStreamLog, bus: Bus
) -> None:
    """Nothing is stored while one is there; the same order with a takeover is."""
    older = {"instance": "blue-1", "incarnation": "x", "reads": 3}
    assert await LeaseBucket(bus).write("m.blue-1", json.dumps(older).encode(), 0) is not None
    before = (await jetstream_log.head()).last
    done = await known("send", ANA.chat, "Shipped.", "--no-takeover")
    assert (done.code, "blue-1" in done.err, "older_instance" in done.err) == (1, True, True), done.err
    assert (await jetstream_log.head()).last == before
    ordering = asyncio.create_task(known("send", ANA.chat, "Ana here", "--wait", "0"))
    assert (await decide_on(jetstream_log, Control, obey)).takeover
    assert (await ordering).code == 0


async def test_files_are_sent(known: Command, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Of the library by name, and of this machine, which are kept for that chat alone and not under a name."""
    library = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    media = await MediaStore.open(bus, kept=timedelta(hours=1), log_bytes=LOG_BYTES, replicas=1)
    (known.home / "Invoice.pdf").write_bytes(PDF)
    (known.home / "photo.jpg").write_bytes(picture("PNG"))
    listed = file_part(PDF, "Price list.pdf")
    await library.add("local", Entry(name="Price list", part=listed, size=len(PDF), at=AT), PDF)
    args = ("--file", "price LIST", "--document", "Invoice.pdf", "--image", "photo.jpg", "--wait", "0")
    ordering = asyncio.create_task(known("send", ANA.chat, *args))
    control = await decide_on(jetstream_log, Control, obey)
    done = await ordering
    assert done.code == 0, done.err
    image, document, named = control.parts
    assert named == listed
    assert (image.kind, image.mime, document.kind, document.filename) == (
        "image",
        "image/png",
        "document",
        "Invoice.pdf",
    )
    for part, content in ((image, picture("PNG")), (document, PDF)):
        assert part.object is not None
        assert part.object.startswith(f"MEDIA/{SENT}")
        assert await media.read(part.object.removeprefix("MEDIA/")) == content
    refused = await known("send", ANA.chat, "--file", "Menu")
    assert (refused.code, "There are: Price list (account local)" in refused.err) == (1, True)
    await library.close()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--document", "menu.pdf"), "No such file"),
        (("--document", "photo.jpg"), "as a picture, not as a document"),
        (("--image", "page.png"), "page of HTML"),
        (("--image", "."), "it is no file"),
    ],
)
def test_a_file_that_cannot_be_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], told: str
) -> None:
    """Before recado looks for a bus."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(picture("PNG"))
    (tmp_path / "page.png").write_text("<html>")
    done = CliRunner().invoke(main, ["send", ANA.chat, *args])
    assert done.exit_code == 1
    assert told in done.output


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "there is nothing to send"),
        (("--choices", "Which?"), "go together"),
        (("--choice", "s=Small"), "go together"),
        (("--choices", "Which?", "--choice", "Small"), "write it as s=Small"),
        (("--choices", "Which?", "--choice", "s=Small", "--choice", "s=Large"), "the same `id`"),
        (("--location", "95,0"), "is no place"),
        (("--location", "here"), "is no place"),
        (("--location", "nan,0"), "is no place"),
        (("--image", "http://example.org/a.png"), "https://"),
        (("--image", "ftp://example.org/a.png"), "https://"),
    ],
)
def test_a_wrong_part_is_refused_with_what_to_do(args: tuple[str, ...], told: str) -> None:
    """Before anything is stored."""
    done = CliRunner().invoke(main, ["send", ANA.chat, *args])
    assert done.exit_code == 2
    assert told in done.output
