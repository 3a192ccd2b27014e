"""Orders over real HTTP: the same form twice is one order, and a refused one loses no words."""

from __future__ import annotations

import asyncio
import re
from secrets import token_hex
from typing import Any

import pytest

from console import orders
from events.admission import Blocked
from events.decisions import Erased, Ignored, Paused, Resumed, TurnError, TurnFailed, TurnStarted
from events.inbound import Control, Message
from events.log import LogFull, LogUnavailable
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.test_desk import AT, HTML, address, given, obeyed, ordered, replied
from tests.console.test_desk import orders as orders_of

__all__ = ["obeyed"]

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


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No instance and no gateway runs, and no test is to wait for one."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.2)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)


async def said(page: Page, key: ChatKey = ANA) -> str:
    """What the chat's page says of the last order; empty if nothing."""
    shown = (await page.get(address(key), **HTML))[1]
    found = re.search(r'<p class="told"[^>]*>([^<]*)', shown)
    return found[1] if found else ""


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


@pytest.mark.parametrize("projected", [True, False])
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"command": "send", "text": "one"}, {"command": "send", "text": "two"}),
        ({"command": "pause", "minutes": "30"}, {"command": "pause", "minutes": "31"}),
        ({"command": "pause", "minutes": "30"}, {"command": "pause", "minutes": ""}),
        ({"command": "approve"}, {"command": "resume"}),
        ({"command": "resume"}, {"command": "send", "text": "one"}),
    ],
)
async def test_another_order_under_the_same_id(
    page: Page, first: dict[str, str], then: dict[str, str], *, projected: bool
) -> None:
    """It is refused in words, never said to be done; its form comes back with the words and a fresh id, and works."""
    await given(page, ANA, Message(id="a1", text="hello"))
    id_ = token_hex(8)
    await ordered(page, ANA, id=id_, **first)
    if projected:
        await page.projected()
    status, shown = await ordered(page, ANA, id=id_, **then)
    assert status == 409
    assert "This form was sent before, with another content." in shown
    assert len(await orders_of(page, ANA)) == 1
    if "text" in then:
        fresh, words = in_form(shown)
        assert (fresh != id_, words) == (True, then["text"])
        assert (await ordered(page, ANA, id=fresh, **then))[0] == 303
        assert len(await orders_of(page, ANA)) == 2


@pytest.mark.parametrize(
    "id_", ["", "x", "g" * 16, "a" * 15, "a" * 17, "a" * 9000, "A" * 16, "a" * 15 + "\n", "*", ">", "é" * 16, "<b>" * 5]
)
async def test_ids_that_no_form_has(page: Page, id_: str) -> None:
    """Refused, with the words and a valid id in the form; nothing is stored."""
    await given(page, ANA, Message(id="a1", text="hello"))
    status, shown = await ordered(page, ANA, id=id_, command="send", text="my words")
    assert status == 400
    assert "no valid order id" in shown
    fresh, words = in_form(shown)
    assert (bool(re.fullmatch("[0-9a-f]{16}", fresh)), words) == (True, "my words")
    assert await orders_of(page, ANA) == []


def in_form(shown: str) -> tuple[str, str]:
    """The id and the words of the form to write."""
    form = shown[shown.index('<form id="write"') :]
    return re.search('name="id" value="([^"]*)"', form)[1], re.search(r"<textarea[^>]*>\n([^<]*)", form)[1]  # type: ignore[index]


async def test_each_form_has_an_id_of_its_own(page: Page) -> None:
    """A page that is loaded again has others."""
    await given(page, ANA, Message(id="a1", text="hello"))
    pages = [(await page.get(address(ANA, path), **HTML))[1] for path in ("", "", "/block", "/reset", "/erase")]
    ids = [id_ for shown in pages for id_ in re.findall('name="id" value="([^"]*)"', shown)]
    forms = [form for shown in pages for form in re.findall('<form [^>]*/orders"', shown)]
    assert len(ids) == len(set(ids)) == len(forms)
    assert len(forms) > 2 + 2 + 3


class Refusing(MemoryLog):
    """A log that stores no order, or does and does not say so."""

    fault: Exception | None = None
    stores = False

    async def publish(self, key: ChatKey, event: Any, *, msg_id: str) -> Any:
        if self.fault is None or not isinstance(event, Control):
            return await super().publish(key, event, msg_id=msg_id)
        if self.stores:
            await super().publish(key, event, msg_id=msg_id)
        raise self.fault


@pytest.mark.parametrize("stores", [False, True])
@pytest.mark.parametrize("fault", [LogFull("the log is full"), LogUnavailable("no answer")])
async def test_unstored_words_are_not_lost(tmp_path: Any, fault: Exception, *, stores: bool) -> None:
    """The words come back in the form, under the same id: pressed again they count once, wherever the first try got."""
    log = Refusing()
    async with serve(tmp_path, log) as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        log.fault, log.stores, id_ = fault, stores, token_hex(8)
        status, shown = await ordered(page, ANA, id=id_, command="send", text="one\r\n<two>")
        assert status == 503
        assert ("not known whether" if isinstance(fault, LogUnavailable) else "Not stored") in shown
        form = re.search(
            r'name="id" value="([^"]*)".*?<textarea[^>]*>\n(.*?)</textarea>', shown.split('id="write"')[1], re.DOTALL
        )
        assert form is not None
        assert form.groups() == (id_, "one\r\n&lt;two&gt;")
        log.fault = None
        assert (await ordered(page, ANA, id=id_, command="send", text="one\r\n<two>"))[0] == 303
        assert [one.text for one in await orders_of(page, ANA)] == ["one\n<two>"]


async def test_words_for_a_chat_that_is_not_there(page: Page) -> None:
    """Refused on a page that has them."""
    await given(page, ANA, Message(id="a1", text="hello"))
    status, shown = await ordered(page, TOM, command="send", text="my words")
    assert (status, in_form(shown)[1]) == (404, "my words")


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


async def test_logged_out_meanwhile(tmp_path: Any) -> None:
    """A form that comes after the session ended leads to the password, then back to the chat; nothing is stored."""
    async with serve(tmp_path, password="correct-horse-battery") as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        headers = {"Origin": page.address, **HTML}
        form = {"id": token_hex(8), "command": "send", "text": "my words"}
        async with page.session.post(page.address + address(ANA, "/orders"), data=form, headers=headers) as response:
            assert response.status == 401
            shown = await response.text()
        assert "You were logged out, so nothing was done." in shown
        assert f'name="to" value="{address(ANA)}"' in shown
        assert await orders_of(page, ANA) == []


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
