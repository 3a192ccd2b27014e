"""examples/existing_bot.py: a bot with its own way to WhatsApp, killed at any moment, loses and doubles nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import aiohttp
import pytest

from events.inbound import Receipt
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.nats_server import free_port
from tests.system.service import Service
from tests.waiting import until

ROOT = Path(__file__).parents[2]
_numbers = itertools.count(1)


class Bot:
    """The bot, one process after the other, and the file of what it sent."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._file, self._port = url, folder / "sent", free_port()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, ROOT / "tests/system/existing_bot_recorded.py", self._file, str(self._port)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "NATS_URL": self._url},
        )
        assert self._process.stdout is not None
        assert await asyncio.wait_for(self._process.stdout.readline(), 60) == b"ready\n"

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    def sent(self, phone: str) -> list[str]:
        """The texts that this person was sent, in order."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(f"{phone} ")]

    async def post(self, body: object) -> tuple[int, str]:
        address = f"http://127.0.0.1:{self._port}/message"
        async with aiohttp.ClientSession() as session, session.post(address, data=json.dumps(body)) as answer:
            return answer.status, await answer.text()

    async def say(self, phone: str, text: str) -> None:
        assert (await self.post({"id": token_hex(6), "from": phone, "text": text}))[0] == 200


@pytest.fixture
async def bot(service: Service, tmp_path: Path) -> AsyncIterator[Bot]:
    """It runs. Its account and its consumer are the same in every test, its chats are not."""
    bot = Bot(service.server.url, tmp_path)
    await bot.start()
    yield bot
    await bot.kill()


def fresh_phone() -> str:
    return f"5521{os.getpid() % 10**7:07}{next(_numbers):02}"


def key_of(phone: str) -> ChatKey:
    return ChatKey("bot", f"{phone}@s.whatsapp.net")


def states(service: Service, phone: str) -> list[str]:
    """The states of the chat's receipts, in log order."""
    return [recorded.event.state for recorded in service.of(key_of(phone)) if isinstance(recorded.event, Receipt)]


async def settled(service: Service, phone: str, *wanted: str) -> None:
    await service.log.until(lambda: states(service, phone) == list(wanted), f"{wanted}, not {states(service, phone)}")


async def stored(service: Service, bot: Bot) -> Recorded:
    """A message of a person of its own that the bot stored now."""
    phone = fresh_phone()
    await bot.say(phone, "hello")
    return await service.log.seen("in", key=key_of(phone))


async def test_it_keeps_the_contract_of_a_gateway(service: Service, bot: Bot) -> None:
    """`recado gateway check` finds no fault, not even a warning."""
    phone = fresh_phone()
    told = await service.recado.run("gateway", "check", phone, "--account", "bot", "--json")
    findings = json.loads(told.out)
    assert (told.code, {finding["state"] for finding in findings}) == (0, {"ok"}), findings


async def test_a_person_has_one_chat_however_the_number_is_written(service: Service, bot: Bot) -> None:
    phone = fresh_phone()
    forms = [phone, f"+{phone}", f"+{phone[:2]} ({phone[2:4]}) {phone[4:9]}-{phone[9:]}", f" {phone[:4]}.{phone[4:]} "]
    for number, form in enumerate(forms, 1):
        await bot.say(form, f"hello {number}")
        await until(lambda number=number: len(bot.sent(phone)) == number)  # type: ignore[misc]
    assert bot.sent(phone) == [f"echo: hello {number}" for number in range(1, 5)]


@pytest.mark.parametrize(
    "changed",
    [
        *({"from": bad} for bad in ("", "ana", "0055119999", "+55 11 9x", "٥٥١١٩٩٩٩٩٩٩٩", "5511999@g.us", 55, None)),
        *({"id": bad} for bad in ("", "x" * 257, 7, None)),
        *({"text": bad} for bad in (7, None, ["hello"])),
    ],
)  # fmt: skip
async def test_a_message_that_recado_could_not_read_is_refused(
    changed: dict[str, object], service: Service, bot: Bot
) -> None:
    """`stored` is said of nothing that ends as a dead letter."""
    before = await stored(service, bot)
    status, said = await bot.post({"id": token_hex(6), "from": fresh_phone(), "text": "hello", **changed})
    assert (status, said.startswith("not stored: ")) == (400, True), said
    after = await stored(service, bot)
    messages = [one for one in service.log.events if (one.type, one.key.account) == ("in", "bot")]
    assert [one for one in messages if before.seq < one.seq < after.seq] == []


