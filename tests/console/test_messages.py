"""Writing from a simulated phone: stored before it is acknowledged, and refused with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.problems import LARGEST_BODY
from events.inbound import Message, Receipt
from events.log import LogUnavailable
from events.memory_log import MemoryLog
from events.references import Choice
from tests.console.conftest import ANA, Page

MESSAGE = {"id": "m1", "chat": ANA.chat, "text": "olá ✓"}


async def messages(page: Page) -> list[Message]:
    """What stands in the log."""
    last = (await page.log.head()).last
    found: list[Message] = []
    if last:
        async for batch in page.log.tail(0):
            found += [recorded.event for recorded in batch if isinstance(recorded.event, Message)]
            if batch[-1].seq >= last:
                break
    return found


async def test_a_message_is_stored(page: Page) -> None:
    """201 with its place in the log, under the contact's name."""
    assert await page.post("/api/messages", MESSAGE) == (201, {"id": "m1", "seq": 1, "duplicate": False})
    assert await messages(page) == [Message(id="m1", text="olá ✓", name="Ana Lima")]


async def test_trying_again_counts_once(page: Page) -> None:
    """The same id: the answer says that it was there before, and the log has it once."""
    await page.post("/api/messages", MESSAGE)
    assert await page.post("/api/messages", MESSAGE) == (201, {"id": "m1", "seq": 1, "duplicate": True})
    assert len(await messages(page)) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b"null", "Expected `object`"),
        (b"[" * 100_000, "is not what is expected"),
        (b'{"chat":"12025550143@s.whatsapp.net","text":"x"}', "missing required field `id`"),
        (b'{"id":"m1","chat":"12025550143@s.whatsapp.net"}', "missing required field `text`"),
        (b'{"id":"m1","text":"x"}', "missing required field `chat`"),
        (b'{"id":7,"chat":"12025550143@s.whatsapp.net","text":"x"}', "`$.id`"),
        (b'{"id":"m1","chat":"12025550143@s.whatsapp.net","text":["x"]}', "`$.text`"),
        (b'{"id":"","chat":"12025550143@s.whatsapp.net","text":"x"}', "`$.id`"),
        (b'{"id":"a b","chat":"12025550143@s.whatsapp.net","text":"x"}', "`$.id`"),
        (b'{"id":"m\\n1","chat":"12025550143@s.whatsapp.net","text":"x"}', "`$.id`"),
        (b'{"id":"m1","chat":"12025550143@s.whatsapp.net","text":""}', "The message is empty"),
        (b'{"id":"m1","chat":"12025550143@s.whatsapp.net","text":" \\n\\t "}', "The message is empty"),
        (b'{"id":"m1","chat":"","text":"x"}', "canonical JID"),
        (b'{"id":"m1","chat":"12025550143","text":"x"}', "canonical JID"),
        (b'{"id":"m1","chat":"12025550143:2@s.whatsapp.net","text":"x"}', "canonical JID"),
        (b'{"id":"m1","chat":"12025550143@c.us","text":"x"}', "canonical JID"),
        (b'{"id":"m1","chat":"status@broadcast","text":"x"}', "canonical JID"),
        (b'{"id":"m1","chat":"evt.>","text":"x"}', "canonical JID"),
    ],
)
async def test_bad_bodies(page: Page, body: bytes, says: str) -> None:
    """400 with what is wrong; nothing is stored."""
    status, answer = await page.post("/api/messages", raw=body)
    assert status == 400
    assert says in answer["error"]
    assert (await page.log.head()).last == 0


@pytest.mark.parametrize("type_", ["", "text/plain", "application/x-www-form-urlencoded", "application/json5"])
async def test_only_json_is_taken(page: Page, type_: str) -> None:
    """What a form of another site could send is none of it."""
    status, answer = await page.post("/api/messages", raw=b"{}", Content_Type=type_)
    assert status == 415
    assert "application/json" in answer["error"]


async def test_a_long_message_is_stored(page: Page) -> None:
    """900 KB are no problem."""
    status, _ = await page.post("/api/messages", MESSAGE | {"text": "é" * 450_000})
    assert status == 201


@pytest.mark.parametrize("size", [2_000_000, LARGEST_BODY + 1])
async def test_a_message_that_is_too_long(page: Page, size: int) -> None:
    """413, be it too long for the bus or for the page."""
    status, answer = await page.post("/api/messages", MESSAGE | {"text": "x" * size})
    assert status == 413
    assert "larger" in answer["error"] or "too long" in answer["error"]
    assert (await page.log.head()).last == 0


