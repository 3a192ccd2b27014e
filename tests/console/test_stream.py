"""The live stream: from any sequence on, in order, without gaps, over restarts of the browser and of recado."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.news import News
from events.codec import VERSION_HEADER
from events.inbound import Message
from events.log import LogUnavailable
from events.memory_log import MemoryLog
from events.subjects import ChatKey, inbound_subject
from tests.console.conftest import ANA, TOM, Page, serve

STREAM = f"/api/chats/{ANA.chat}/stream"


async def say(page: Page, *ids: str, key: ChatKey = ANA) -> None:
    for id_ in ids:
        await page.log.publish(key, Message(id=id_, text=f"text of {id_}"), msg_id="")


async def test_present_and_coming_events(page: Page) -> None:
    """First the events of the chat that the log has, then each as it is stored; other chats' are not among them."""
    await say(page, "m1")
    await say(page, "t1", key=TOM)
    await say(page, "m2")
    async with page.stream(STREAM) as stream:
        assert await stream.events(2) == [(1, "in"), (3, "in")]
        await say(page, "m3")
        _, event, id_ = await stream.next("event")
    assert (event["seq"], event["side"], event["known"], id_) == (4, "i", True, "4")
    assert event["payload"] == {"id": "m3", "text": "text of m3"}


async def test_a_stream_resumes(page: Page) -> None:
    """By `after` as the page asks at first, by Last-Event-ID as a browser does when it comes back: that one counts."""
    await say(page, "m1", "m2", "m3", "m4")
    async with page.stream(f"{STREAM}?after=2") as stream:
        assert await stream.events(2) == [(3, "in"), (4, "in")]
    async with page.stream(f"{STREAM}?after=2", Last_Event_ID="3") as stream:
        assert await stream.events(1) == [(4, "in")]
        await say(page, "m5")
        assert await stream.events(1) == [(5, "in")]


@pytest.mark.parametrize("broken_after", range(6))
async def test_nothing_is_missing_wherever_a_stream_broke(page: Page, broken_after: int) -> None:
    """Reading some, leaving, and coming back behind the last one read gives every event once."""
    ids = [f"m{n}" for n in range(5)]
    await say(page, *ids)
    read: list[tuple[int, str]] = []
    async with page.stream(STREAM) as stream:
        read += await stream.events(broken_after)  # of five there are five, the sixth comes later
    await say(page, "late")
    resumed = {"Last_Event_ID": str(read[-1][0])} if read else {}
    async with page.stream(STREAM, **resumed) as stream:
        read += await stream.events(6 - len(read))
    assert [seq for seq, _ in read] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("header", ["x", "-1", "1;2", "9" * 30])
async def test_a_resumption_that_cannot_be(page: Page, header: str) -> None:
    """400 with the reason."""
    status, answer = await page.get(STREAM, **{"Last-Event-ID": header})
    assert status == 400
    assert "Last-Event-ID" in answer["error"]


async def test_readiness_is_told(page: Page) -> None:
    """At first and whenever it changes, with the reasons."""
    page.troubles.append("the bus is gone")
    async with page.stream(STREAM) as stream:
        assert (await stream.next("status"))[1] == {"ready": False, "reasons": ["the bus is gone"]}
        page.troubles.clear()
        assert (await stream.next("status"))[1] == {"ready": True, "reasons": []}


async def test_the_log_is_named(page: Page, tmp_path: Path) -> None:
    """A page that comes back to another log sees that it is another."""
    names = set()
    for _ in range(2):
        async with page.stream(STREAM) as stream:
            names.add((await stream.next("log"))[1])
    assert len(names) == 1
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with serve(elsewhere) as other, other.stream(STREAM) as stream:
        assert (await stream.next("log"))[1] not in names


async def test_news_of_other_chats(page: Page) -> None:
    """A line for the list as soon as it is committed; other accounts' are not among them."""
    async with page.stream(STREAM) as stream:
        await stream.next("status")
        await say(page, "x1", key=ChatKey("shop", TOM.chat))
        await say(page, "t1", key=TOM)
        _, news, id_ = await stream.next("news")
    assert (news["chat"], news["text"], news["author"], id_) == (TOM.chat, "text of t1", "person", None)


async def test_slow_readers_get_the_latest_news() -> None:
    """Whoever does not read holds one line a chat, however much happens."""
    news = News("local")
    log = MemoryLog()
    with news.subscribe() as unread:
        for n in range(1000):
            await log.publish(TOM if n % 2 else ANA, Message(id=f"m{n}", text=str(n)), msg_id="")
        async for batch in log.tail(0):
            news.publish(batch)
            break
        assert {line.chat: line.text for line in await unread.take()} == {ANA.chat: "998", TOM.chat: "999"}
    assert not news._readers


async def test_bytes_that_are_no_event_and_events_of_a_newer_version(page: Page) -> None:
    """They are shown as such, and the stream goes on."""
    subject = inbound_subject(ANA, "in")
    page.log.put(subject, b"no JSON")
    page.log.put(subject, b'{"id":"m9"}', {VERSION_HEADER: "9"})
    await say(page, "m3")
    async with page.stream(STREAM) as stream:
        shown = [(await stream.next("event"))[1] for _ in range(3)]
    assert [event["known"] for event in shown] == [False, False, True]
    assert [event["payload"].get("reason") for event in shown] == ["unreadable", "newer_version", None]


async def test_a_repeat_is_marked(page: Page) -> None:
    """A message that came again, also where the stream begins behind the first one."""
    await say(page, "m1", "m2", "m1", "m1")
    await page.projected()
    async with page.stream(STREAM) as stream:
        assert [(await stream.next("event"))[1]["repeat"] for _ in range(4)] == [False, False, True, True]
    async with page.stream(f"{STREAM}?after=3") as stream:
        assert (await stream.next("event"))[1]["repeat"] is True


async def test_without_the_bus(served: Callable[..., Any]) -> None:
    """503 with the reason; the page tries again."""

    class Gone(MemoryLog):
        gone = False

        async def head(self) -> Any:
            if self.gone:
                raise LogUnavailable("no answer")
            return await super().head()

    log = Gone()
    async with served(log) as page:
        log.gone = True
        status, answer = await page.get(STREAM)
    assert status == 503
    assert "no answer" in answer["error"]


async def test_a_browser_that_leaves_is_let_go(page: Page) -> None:
    """Its tail and its news end with it."""
    before = len(asyncio.all_tasks())
    async with page.stream(STREAM) as stream:
        await stream.next("status")
        assert page.news._readers
    async with asyncio.timeout(60):
        while page.news._readers or len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)


async def test_a_browser_that_does_not_read_holds_up_no_other(page: Page) -> None:
    """Its stream waits, with a bounded part of the chat in memory; others go on."""
    text = "x" * 100_000
    async with page.stream(STREAM):
        for n in range(200):
            await page.log.publish(ANA, Message(id=f"m{n}", text=text), msg_id="")
        async with page.stream(f"{STREAM}?after=199") as other:
            assert await other.events(1) == [(200, "in")]


async def test_head_of_a_stream(page: Page) -> None:
    """Asking for the headers alone gives them alone."""
    async with page.session.head(page.address + STREAM) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
