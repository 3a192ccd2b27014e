"""The page in a real browser, over a real recado: type, see it answered, kill recado underneath, see it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.phone import Phone
from tests.chaos.process import Recado, recado
from tests.nats_server import free_port

pytestmark = pytest.mark.browser

ANA = "12025550143@s.whatsapp.net"


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Recado]:
    """`recado up` with scripted replies, on a port that it keeps through restarts."""
    with recado(tmp_path / "recado", command="up", RECADO_PORT=str(free_port()), RECADO_DEBOUNCE="0.3") as process:
        await process.started()
        yield process


@pytest.fixture
async def phone(up: Recado, window: Page) -> Phone:
    """The page, open at the first contact."""
    opened = Phone(window)
    await opened.open(f"http://localhost:{up.environment['RECADO_PORT']}")
    return opened


async def test_a_message_and_its_reply(phone: Phone) -> None:
    """One types; the ticks go on from stored to taken; typing is shown until the reply is there, and it is read."""
    await phone.window.evaluate(
        """() => { window.ticks = []; new MutationObserver(() => {
            const tick = document.querySelector(".line.mine")?.dataset.tick;
            if (tick && tick !== window.ticks.at(-1)) window.ticks.push(tick);
        }).observe(document.querySelector("#lines"), { subtree: true, childList: true, attributes: true }); }"""
    )
    await expect(phone.typing).to_be_hidden()
    await phone.write("!sleep 3 good morning")
    await expect(phone.said("good morning")).to_have_attribute("data-tick", "logged")
    await expect(phone.typing).to_be_visible()
    await expect(phone.window.locator("#doing")).to_have_text("typing…")
    await phone.answered("good morning", "echo: !sleep 3 good morning")
    await expect(phone.typing).to_be_hidden()
    await expect(phone.replied("echo")).to_have_attribute("data-receipt", "read")
    ticks = await phone.window.evaluate("window.ticks")
    order = ["sending", "stored", "logged", "taken"]
    assert ticks == [tick for tick in order if tick in ticks], "the ticks ran backwards"
    assert ticks[-1] == "taken"


async def test_the_events_of_a_turn(phone: Phone) -> None:
    """Beside the chat stands what happened, in plain words and in order; a click shows the event itself."""
    await phone.write("hello")
    await phone.answered("hello", "echo: hello")
    turn = phone.turns.first
    await expect(turn.locator(".outcome")).to_contain_text("answered in")
    await expect(turn.locator("details[data-type=receipt]")).to_have_count(3)
    words = await turn.locator(".words").all_inner_texts()
    assert [line.split("\n")[0] for line in words] == [
        "Message stored",
        "Turn started",
        "A conversation was opened at the model",
        "Reply written by scripted, 1 tokens read, 2 written",
        "Handed to the phone network",
        "Delivered to the phone",
        "Read",
    ]
    await turn.locator("details[data-type=reply] summary").click()
    payload = json.loads(await turn.locator("details[data-type=reply] pre").inner_text())
    assert (payload["text"], payload["chat"]) == ("echo: hello", ANA)


async def test_a_failed_turn(phone: Phone) -> None:
    """The message says why it got no answer, and the apology is shown."""
    await phone.write("!fail rate_limited")
    await expect(phone.replied("Sorry, something went wrong")).to_have_count(1)
    await expect(phone.said("!fail").locator(".ended")).to_contain_text("took no more requests")
    await expect(phone.turns.first).to_have_attribute("data-state", "failed")
    await expect(phone.typing).to_be_hidden()


async def test_killed_underneath(phone: Phone, up: Recado) -> None:
    """kill -9 in the middle of a turn: the page says so, comes back by itself, and everything is there and answered.

    What is typed meanwhile is shown as not sent, and is sent once when one tries again.
    """
    await phone.write("before")
    await phone.answered("before", "echo: before")
    await phone.write("!sleep 4 meanwhile")
    await expect(phone.typing).to_be_visible()
    up.kill()
    await expect(phone.state).to_have_text("no connection")
    await phone.write("while it was away")
    unsent = phone.said("while it was away")
    await expect(unsent).to_have_attribute("data-tick", "unsent")
    await unsent.get_by_role("button", name="Try again").click()
    await expect(unsent).to_contain_text("recado does not answer")
    await up.started()
    await expect(phone.state).to_have_text("ready")
    await phone.answered("meanwhile", "echo: !sleep 4 meanwhile")
    await expect(phone.turns.filter(has_text="meanwhile")).to_contain_text("Turn adopted after a restart")
    await unsent.get_by_role("button", name="Try again").click()
    await phone.answered("while it was away", "echo: while it was away")
    lines = await phone.window.locator(".line .text").all_inner_texts()
    await phone.window.reload()
    await expect(phone.state).to_have_text("ready")
    await expect(phone.window.locator(".line")).to_have_count(6)
    assert await phone.window.locator(".line .text").all_inner_texts() == lines
    history = json.loads((await up.run("history", ANA, "--json")).out)
    said = [entry["text"] for entry in history if entry["author"] == "person"]
    assert said == ["before", "!sleep 4 meanwhile", "while it was away"]


async def test_a_message_whose_answer_was_lost(phone: Phone, up: Recado) -> None:
    """It was stored, and the page does not know: trying again makes no second message."""
    lose = "**/api/messages"

    async def arrive_and_fail(route) -> None:  # type: ignore[no-untyped-def]
        await route.fetch()
        await route.abort()

    await phone.window.route(lose, arrive_and_fail)
    await phone.write("hello")
    await phone.answered("hello", "echo: hello")
    await expect(phone.said("hello").locator(".unsent")).to_have_count(0)
    assert len(json.loads((await up.run("history", ANA, "--json")).out)) == 2


async def test_unsent_words_outlive_the_page(phone: Phone, up: Recado) -> None:
    """Typed while recado was away, the window closed and opened again: it is there to be sent, or to be discarded."""
    up.kill()
    await phone.write("first")
    await phone.write("second")
    await expect(phone.window.locator(".unsent")).to_have_count(2)
    await up.started()
    await phone.window.reload()
    await phone.said("first").get_by_role("button", name="Discard").click()
    await expect(phone.said("first")).to_have_count(0)
    await phone.said("second").get_by_role("button", name="Try again").click()
    await phone.answered("second", "echo: second")
    await phone.window.reload()
    await phone.answered("second", "echo: second")
    await expect(phone.mine).to_have_count(1)


async def test_markup_is_text(phone: Phone) -> None:
    """What people and models write is shown as they wrote it, and never run."""
    hostile = "<img src=x onerror=document.title='owned'> <script>document.title='owned'</script> & <b>bold</b>"
    await phone.write(hostile)
    await phone.answered("bold", f"echo: {hostile}")
    assert await phone.said("bold").locator(".text").inner_text() == hostile
    assert await phone.window.locator(".line img, .line script, .line b, .turn img, .turn b").count() == 0
    assert await phone.window.title() == "recado"


async def test_two_phones(phone: Phone) -> None:
    """Each has its own conversation; what comes in the other one is seen in the list."""
    await phone.write("!sleep 1 from Ana")
    await phone.pick_up("Tom Becker")
    await expect(phone.window.locator(".line")).to_have_count(0)
    await phone.write("from Tom")
    await phone.answered("from Tom", "echo: from Tom")
    await expect(phone.window.locator(".people button", has_text="Ana Lima")).to_contain_text("echo: !sleep 1 from Ana")
    await phone.pick_up("Ana Lima")
    await phone.answered("from Ana", "echo: !sleep 1 from Ana")
    await expect(phone.window.locator(".line")).to_have_count(2)


async def test_written_elsewhere(phone: Phone, up: Recado) -> None:
    """What comes in by another way, `recado say`, appears as it happens; a pause is shown."""
    said = await up.run("say", ANA, "from a terminal")
    assert said.code == 0, said
    await phone.answered("from a terminal", "echo: from a terminal")
    await up.run("pause", ANA)
    await expect(phone.window.locator(".note")).to_have_text("Answering is paused")
    await phone.write("anybody there?")
    await expect(phone.said("anybody").locator(".ended")).to_have_text("Ignored: the chat was paused")


async def test_the_author_of_an_answer_is_shown(phone: Phone) -> None:
    """Scripted replies are no model, and the page says so and what to set."""
    await expect(phone.banner).to_contain_text("No model answers")
    await expect(phone.banner).to_contain_text("OPENAI_API_KEY")


async def test_on_a_phone(phone: Phone) -> None:
    """360 pixels: one thing at a time, nothing to be scrolled sideways, everything within reach."""
    await phone.window.set_viewport_size({"width": 360, "height": 640})
    await phone.write("hello")
    await phone.answered("hello", "echo: hello")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await phone.window.evaluate(wide)
    await phone.window.get_by_role("button", name="Events").click()
    await expect(phone.turns.first).to_be_visible()
    await expect(phone.window.locator("#text")).to_be_hidden()
    assert not await phone.window.evaluate(wide)
    await phone.window.get_by_role("button", name="Phones").click()
    await phone.pick_up("Mei Chen")
    await expect(phone.window.locator("#text")).to_be_visible()


async def test_a_long_history_comes_in_parts(phone: Phone) -> None:
    """The end first; earlier messages when one asks for them, without a jump."""
    await phone.window.evaluate(
        """async (chat) => { for (let n = 0; n < 70; n += 1) await fetch("/api/messages", {
            method: "POST", headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ id: `bulk-${n}`, chat, text: `number ${n}` }) }); }""",
        ANA,
    )
    await expect(phone.said("number 69")).to_have_attribute("data-tick", "taken")
    await phone.window.reload()
    await expect(phone.said("number 69")).to_be_visible()
    await expect(phone.said("number 0")).to_have_count(0)
    await phone.window.get_by_role("button", name="Earlier messages").click()
    await expect(phone.said("number 0")).to_have_count(1)
    texts = await phone.mine.locator(".text").all_inner_texts()
    assert texts == [f"number {n}" for n in range(70)]
    await expect(phone.window.get_by_role("button", name="Earlier messages")).to_be_hidden()


async def test_without_a_stream(phone: Phone, up: Recado) -> None:
    """Where recado has no room for another one, the page fetches what is new every few seconds."""

    async def refuse(route) -> None:  # type: ignore[no-untyped-def]
        await route.fulfill(status=429, json={"error": "32 live streams are open"})

    await phone.window.route("**/stream?*", refuse)
    await phone.window.reload()
    await phone.write("hello")
    await phone.answered("hello", "echo: hello")
    await expect(phone.state).to_have_text("not live")


async def test_two_messages_at_once(phone: Phone) -> None:
    """The second one is sent once the first is known to be stored, also where connections overtake each other."""
    asked, goes_on = asyncio.Event(), asyncio.Event()
    texts: list[str] = []

    async def slowly(route: Route) -> None:
        texts.append(json.loads(route.request.post_data or "")["text"])
        if len(texts) == 1:
            asked.set()
            await goes_on.wait()
        await route.continue_()

    await phone.window.route("**/api/messages", slowly)
    await phone.write("first")
    await asked.wait()
    await phone.write("second")
    await expect(phone.said("second")).to_be_visible()
    await phone.window.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert texts == ["first"]
    goes_on.set()
    await phone.answered("second", "echo: first | second")
