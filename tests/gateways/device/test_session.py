"""The link itself: neonize's own client and hook; only its connection to WhatsApp is a test's."""

from __future__ import annotations

import asyncio
import ctypes
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from neonize.events import EVENT_TO_INT
from neonize.exc import NeonizeError
from neonize.proto import Neonize_pb2 as neonize
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message as Body

from gateways.device.errors import SendUnclear
from gateways.device.pairing import PairingFailed, PairingTimedOut
from gateways.device.receiving import Receiving
from gateways.device.session import DeviceBanned, DeviceLoggedOut, DeviceOutdated, DeviceReplaced
from gateways.device.wire import NotSent, Quote
from tests.gateways.device.client import Made
from tests.gateways.device.events import ANA, ANA_LID, GROUP, TOM_LID, bring, jid, message, receipt
from tests.waiting import until


@asynccontextmanager
async def living(
    made: Made, receive: Callable[[Any], Awaitable[None]] | None = None, *, clients: int = 1
) -> AsyncIterator[asyncio.Task[None]]:
    """A session that has made its first client."""
    running = asyncio.create_task(made.session.run(receive or made.receive))
    try:
        await until(lambda: len(made.clients) >= clients or running.done())
        await asyncio.sleep(0)
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def connected(made: Made) -> None:
    await bring(made.clients[-1], neonize.Connected(status=True))


