"""A backup is made while recado runs; all servers lose everything; the conversation goes on from the backup.

On the deployed configuration, with the operator's user, on one server and on a cluster of three.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from events.decisions import Ignored, Reply, TurnFailed, TurnStarted
from events.inbound import Control, Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from events.recorded import Recorded
from events.subjects import ChatKey
from gateways.delivery.delivery import Delivery
from gateways.delivery.sender import Outcome, Part
from recado.transfer.settle import Settled, settle
from tests.chaos.process import Recado
from tests.deploy.nats import DeployedNats
from tests.recado.command import Command, Done
from tests.waiting import until

ANA, BIA, CAI, DUDA = (ChatKey("local", f"551199999000{n}@s.whatsapp.net") for n in range(1, 5))
AT = datetime.now(UTC)


@pytest.fixture(params=[1, 3], ids=["one server", "cluster"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DeployedNats]:
    servers = DeployedNats(tmp_path / "deployed", request.param)
    servers.start()
    yield servers
    servers.stop()


class Logs(NamedTuple):
    instance: JetStreamLog
    gateway: JetStreamLog
    operator: JetStreamLog


class Phone:
    """What people get; it remembers through everything that happens to servers."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def send(self, part: Part) -> Outcome:
        self.got.append(part.reply)
        return Outcome("delivered", provider_id=f"wamid.{len(self.got)}")

    async def resolve(self, part: Part) -> Outcome:
        return Outcome("in_doubt")


@asynccontextmanager
async def opened(servers: DeployedNats) -> AsyncIterator[Logs]:
    """The log as each role has it, once the servers have agreed on who leads."""
    async with AsyncExitStack() as stack:
        logs = []
        for role in ("instance", "gateway", "operator"):
            bus = await servers.connect(role)
            stack.push_async_callback(bus.close)

            async def ready(bus: Bus = bus) -> JetStreamLog | None:
                try:
                    return await JetStreamLog.open(bus, max_bytes=64 * 1024**2)
                except LogUnavailable:
                    return None

            log = await until(ready)
            assert log is not None
            logs.append(log)
        yield Logs(*logs)


async def everything(log: JetStreamLog) -> list[Recorded]:
    found: list[Recorded] = []
    last = (await log.head()).last
    async with aclosing(log.tail(0)) as tail:
        async for batch in tail:
            found += batch
            if found[-1].seq >= last:
                return found
    raise AssertionError("the tail ended")


async def delivered(log: JetStreamLog, phone: Phone, folder: Path, until_got: int) -> None:
    """A gateway that runs until the phone has so many."""
    delivery = Delivery(log, "local", phone, data_dir=folder)
    running = asyncio.create_task(delivery.run())
    try:
        await delivery.started.wait()
        await until(lambda: len(phone.got) >= until_got or running.done())
    finally:
        delivery.stop()
        await running


@pytest.mark.slow("two installations start, and one is restored")
async def test_the_conversation_goes_on(servers: DeployedNats, tmp_path: Path) -> None:
    """Nothing of the backup is lost, the projection notices, and nobody gets anything twice."""
    # A slow machine would have people told to wait, and the test counts what they get.
    quiet = {"RECADO_ONE_MOMENT_AFTER": "0s"}
    instance = Recado(tmp_path / "one", RECADO_INSTANCE="one", **quiet, **servers.environment("instance"))
    operator = Command(
        tmp_path,
        RECADO_DATA=str(tmp_path / "one" / "data"),
        OPENAI_API_MODE="scripted",
        **servers.environment("operator"),
    )
    phone, file = Phone(), tmp_path / "monday.recado"

    async with opened(servers) as logs:
        before = (await logs.instance.head()).created
        await instance.started()
        await delivered(logs.gateway, phone, tmp_path / "gateway", 0)
        await say(operator, "m1")
        await delivered(logs.gateway, phone, tmp_path / "gateway", 1)
        await instance.stop()
        await leave_open(logs)
        saved = await operator("backup", str(file), "--json")
        assert saved.code == 0, saved.err
        streams = ["EVENTS", "DLQ", "ACCOUNTS", "PROFILES", "KNOWLEDGE", "KV_ALIASES", "KV_USERS", "OBJ_MEDIA"]
        streams += ["KV_FILES", "OBJ_LIBRARY"]
        assert [stream["stream"] for stream in saved.document] == streams
        assert file.stat().st_mode & 0o077 == 0
        assert "is there already" in (await operator("backup", str(file))).err
        await is_refused(operator, file)

        # It all goes on, is answered and sent, and then it is gone with the disks.
        await instance.started()
        assert "these still run: one" in (await operator("restore", str(file))).err
        await delivered(logs.gateway, phone, tmp_path / "gateway", 5)  # m1, m2, b1, c1, unsent
        await say(operator, "m3")
        await delivered(logs.gateway, phone, tmp_path / "gateway", 6)
        sent = list(phone.got)
        assert len(sent) == len(set(sent)) == 6
        instance.kill()
    servers.lose_everything()
    servers.start()

    restored = await until_done(operator, "restore", str(file), "--json")
    assert restored.document["settled"] == {"messages": 2, "orders": 1, "replies": 1}
    await is_refused(operator, file)

    async with opened(servers) as logs:
        assert (await logs.instance.head()).created != before
        await instance.started()
        verified = await operator("verify")
        assert verified.code == 0, verified.out + verified.err
        ends = [one.event for one in await everything(logs.operator) if (one.msg_id or "").startswith("restore-")]
        assert [(end.turn, end.messages) for end in ends if isinstance(end, TurnFailed)] == [("t1", ("b1",))]
        ignored = {(end.messages, end.cause) for end in ends if isinstance(end, Ignored) and end.reason == "restored"}
        assert ignored == {(("m2",), None), ((), "c1")}
        await instance.has_read_all()
        assert "it was open in the backup" in (await operator("why", "m2")).out

        await goes_on(logs, operator, phone, tmp_path, sent)
        await instance.stop()


