"""Reading a conversation in a browser, over a served page with a log in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Route, expect
from playwright.async_api import Page as Window

from console.app import make_app
from console.conversation import days_of
from console.server import bind, serving
from events.inbound import Edit, Message, Receipt, Revoke
from events.subjects import ChatKey
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import address, given, reply

pytestmark = pytest.mark.browser

MANY = 200
IN_SIGHT = """line => {
    const at = line.getBoundingClientRect();
    const pane = document.querySelector("#conversation").getBoundingClientRect();
    return at.bottom > pane.top && at.top < pane.bottom;
}"""


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        await given(served, TOM, Message(id="t1", text="hello from Tom", name="Tom"))
        await given(served, ANA, *(Message(id=f"a{number}", text=f"message {number}") for number in range(MANY)))
        yield served


async def open_chat(window: Window, page: Page, query: str = "") -> None:
    await window.goto(page.address + address(ANA, query))


async def until(window: Window, condition: str) -> None:
    await window.wait_for_function(condition, timeout=60_000)


@pytest.mark.slow("a browser opens the inbox with many unread chats")
async def test_a_found_message_moves_its_pane_alone(window: Window, page: Page) -> None:
    """The head of the page stays: nothing in the panes makes the page itself higher than the window."""
    for number in range(25):
        await given(
            page, ChatKey("local", f"4477009001{number:02}@s.whatsapp.net"), Message(id=f"u{number}", text="new")
        )
    seq = 150
    await open_chat(window, page, f"?around={seq}#s{seq}")
    await until(window, f"document.querySelector('#s{seq}.sought') !== null")
    await expect(window.locator("#list .unread").nth(20)).to_be_attached()
    assert await window.locator(f"#s{seq}").evaluate(IN_SIGHT)
    assert await window.evaluate("[document.scrollingElement.scrollTop, document.scrollingElement.scrollHeight]") == [
        0,
        860,
    ]
    await expect(window.locator(".top nav")).to_be_in_viewport()


@pytest.mark.slow("reads two hundred messages page by page, and loads the page twice")
async def test_reading_up_and_down(window: Window, page: Page) -> None:
    """Earlier messages come by themselves and what is read stays in its place; what comes meanwhile is told below, and
    moves nothing; a quote leads to its line, wherever that is."""
    await open_chat(window, page)
    await expect(window.locator("#lines .person")).to_have_count(60)
    await expect(window.locator(".lines .day span")).to_have_text("Today")
    for _ in range(20):
        await window.evaluate("document.querySelector('#conversation').scrollTop = 0")
        if await window.locator("#older").get_by_text("message 0", exact=True).count():
            break
        await window.wait_for_timeout(100)
    await expect(window.locator(".lines .person")).to_have_count(MANY)
    assert await window.locator(".lines .person .text").all_inner_texts() == [f"message {n}" for n in range(MANY)]
    await expect(window.locator(".lines .day")).to_have_count(1)
    middle = window.locator("#older .person", has_text="message 50")
    await middle.evaluate(
        "line => { line.scrollIntoView(); getSelection().selectAllChildren(line.querySelector('.text')) }"
    )
    place = await middle.evaluate("line => Math.round(line.getBoundingClientRect().top)")
    await given(page, ANA, Message(id="new", text="*come* and see", quoted="a3"))
    below = window.get_by_role("button", name="1 new message below")
    await expect(below).to_be_visible()
    assert await middle.evaluate("line => Math.round(line.getBoundingClientRect().top)") == place
    assert await window.evaluate("getSelection().toString()") == "message 50"
    await expect(window.locator(".lines .person")).to_have_count(MANY + 1)
    await below.click()
    await expect(window.locator(".lines strong", has_text="come")).to_be_visible()
    await expect(window.locator(".below")).to_be_hidden()
    await window.locator("a.quoted").click()
    assert await window.locator(".sought", has_text="message 3").evaluate(IN_SIGHT)
    await window.reload()
    await window.locator("a.quoted").click()
    await expect(window.locator(".sought .text")).to_have_text("message 3")
    assert "around=" in window.url
    await window.get_by_role("link", name="To the newest messages").click()
    await expect(window.locator("a.quoted")).to_be_visible()


async def test_who_else_looks(window: Window, page: Page) -> None:
    """The page says that it is open and seen; a colleague who has the chat open too is named at the composer."""
    await open_chat(window, page)
    await until(window, "document.querySelector('#looking')")
    async with asyncio.timeout(60):
        while not page.deps.seen.looking(ANA):
            await asyncio.sleep(0.05)
    last = (await page.log.head()).last
    assert page.deps.seen.upto(ANA) == last
    assert page.deps.seen.upto(TOM) == 0
    page.deps.seen.look(ANA, "zoe")
    await expect(window.locator("#looking")).to_have_text("zoe has this chat open.")
    page.deps.seen.look(ANA, "zoe", writing=True)
    await expect(window.locator("#looking")).to_have_text("zoe is writing.")
    await window.locator("#text").press_sequentially("I am")
    async with asyncio.timeout(60):
        while "page" not in page.deps.seen.writing(ANA):
            await asyncio.sleep(0.05)
    page.deps.seen.leave(ANA, "zoe")
    await expect(window.locator("#looking")).to_have_text("")
    await given(page, ANA, reply(ANA, "c1.r", "I answered already", author="operator"))
    await expect(window.locator("#meanwhile")).to_contain_text("I answered already")
    async with asyncio.timeout(60):
        while page.deps.seen.upto(ANA) <= last:
            await asyncio.sleep(0.05)
    await window.get_by_role("link", name="Tom").click()
    await expect(window.locator("#conversation").get_by_role("heading", level=1, name="Tom")).to_be_visible()
    async with asyncio.timeout(60):
        while page.deps.seen.looking(ANA) or not page.deps.seen.looking(TOM):
            await asyncio.sleep(0.05)


CUT = """part => {
    const whole = window.fetch;
    window.broken = 0;
    window.fetch = async (...asked) => {
        const answer = await whole(...asked);
        if (window.mended || !String(asked[0]).includes(part)) return answer;
        window.broken += 1;
        return new Response(new ReadableStream({start: body => body.error(new TypeError("cut"))}));
    };
}"""
"""The connection breaks in the middle of each answer whose address has `part` in it, until `mended`."""


async def test_an_answer_that_breaks_off(window: Window, page: Page) -> None:
    """The conversation goes on with the next message, and a chat is opened by the next click."""
    await open_chat(window, page)
    await expect(window.locator("#lines .person")).to_have_count(60)
    await window.evaluate(CUT, "part=live")
    await given(page, ANA, Message(id="b1", text="lost with the connection"))
    await until(window, "() => window.broken > 0")
    await window.evaluate("window.mended = true")
    await given(page, ANA, Message(id="b2", text="after the connection"))
    await expect(window.locator("#lines")).to_contain_text("after the connection", timeout=60_000)
    await window.evaluate("window.mended = false")
    await window.evaluate(CUT, TOM.chat.partition("@")[0])
    tom = window.locator("#list .chats a", has_text="Tom")
    await tom.click()
    await until(window, "() => window.broken > 0")
    await window.evaluate("window.mended = true")
    await tom.click()
    await expect(window.locator("#conversation h1")).to_have_text("Tom")


async def test_the_connection_is_lost(window: Window, page: Page) -> None:
    """A banner says so, nothing is sent, what is typed stays; then everything catches up by itself."""
    port = urlsplit(page.address).port or 0
    async with serving(make_app(page.deps), bind(0)) as other:
        await window.goto(other + address(ANA))
        port = urlsplit(other).port or 0
        await expect(window.locator("#lines .person")).to_have_count(60)
        await window.fill("#text", "I am still here")
    await expect(window.locator("#lost")).to_contain_text("recado cannot be reached")
    await window.press("#text", "Enter")
    await expect(window.locator("#lost")).to_contain_text("Not sent")
    # A click that is not refused yet would open the chat once the server is back.
    async with window.expect_event("requestfailed", lambda request: request.url.endswith(address(TOM))):
        await window.get_by_role("link", name="Tom").click()
    await expect(window.locator("#text")).to_have_value("I am still here")
    await given(page, ANA, Message(id="late", text="are you there?"))
    async with serving(make_app(page.deps), bind(port)):
        await expect(window.locator("#lines .person .text").last).to_have_text("are you there?", timeout=60_000)
        await expect(window.locator("#lost")).to_be_hidden()
        await expect(window.locator("#text")).to_have_value("I am still here")


@pytest.mark.slow("logs in twice, and waits for a page to notice that its session is over")
async def test_the_session_has_ended(window: Window, tmp_path: Path) -> None:
    """The banner leads to the login; what is typed is there after it."""
    async with serve(tmp_path, password="correct-horse") as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        await window.goto(page.address + address(ANA))
        await window.fill("input[type=password]", "correct-horse")
        await window.press("input[type=password]", "Enter")
        await window.wait_for_url("**/desk**")
        await open_chat(window, page)
        await window.fill("#text", "half a sentence")
        await window.context.clear_cookies()
        await expect(window.locator("#lost")).to_contain_text("You are logged out", timeout=60_000)
        await expect(window.locator("#text")).to_have_value("half a sentence")
        await window.get_by_role("link", name="Log in again").click()
        await window.fill("input[type=password]", "correct-horse")
        await window.press("input[type=password]", "Enter")
        await window.wait_for_url("**/desk**")
        await open_chat(window, page)
        await expect(window.locator("#text")).to_have_value("half a sentence")


@pytest.mark.slow("reads a hundred messages page by page, and waits until each change is in sight")
async def test_earlier_messages_follow(window: Window, page: Page) -> None:
    """Ticks, an edit, a deletion and a reaction, in sight at once, and else when the reader comes there."""
    await given(page, TOM, reply(TOM, "t1.r", "good day", "t1"))
    await given(page, TOM, *(Message(id=f"b{number}", text=f"message {number}") for number in range(130)))
    await window.goto(page.address + address(TOM))
    await expect(window.locator("#lines .person")).to_have_count(60)
    for _ in range(100):
        await window.evaluate("document.querySelector('#conversation').scrollTop = 0")
        if await window.locator("#older .tick").count():
            break
        await window.wait_for_timeout(100)
    replied = window.locator("#older [data-id='t1.r']")
    await replied.evaluate("line => { window.same = line; line.scrollIntoView(); }")
    await expect(replied.locator(".tick")).to_have_class("tick waiting")
    await given(page, TOM, Receipt(id="r1", reply="t1.r", state="read"))
    await expect(replied.locator(".tick")).to_have_class("tick read")
    await given(page, TOM, Edit(id="e1", of="b3", text="edited words"), Revoke(id="v1", of="b4"))
    await given(page, TOM, Message(id="x1", kind="reaction", text="👍", quoted="b5"), Revoke(id="v2", of="b60"))
    await expect(window.locator("#older [data-id=b3] .text")).to_have_text("edited words")
    await expect(window.locator("#older [data-id=b4] em")).to_contain_text("deleted")
    await expect(window.locator("#older [data-id=b5] .reactions")).to_contain_text("👍")
    far = window.locator("#older [data-id=b60]")
    await far.scroll_into_view_if_needed()
    await expect(far.locator("em")).to_contain_text("deleted")
    assert await replied.evaluate("line => line === window.same")
    await expect(window.locator(".lines .person")).to_have_count(132)


async def test_earlier_messages_of_a_chat_that_is_gone(window: Window, page: Page) -> None:
    """A line that the server does not show any more is asked for once."""
    await window.clock.install()
    await given(page, TOM, *(Message(id=f"b{number}", text=f"message {number}") for number in range(70)))
    await window.goto(page.address + address(TOM))
    await expect(window.locator("#lines .person")).to_have_count(60)
    line = window.locator("#older [data-id=b3]")
    for _ in range(100):
        await window.evaluate("document.querySelector('#conversation').scrollTop = 0")
        if await line.count():
            break
        await window.wait_for_timeout(100)
    asked: list[str] = []

    async def gone(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=404, body="There is no such chat.")

    await window.route("**/*around=*", gone)
    await line.scroll_into_view_if_needed()
    async with window.expect_response("**/*around=*"):
        await given(page, TOM, Revoke(id="v1", of="b3"))
    for number in range(3):
        await window.clock.fast_forward(2000)
        await given(page, TOM, Message(id=f"c{number}", text=f"later {number}"))
        await expect(window.locator("#lines .person").last).to_contain_text(f"later {number}")
    assert len(asked) == 1


@pytest.mark.slow("a browser window for each of four zones")
async def test_days_are_the_same_in_the_browser(browser: Browser, page: Page) -> None:
    """As the server finds them, in each zone, over changes of the clock and for messages that came late."""
    near = (datetime(2010, 11, 7, 2, tzinfo=UTC), datetime(2018, 2, 18, 1, 30, tzinfo=UTC))
    times = [at + timedelta(minutes=minutes) for at in near for minutes in (-1500, 20, 45, 0, 30, 91, -60, 1500, 3000)]
    for name in ("UTC", "America/St_Johns", "America/Sao_Paulo", "Pacific/Kiritimati"):
        context = await browser.new_context(timezone_id=name)
        window = await context.new_page()
        await window.goto(page.address + "/desk")
        found = await window.evaluate(
            """async (times) => {
                const { daysOf } = await import("/static/days.js");
                return daysOf(times).map(({ begins, isLate }) => [
                    begins === null ? null : new Date(begins).toLocaleDateString("sv"), isLate]);
            }""",
            [at.isoformat() for at in times],
        )
        expected = [[day and day.isoformat(), late] for day, late in days_of(times, ZoneInfo(name))]
        assert found == expected, name
        await context.close()


@pytest.mark.parametrize("width", [390, 800, 1440])
async def test_a_long_name_is_one_line_of_the_head(window: Window, page: Page, width: int) -> None:
    await given(page, TOM, Message(id="t2", text="again", name="Tom " * 75))
    await window.set_viewport_size({"width": width, "height": 844})
    await window.goto(page.address + address(TOM))
    size = await window.locator("#with").evaluate("it => [it.offsetHeight, it.scrollWidth > it.clientWidth]")
    assert size[0] < 40
    assert size[1]
    pane = await window.locator("#conversation").evaluate("it => it.scrollWidth - it.clientWidth")
    assert pane == 0


@pytest.mark.slow("a browser opens the inbox several times")
@pytest.mark.parametrize("width", [390, 1440])
async def test_without_script_a_chat_opens_at_its_end(page: Page, browser: Browser, width: int) -> None:
    """From the list, by its address, and after an order; a found line is in sight all the same."""
    context = await browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 844})
    try:
        window = await context.new_page()
        last = window.locator("#lines .text", has_text=f"message {MANY - 1}")
        await window.goto(page.address + "/desk")
        await window.locator("#list .chats a", has_text="+1202").click()
        await expect(last).to_be_in_viewport()
        await expect(window.locator("#with")).to_be_in_viewport()
        await window.fill("#text", "my own words")
        await window.click("#write .send")
        await expect(window.locator(".told")).to_be_visible()
        await expect(last).to_be_in_viewport()
        box, form = await last.bounding_box(), await window.locator(".answer").bounding_box()
        assert box is not None
        assert form is not None
        assert box["y"] + box["height"] <= form["y"] + 1
        await window.goto(page.address + address(ANA, "?around=150#s150"))
        await expect(window.locator("#s150")).to_be_in_viewport()
    finally:
        await context.close()
