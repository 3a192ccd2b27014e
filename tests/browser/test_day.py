"""A day's work at the desk: two users answer chats while messages arrive, and each leaves drafts on the way.

`RECADO_DAY=whole` makes it the whole of it: 100,000 chats, and a minute of 40 messages a second.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Window

from benchmarks.desk import BEGAN, conversation, fold
from console.rendering import address_of
from events.decisions import Reply
from events.inbound import Control, Message, Receipt
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.console.conftest import Page, serve

pytestmark = pytest.mark.browser

log = structlog.get_logger("tests")

IS_WHOLE = os.environ.get("RECADO_DAY") == "whole"
CHATS, SECONDS = (100_000, 60) if IS_WHOLE else (3_000, 15)
A_SECOND = 40
WAIT = 60_000
"""Milliseconds for what a machine with other work has to do."""

LEAST = 5
"""Chats that each user works on, however slow the machine is."""


class _GoesOn(list[Any]):
    """What is in the log after the events of the projection that was there before."""

    def __init__(self, past: int) -> None:
        super().__init__()
        self._past = past

    def __len__(self) -> int:
        return self._past + super().__len__()

    def __getitem__(self, at: Any) -> Any:
        return super().__getitem__(at - self._past)


class LateLog(MemoryLog):
    """A log that goes on after `past` events, which are not kept."""

    def __init__(self, past: int) -> None:
        super().__init__()
        self._created = BEGAN
        self._stored = _GoesOn(past)
        self._erased = _Past(past)  # type: ignore[assignment]


class _Past(set[int]):
    """The events that are not kept, and those that were erased since."""

    def __init__(self, past: int) -> None:
        super().__init__()
        self._past = past

    def __contains__(self, seq: object) -> bool:
        return (isinstance(seq, int) and seq <= self._past) or super().__contains__(seq)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder with a projection of CHATS chats, and the sequence of its last event."""
    folder = tmp_path_factory.mktemp("filled")
    return folder, fold(folder, CHATS)


@pytest.fixture
async def page(filled: tuple[Path, int]) -> AsyncIterator[Page]:
    folder, past = filled
    async with serve(folder, LateLog(past)) as served:
        yield served


def wanting(first: int) -> Iterator[ChatKey]:
    """Every second chat that needs a human, from the first or the second one on."""
    for number in range(7 + 100 * first, CHATS, 200):
        yield next(conversation(number))[0]


async def arrive(page: Page, ended: asyncio.Event) -> int:
    """Messages from everybody, as many a second; how many there were."""
    chosen = random.Random(7)
    began = asyncio.get_running_loop().time()
    for number in itertools.count():
        key = next(conversation(chosen.randrange(CHATS)))[0]
        await page.log.publish(key, Message(id=f"d{number}", text=f"Are you there? {number}"), msg_id=f"d{number}")
        wait = began + number / A_SECOND - asyncio.get_running_loop().time()
        if ended.is_set():
            return number + 1
        await asyncio.sleep(max(0, wait))
    raise AssertionError


async def obey(page: Page, after: int) -> None:
    """An instance that sends every answer by hand."""
    async for batch in page.log.tail(after):
        for recorded in batch:
            order = recorded.event
            if not isinstance(order, Control) or order.command != "send":
                continue
            key = recorded.key
            last = await page.log.last_decision(key)
            reply = Reply(
                id=f"{order.id}.r", turn=None, chat=key.chat, account=key.account, text=order.text or "",
                in_reply_to=(), author="operator", at=datetime.now(BEGAN.tzinfo), cause=order.id,
            )  # fmt: skip
            await page.log.append(key, reply, expected=last.seq if last else 0, msg_id=f"{order.id}.d")
            await page.log.publish(key, Receipt(id=f"{order.id}.s", reply=reply.id, state="accepted"), msg_id="")


async def work(page: Page, window: Window, name: str, chats: Iterator[ChatKey], ended: asyncio.Event) -> dict[str, Any]:
    """Open one chat after another out of the list of those that need a human; answer it, or leave a draft."""
    sent: list[str] = []
    drafts: dict[ChatKey, str] = {}
    await window.goto(f"{page.address}/desk?only=human")
    for number, key in enumerate(itertools.islice(chats, 45)):
        if ended.is_set() and number >= LEAST:
            break
        address, text = address_of(key), f"{name} looks into it, number {number}"
        await window.locator(f"#list .chats a[href^='{address}']").click()
        await expect(window.locator(f"#write[action^='{address}/orders']")).to_be_visible(timeout=WAIT)
        await expect(window.locator("#show-keys")).to_be_visible(timeout=WAIT)  # the keys work
        await window.keyboard.press("r")
        await expect(window.locator("#text")).to_be_focused(timeout=WAIT)
        await window.keyboard.type(text)
        if number % 3 == 1:
            drafts[key] = text
            continue
        await window.keyboard.press("Enter")
        await window.keyboard.press("Enter")
        await expect(window.locator("#told .told")).to_contain_text("Sent.", timeout=WAIT)
        await expect(window.locator("#text")).to_have_value("", timeout=WAIT)
        sent.append(text)
    return {"sent": sent, "drafts": drafts}


@pytest.mark.slow("messages arrive for 15 seconds, while two browsers are worked in")
async def test_a_days_work(page: Page, browser: Browser) -> None:
    """No answer is sent twice, none is lost, and each draft is still in its chat."""
    for key in (*wanting(0), *wanting(1)):
        await page.log.publish(key, Message(id="now", text="Is there anybody?"), msg_id="")
    await page.projected()
    after, ended = (await page.log.head()).last, asyncio.Event()
    obeying = asyncio.create_task(obey(page, after))
    arriving = asyncio.create_task(arrive(page, ended))
    asyncio.get_running_loop().call_later(SECONDS, ended.set)
    complaints: list[str] = []
    windows = []
    for _ in range(2):
        context = await browser.new_context(viewport={"width": 1360, "height": 860}, locale="en-GB")
        context.set_default_timeout(WAIT)
        windows.append(await context.new_page())
        windows[-1].on("pageerror", lambda error: complaints.append(str(error)))
    did = await asyncio.gather(
        work(page, windows[0], "Ana", wanting(0), ended), work(page, windows[1], "Tom", wanting(1), ended)
    )
    ended.set()
    came = await arriving
    obeying.cancel()
    await page.projected()
    orders = [one.event.text async for batch in _all(page, after) for one in batch if isinstance(one.event, Control)]
    assert Counter(orders) == Counter(text for one in did for text in one["sent"])
    for window, one in zip(windows, did, strict=True):
        for key, text in one["drafts"].items():
            await window.goto(page.address + address_of(key))
            await expect(window.locator("#text")).to_have_value(text, timeout=WAIT)
    assert not complaints
    assert came >= LEAST
    sums = [{what: len(each) for what, each in one.items()} for one in did]
    log.info("day", chats=CHATS, messages=came, did=sums)


async def _all(page: Page, after: int) -> AsyncIterator[list[Any]]:
    last = (await page.log.head()).last
    async for batch in page.log.tail(after):
        yield batch
        if batch[-1].seq >= last:
            return
