"""Orders over real HTTP: the same form twice is one order, and its outcome is said once."""

from __future__ import annotations

import asyncio
import re
from secrets import token_hex
from typing import Any

import pytest

from console import orders
from events.admission import Blocked
from events.decisions import Erased, Ignored, Paused, Resumed, TurnError, TurnFailed, TurnStarted
from events.inbound import Message
from events.subjects import ChatKey
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import AT, HTML, address, given
from tests.console.ordering import impatient, obeyed, ordered, replied, said
from tests.console.ordering import orders as orders_of

__all__ = ["impatient", "obeyed"]

EVERY = [
    {"command": "send", "text": "it is me"},
    {"command": "pause", "minutes": "30"},
    {"command": "pause", "minutes": ""},
    {"command": "resume"},
    {"command": "retry"},
    {"command": "approve"},
    {"command": "reset", "confirm": "yes"},
    {"command": "block", "confirm": "yes"},
    {"command": "erase", "confirm": ANA.chat},
]


@pytest.mark.parametrize("form", EVERY)
async def test_at_once_and_again(page: Page, form: dict[str, str]) -> None:
    """Five presses together, and one more when the projection has the order: one order, the same answer."""
    await given(page, ANA, Message(id="a1", text="hello"))
    form = {"id": token_hex(8), **form}
    answers = await asyncio.gather(*(ordered(page, ANA, **form) for _ in range(5)))
    await page.projected()
    answers.append(await ordered(page, ANA, **form))
    assert set(answers) == {(303, address(ANA))}
    (control,) = await orders_of(page, ANA)
    assert (control.id, control.command) == (form["id"], form["command"])
    assert await said(page) == "The order is stored. No instance has obeyed it yet; the next one to run will."


async def test_the_second_press_has_the_answer_of_the_first(page: Page, obeyed: Any) -> None:
    """Also long after it was obeyed, when the log itself does not know the id any more."""
    await given(page, ANA, Message(id="a1", text="hello"))
    task = await obeyed(ANA, lambda control: Paused(until=None, at=AT, cause=control.id))
    form = {"id": token_hex(8), "command": "pause", "minutes": ""}
    orders.OBEYED_WITHIN = 30  # `impatient` puts it back
    await ordered(page, ANA, **form)
    await task
    assert await said(page) == "Paused."
    page.log._by_id.clear()
    await ordered(page, ANA, **form)
    assert await said(page) == "Paused."
    assert len(await orders_of(page, ANA)) == 1


async def test_erased_twice(page: Page, obeyed: Any) -> None:
    """The second press finds nothing any more, and says that it was erased; with another form there is nothing."""
    await given(page, ANA, Message(id="a1", text="hello"))
    task = await obeyed(ANA, lambda control: Erased(upto=2, at=AT, cause=control.id))
    orders.OBEYED_WITHIN = 30
    form = {"id": token_hex(8), "command": "erase", "confirm": ANA.chat}
    await ordered(page, ANA, **form)
    await task
    for seq in (1, 2):
        await page.log.erase(seq)
    assert (await ordered(page, ANA, **form))[0] == 303
    assert (await said(page)).startswith("Erased.")
    assert (await ordered(page, ANA, command="erase", confirm=ANA.chat))[0] == 404


async def test_each_form_has_an_id_of_its_own(page: Page) -> None:
    """A page that is loaded again has others."""
    await given(page, ANA, Message(id="a1", text="hello"))
    pages = [(await page.get(address(ANA, path), **HTML))[1] for path in ("", "", "/block", "/reset", "/erase")]
    ids = [id_ for shown in pages for id_ in re.findall('name="id" value="([^"]*)"', shown)]
    forms = [form for shown in pages for form in re.findall('<form [^>]*/orders"', shown)]
    assert len(ids) == len(set(ids)) == len(forms)
    assert len(forms) > 2 + 2 + 3


async def test_the_outcome_is_said_once(page: Page, obeyed: Any) -> None:
    """Neither a reload nor the address says it again, nor another chat's page, nor a refresh of the live part."""
    for key in (ANA, TOM):
        await given(page, key, Message(id=f"{key.chat}1", text="hello"))
    orders.OBEYED_WITHIN = 30
    task = await obeyed(ANA, lambda control: replied(f"{control.id}.r", control))
    assert (await ordered(page, ANA, command="send", text="it is me"))[1] == address(ANA)
    await task
    assert "Your words are stored" not in (await page.get(address(ANA, "?part=live"), **HTML))[1]
    assert await said(page, TOM) == ""
    assert (await said(page)).startswith("Your words are stored, not sent yet")
    assert await said(page) == ""


@pytest.mark.parametrize("cookie", ["Reply", "x.send", "ignored.<b>.send", "ignored..send", "." * 3000, '"\\"', "é"])
async def test_a_cookie_that_says_nothing(page: Page, cookie: str) -> None:
    """What did not come from an order is not said."""
    from console.outcomes import _cookie

    await given(page, ANA, Message(id="a1", text="hello"))
    status, shown = await page.get(address(ANA), Cookie=f"{_cookie(ANA)}={cookie}", **HTML)
    assert status == 200
    assert 'class="told"' not in shown