async def goes_on(logs: Logs, operator: Command, phone: Phone, folder: Path, sent: list[str]) -> None:
    """What is written now is answered once, and nothing of what was `sent` is sent again."""
    await say(operator, "m4")

    async def shown() -> bool:
        history = (await operator("history", "5511999990001", "--json")).document
        return [line["text"] for line in history if line["author"] == "person"] == ["text of m1", "open", "text of m4"]

    await until(shown)
    await delivered(logs.gateway, phone, folder / "gateway", 7)
    await say(operator, "m1")  # a repeat of what is in the backup
    await delivered(logs.gateway, phone, folder / "gateway", 7)
    assert await settle(logs.operator, "test") == Settled(0, 0, 0)
    assert phone.got[:6] == sent
    assert len(phone.got) == len(set(phone.got)) == 7
    assert (await operator("verify")).code == 0


async def is_refused(operator: Command, file: Path) -> None:
    """Nothing is put over a log. An instance that has stopped counts as running until its presence has ended."""

    async def over_a_log() -> bool:
        done = await operator("restore", str(file))
        assert done.code == 1
        return "a backup is never put over one" in done.err

    await until(over_a_log)


async def say(operator: Command, id_: str) -> None:
    done = await operator("say", "5511999990001", f"text of {id_}", "--id", id_)
    assert done.code == 0, done.err


async def leave_open(logs: Logs) -> None:
    """A message, a turn that runs, an order to write and one that may be obeyed twice, a reply that was not sent."""
    await logs.gateway.publish(ANA, Message(id="m2", text="open"), msg_id="m2")
    await logs.gateway.publish(BIA, Message(id="b1", text="running"), msg_id="b1")
    began = TurnStarted(turn="t1", messages=("b1",), backend="scripted", at=AT)
    await logs.instance.append(BIA, began, expected=0, msg_id="gone-1:1")
    await logs.operator.publish(CAI, Control(id="c1", command="send", text="It is Ana."), msg_id="c1")
    await logs.operator.publish(CAI, Control(id="c2", command="pause"), msg_id="c2")
    await logs.instance.append(DUDA, a_reply("unsent"), expected=0, msg_id="gone-1:2")
    await logs.gateway.bury("local", b"?", reason="test", msg_id="dlq")


def a_reply(id_: str) -> Reply:
    return Reply(
        id=id_,
        turn=None,
        chat=DUDA.chat,
        account=DUDA.account,
        text="hello",
        in_reply_to=(),
        author="operator",
        at=AT,
    )


async def until_done(command: Command, *args: str) -> Done:
    """Once the servers have agreed on who leads."""
    done: list[Done] = []

    async def succeeded() -> bool:
        done.append(await command(*args))
        assert "never put over" not in done[-1].err
        return done[-1].code == 0

    try:
        await until(succeeded)
    except AssertionError:
        raise AssertionError(done[-1].err) from None
    return done[-1]