async def test_a_message_comes_twice(service: Service, bot: Bot) -> None:
    """A webhook that is tried again is answered once."""
    phone, message = fresh_phone(), {"id": token_hex(6), "text": "once"}
    for _ in range(3):
        assert (await bot.post({**message, "from": phone}))[0] == 200
    await bot.say(phone, "then")
    await until(lambda: "echo: then" in bot.sent(phone))
    assert bot.sent(phone) == ["echo: once", "echo: then"]


@pytest.mark.parametrize(("moment", "sent"), [("hang before", []), ("hang after", ["echo: hang after"])])
async def test_killed_between_claim_and_receipt(moment: str, sent: list[str], service: Service, bot: Bot) -> None:
    """Nobody knows whether it was sent: it is named so, not sent again, and the chat goes on."""
    phone = fresh_phone()
    await bot.say(phone, moment)
    await settled(service, phone, "sending")
    await until(lambda: bot.sent(phone) == sent)
    await bot.kill()
    await bot.start()
    await settled(service, phone, "sending", "parked")
    await bot.say(phone, "go on")
    await settled(service, phone, "sending", "parked", "sending", "accepted")
    assert bot.sent(phone) == [*sent, "echo: go on"]


async def test_killed_between_two_sends(service: Service, bot: Bot) -> None:
    """Replies that recado writes while the bot is away are sent when it is back, in order."""
    phone = fresh_phone()
    await bot.say(phone, "first")
    await settled(service, phone, "sending", "accepted")
    await bot.kill()
    for number in range(5):
        await service.outsider.write(key_of(phone), f"away-{number}", f"away {number}")
        await service.log.ended(key_of(phone), f"away-{number}")
    await bot.start()
    await settled(service, phone, *("sending", "accepted") * 6)
    assert bot.sent(phone) == ["echo: first", *(f"echo: away {number}" for number in range(5))]


@pytest.mark.slow("the bot is started eight times")
async def test_killed_at_any_moment(service: Service, bot: Bot) -> None:
    """40 replies of four chats, and a kill every few of them: none is sent twice, each is sent or named, in order."""
    chance = random.Random(14)
    phones = [fresh_phone() for _ in range(4)]
    for number, phone in itertools.product(range(10), phones):
        await service.outsider.write(key_of(phone), f"r{number}", f"{number:02}")
        if phone == phones[-1] and number % 2:
            await asyncio.sleep(chance.uniform(0.0, 0.1))  # where a kill falls is chance
            await bot.kill()
            await bot.start()
    for phone in phones:
        await service.log.ended(key_of(phone), "r9")

        def is_done(phone: str = phone) -> bool:
            replies = {recorded.event.id for recorded in service.of(key_of(phone)) if recorded.type == "reply"}
            ended = {
                recorded.event.reply
                for recorded in service.of(key_of(phone))
                if isinstance(recorded.event, Receipt) and recorded.event.state != "sending"
            }
            return replies == ended

        await service.log.until(is_done, "every reply has its outcome")
        sent = bot.sent(phone)
        assert sent == sorted(set(sent)), "none twice, none out of order"
        assert len(sent) >= states(service, phone).count("accepted")
        assert states(service, phone).count("parked") <= 5


@pytest.mark.parametrize(("text", "state"), [("refuse", "failed"), ("break", "parked")])
async def test_a_reply_that_is_not_sent(text: str, state: str, service: Service, bot: Bot) -> None:
    """A refusal is certain, a lost connection is not; neither is sent again, and the chat goes on."""
    phone = fresh_phone()
    await bot.say(phone, text)
    await settled(service, phone, "sending", state)
    await bot.say(phone, "go on")
    await settled(service, phone, "sending", state, "sending", "accepted")


async def test_a_chat_waits_for_no_other(service: Service, bot: Bot) -> None:
    slow, quick = fresh_phone(), fresh_phone()
    await bot.say(slow, "hang before")
    await settled(service, slow, "sending")
    await bot.say(quick, "hello")
    await settled(service, quick, "sending", "accepted")


def test_it_is_short() -> None:
    """Of code and comments, that is: it is read by whoever moves."""
    lines = (ROOT / "examples/existing_bot.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 120