async def test_orders_fit_the_state(page: Page) -> None:
    """The chat offers what can be done about it now."""
    await given(page, ANA, Message(id="a1", text="hello"))

    async def offered() -> set[str]:
        shown = (await page.get(address(ANA), **HTML))[1].partition('id="orders"')[2].partition("</section>")[0]
        names = re.findall("<button>([^<]*)</button>", shown) + re.findall('id="order-[^>]*>([^<]*)</a>', shown)
        return set(names) - {"Pause", "Erase …", "New conversation …"}

    assert await offered() == {"Block …"}
    await given(page, ANA, Paused(until=None, at=AT))
    assert await offered() == {"Block …", "Resume"}
    await given(page, ANA, Resumed(at=AT), Blocked(at=AT))
    assert await offered() == {"Unblock"}
    await given(
        page, TOM, Message(id="t1", text="hello"), TurnStarted(turn="t", messages=("t1",), backend="chat", at=AT)
    )
    error = TurnError(class_="rate_limited", detail="slow down")
    await given(page, TOM, TurnFailed(turn="t", messages=("t1",), error=error, told=False, at=AT))
    shown = (await page.get(address(TOM), **HTML))[1]
    assert "<button>Retry what failed</button>" in shown
    assert "not answered: the provider took no more requests at the time" in shown


@pytest.mark.parametrize("command", ["block", "reset", "erase"])
async def test_asked_first(page: Page, command: str) -> None:
    """Its page says what it does; the bare order leads there, and does nothing."""
    await given(page, ANA, Message(id="a1", text="hello", name="Ana Lima"))
    shown = (await page.get(address(ANA, f"/{command}"), **HTML))[1]
    assert "<bdi>Ana Lima</bdi>?</h1>" in shown
    status, shown = await ordered(page, ANA, command=command)
    assert (status, "<bdi>Ana Lima</bdi>?</h1>" in shown) == (400, True)
    assert await orders_of(page, ANA) == []


@pytest.mark.parametrize("path", ["/nothing", "/desk/nothing", address(ANA, "/nothing"), address(ANA, "/why")])
async def test_an_unknown_address(page: Page, path: str) -> None:
    """A page with the way to all others; for a program JSON."""
    status, shown = await page.get(path, **HTML)
    assert status == 404
    assert 'aria-label="Pages"' in shown
    status, shown = await page.get("/api/nothing")
    assert (status, list(shown)) == (404, ["error"])


async def test_the_address_of_a_form(page: Page) -> None:
    """Opened by itself it leads to the chat."""
    async with page.session.get(page.address + address(ANA, "/orders"), allow_redirects=False) as response:
        assert (response.status, response.headers["location"]) == (303, address(ANA))


async def test_every_why_has_a_name_of_its_own(page: Page) -> None:
    """Also of the same words in the same second."""
    await given(page, ANA, *(Message(id=f"a{n}", text="hello") for n in range(5)))
    shown = (await page.get(address(ANA), **HTML))[1]
    names = re.findall(r">why\?<span[^>]*>([^<]*)<", shown)
    assert len(names) == len(set(names)) == 5


@pytest.mark.parametrize("form", EVERY)
async def test_a_script_is_told_the_outcome(page: Page, obeyed: Any, form: dict[str, str]) -> None:
    """In words and at once, with the id of the next order; no later page says it. What was not done is an error."""
    await given(page, ANA, Message(id="a1", text="hello"))
    form = {"id": token_hex(8), **form}
    status, told = await posted(page, form)
    assert (status, told["to"], told["said"][:20]) == (200, address(ANA), "The order is stored."), told
    assert re.fullmatch("[0-9a-f]{16}", told["id"])
    assert told["id"] != form["id"]
    assert await said(page) == ""
    form["id"] = token_hex(8)
    orders.OBEYED_WITHIN = 30
    task = await obeyed(ANA, lambda one: Ignored(messages=(), cause=one.id, reason="blocked", at=AT))
    status, told = await posted(page, form)
    await task
    assert (status, told["error"][:9]) == (409, "Not done:")
    assert told["id"] != form["id"]


async def test_a_script_is_told_every_error_as_json(page: Page) -> None:
    """A chat that nobody knows, an order that is none, an id that is none: with words and a status."""
    await given(page, ANA, Message(id="a1", text="hello"))
    for form, status in (({"command": "dance"}, 400), ({"command": "pause", "id": "x"}, 400)):
        answered, told = await posted(page, {"id": token_hex(8), **form})
        assert (answered, bool(told["error"])) == (status, True)
    answered, told = await posted(page, {"id": token_hex(8), "command": "pause"}, ANA._replace(account="none"))
    assert (answered, bool(told["error"])) == (404, True)


async def posted(page: Page, form: dict[str, str], key: ChatKey = ANA) -> tuple[int, Any]:
    """POST a form as the script of the page does: the status and the JSON."""
    headers = {"Origin": page.address, "Accept": "application/json"}
    async with page.session.post(page.address + address(key, "/orders"), data=form, headers=headers) as response:
        return response.status, await response.json()