async def test_the_thread_waits_until_an_event_is_dealt_with(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whatsmeow is held up, and the order is kept, however long one takes."""
    made, go, order, taken = Made(data_dir), asyncio.Event(), list[str](), list[str]()
    take = Receiving._take

    async def noted(self: Receiving, client: Any, event: Any) -> None:
        await take(self, client, event)
        taken.append(event.Info.ID)

    monkeypatch.setattr(Receiving, "_take", noted)

    async def slow(event: Any) -> None:
        order.append(f"begin {event.Info.ID}")
        await go.wait()
        order.append(f"end {event.Info.ID}")

    async with living(made, slow):
        first = asyncio.create_task(bring(made.clients[0], message("A1")))
        await until(lambda: order == ["begin A1"])
        second = asyncio.create_task(bring(made.clients[0], message("A2")))
        await until(lambda: taken == ["A1", "A2"])
        await asyncio.wait({first, second}, timeout=0.05)
        assert (first.done(), second.done(), order) == (False, False, ["begin A1"])
        go.set()
        await asyncio.gather(first, second)
        assert order == ["begin A1", "end A1", "begin A2", "end A2"]


async def test_messages_and_receipts_are_brought_whole(data_dir: Path) -> None:
    made = Made(data_dir)
    async with living(made):
        await bring(made.clients[0], message("A1", "çãé 👍"))
        await bring(made.clients[0], receipt("B1"))
    assert made.received == [message("A1", "çãé 👍"), receipt("B1")]


async def test_bytes_that_are_no_event_end_nothing(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are logged; neonize would have lost them without a word."""
    made = Made(data_dir)
    async with living(made):
        held = ctypes.create_string_buffer(b"\xff\xff\xff", 3)
        execute, code = made.clients[0].event.execute, EVENT_TO_INT[neonize.Message]
        await asyncio.to_thread(execute, 0, ctypes.addressof(held), 3, code)
        await bring(made.clients[0], message("A1"))
    assert [event.Info.ID for event in made.received] == ["A1"]
    assert "device_event_lost" in capsys.readouterr().out


async def test_a_loop_that_ended_is_begun_again(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a client of another name, since neonize ends whoever bears the name of one that is forgotten."""
    monkeypatch.setattr("gateways.device.session._FIRST_PAUSE", 0.0)
    made = Made(data_dir)
    async with living(made):
        await connected(made)
        await made.session.ready()
        made.clients[0].ends.set_exception(NeonizeError("string field contains invalid UTF-8"))
        await until(lambda: len(made.clients) == 2)
        assert made.clients[0].stopped
        assert made.clients[0].uuid != made.clients[1].uuid
        with pytest.raises(NotSent):
            await made.session.send(ANA, "hello", None)
        await connected(made)
        await bring(made.clients[1], message("A1"))
        assert await made.session.send(ANA, "hello", None) == "3EB0OUT1"
    assert [event.Info.ID for event in made.received] == ["A1"]
    assert "invalid UTF-8" in capsys.readouterr().out


async def test_an_exception_of_receiving_ends_the_session(data_dir: Path) -> None:
    made = Made(data_dir)

    async def broken(_event: Any) -> None:
        raise RuntimeError("a defect")

    async with living(made, broken) as running:
        await bring(made.clients[0], message("A1"))
        with pytest.raises(RuntimeError, match="a defect"):
            await running


FAILURE = neonize.ConnectFailureReason.LOGGED_OUT


@pytest.mark.parametrize(
    ("event", "expected", "says"),
    [
        (neonize.LoggedOut(OnConnect=True, Reason=FAILURE), DeviceLoggedOut, "to pair it;"),
        (neonize.StreamReplaced(), DeviceReplaced, "one at a time"),
        (
            neonize.TemporaryBan(Code=neonize.TemporaryBan.BLOCKED_BY_USERS, Expire=7200),
            DeviceBanned,
            r"2\.0 hours \(blocked by users\)",
        ),
        (neonize.ClientOutdated(), DeviceOutdated, "newer recado"),
        (
            neonize.PairStatus(
                ID=jid(ANA), BusinessName="", Platform="", Status=neonize.PairStatus.ERROR, Error="not authorized"
            ),
            PairingFailed,
            "not authorized",
        ),
    ],
)
async def test_errors_that_only_a_person_can_mend(
    data_dir: Path, event: Any, expected: type[Exception], says: str
) -> None:
    made = Made(data_dir)
    async with living(made) as running:
        await bring(made.clients[0], event)
        with pytest.raises(expected, match=says):
            await running
        assert made.clients[0].stopped


async def test_sending(data_dir: Path) -> None:
    """A plain text, or one that quotes; to whom the JID says."""
    made = Made(data_dir)
    async with living(made):
        await connected(made)
        await made.session.send(ANA, "hello", None)
        await made.session.send(GROUP, "hello", Quote("A1", ANA, "what time?"))
        (to, plain), (there, quoting) = made.clients[0].sent
        assert (to.User, to.Server, plain) == ("12025550143", "s.whatsapp.net", Body(conversation="hello"))
        assert there.Server == "g.us"
        context = quoting.extendedTextMessage.contextInfo
        assert (quoting.extendedTextMessage.text, context.stanzaID, context.participant) == ("hello", "A1", ANA)
        assert context.quotedMessage.conversation == "what time?"
        made.clients[0].refuses = "timed out waiting for message send response"
        with pytest.raises(SendUnclear):
            await made.session.send(ANA, "again", None)


async def test_nothing_is_asked_of_whatsmeow_without_a_connection(data_dir: Path) -> None:
    """It would end the process."""
    made = Made(data_dir)
    async with living(made):
        with pytest.raises(NotSent):
            await made.session.send(ANA, "hello", None)
        await connected(made)
        assert await made.session.number_of(ANA_LID) == ANA
        assert await made.session.number_of(TOM_LID) is None
        assert await made.session.own_names() == ()
        made.clients[0].owner = neonize.Device(JID=jid("5511977777777:7@s.whatsapp.net"), LID=jid("55555555@lid"))
        assert await made.session.own_names() == ("5511977777777@s.whatsapp.net", "55555555@lid")
        await bring(made.clients[0], neonize.Disconnected(status=True))
        with pytest.raises(NotSent):
            await made.session.typing(ANA, on=True)


async def test_paired_by_a_qr_code(data_dir: Path) -> None:
    """Each new one is drawn; nobody but the owner of the folder can read the session."""
    made = Made(data_dir)
    async with living(made) as running:
        client = made.clients[0]
        await client.event._qr(client, b"2@first")
        await client.event._qr(client, b"2@second")
        assert "Linked devices" in made.shown[0]
        assert "is good" in made.shown[1]
        assert made.shown[0].count("█") > 50
        await connected(made)
        await made.session.ready()
        assert not running.done()
    assert stat.S_IMODE((data_dir / "device.db").stat().st_mode) == 0o600


async def test_paired_by_a_code(data_dir: Path) -> None:
    """Asked for once, when the connection stands."""
    made = Made(data_dir, phone="5511999999999")
    async with living(made):
        client = made.clients[0]
        await client.event._qr(client, b"2@first")
        await client.event._qr(client, b"2@second")
        assert len(made.shown) == 1
        assert "type ABCD-1234" in made.shown[0]


async def test_no_code_is_given(data_dir: Path) -> None:
    made = Made(data_dir, phone="5511999999999")
    async with living(made) as running:
        client = made.clients[0]
        client.code = None
        await client.event._qr(client, b"2@first")
        with pytest.raises(PairingFailed, match="rate-overlimit"):
            await running


async def test_no_phone_pairs(data_dir: Path) -> None:
    made = Made(data_dir, within=0.01)
    async with living(made) as running:
        await made.clients[0].event._qr(made.clients[0], b"2@first")
        with pytest.raises(PairingTimedOut, match="Linked devices"):
            await running