async def test_control_characters_come_through(page: Page) -> None:
    """What a person sends is stored as it is; what a model is shown is the chat's affair."""
    await page.post("/api/messages", MESSAGE | {"text": "a\x00b\x1b[31m"})
    assert (await messages(page))[0].text == "a\x00b\x1b[31m"


async def test_without_the_bus(served: Callable[..., Any]) -> None:
    """503: the page shows the message as not sent, and may send it again."""

    class Gone(MemoryLog):
        async def publish(self, *_args: Any, **_named: Any) -> Any:
            raise LogUnavailable("the connection is lost")

    async with served(Gone()) as page:
        status, answer = await page.post("/api/messages", MESSAGE)
    assert status == 503
    assert "the connection is lost" in answer["error"]


async def test_a_full_log(served: Callable[..., Any]) -> None:
    """503 with what to do, from 90 % on."""
    log = MemoryLog(limit=10_000)
    await log.publish(ANA, Message(id="big", text="x" * 9500), msg_id="")
    async with served(log) as page:
        status, answer = await page.post("/api/messages", MESSAGE)
    assert status == 503
    assert "max_bytes" in answer["error"]


async def test_without_simulated_phones(served: Callable[..., Any]) -> None:
    """The page of `recado serve` only watches: it says so, and writes nothing."""
    async with served(simulated=False) as page:
        assert (await page.get("/api/overview"))[1]["can_write"] is False
        for path, body in (("/api/messages", MESSAGE), (f"/api/chats/{ANA.chat}/seen", {"replies": ["r1"]})):
            status, answer = await page.post(path, body)
            assert status == 409
            assert "recado up" in answer["error"]
        assert (await page.log.head()).last == 0


async def test_the_account_of_a_real_number(page: Page) -> None:
    """Once a gateway to real people serves it, nothing is put into its chats; again once it is not real any more."""
    is_real = True

    async def asked() -> bool:
        return is_real

    object.__setattr__(page.deps, "is_real", asked)
    for path, body in (("/api/messages", MESSAGE), (f"/api/chats/{ANA.chat}/seen", {"replies": ["r1"]})):
        status, answer = await page.post(path, body)
        assert (status, "that of a real number" in answer["error"]) == (409, True)
    assert (await page.log.head()).last == 0
    is_real = False
    assert (await page.post("/api/messages", MESSAGE))[0] == 201


async def test_seen_replies_get_their_receipt(page: Page) -> None:
    """One `read` for each, however many windows say so."""
    for _ in range(2):
        assert (await page.post(f"/api/chats/{ANA.chat}/seen", {"replies": ["r1", "r2"]}))[0] == 204
    found = []
    async for batch in page.log.tail(0):
        found += [r.event for r in batch if isinstance(r.event, Receipt)]
        if len(found) >= 2:
            break
    assert [(receipt.reply, receipt.state) for receipt in found] == [("r1", "read"), ("r2", "read")]
    assert (await page.log.head()).last == 2


@pytest.mark.parametrize(
    "body", [{}, {"replies": "r1"}, {"replies": [""]}, {"replies": ["x" * 257]}, {"replies": ["r"] * 501}]
)
async def test_bad_seen_replies(page: Page, body: dict[str, Any]) -> None:
    """400, and nothing is stored."""
    assert (await page.post(f"/api/chats/{ANA.chat}/seen", body))[0] == 400
    assert (await page.log.head()).last == 0


async def test_wrong_methods(page: Page) -> None:
    """405 where nothing is to be had that way."""
    assert (await page.get("/api/messages"))[0] == 405
    assert (await page.post("/api/overview", {}))[0] == 405


TAP = {"id": "m", "title": "Medium", "description": None, "source": "button", "quoted": "r1"}


async def test_a_tap_is_stored_as_whatsapp_stores_it(page: Page) -> None:
    """Of two taps with one id, as two quick ones or a lost answer make them, one counts."""
    tapped = MESSAGE | {"id": "t1", "text": "whatever the page says", "tap": TAP}
    assert (await page.post("/api/messages", tapped))[0] == 201
    assert (await page.post("/api/messages", tapped))[1]["duplicate"]
    choice = Choice(id="m", title="Medium")
    assert await messages(page) == [
        Message(id="t1", kind="button", text="Medium", name="Ana Lima", choice=choice, quoted="r1")
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "template"},
        {"source": None},
        {"id": None},
        {"id": "x" * 1025},
        {"title": 7},
        {"quoted": ""},
        {"quoted": "x" * 513},
    ],
    ids=str,
)
async def test_a_tap_that_no_phone_makes(page: Page, wrong: dict[str, Any]) -> None:
    status, told = await page.post("/api/messages", MESSAGE | {"tap": TAP | wrong})
    assert (status, "$.tap" in told["error"]) == (400, True)
    assert await messages(page) == []
