"""The desk over real HTTP: what whoever looks after the chats sees, and what can be done about one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
import pytest

from actors.leases.roster import InstanceView
from console import desk
from console import orders as desk_orders
from console.rendering import address_of
from events.account_update import AccountUpdate
from events.decisions import Attention, Decision, Erased, Ignored, Paused, Reply, TurnError, TurnFailed, TurnStarted
from events.inbound import Control, Edit, Message, Receipt, Revoke
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from recado.settings.settings import VARIABLES, Settings, settings_of
from recado.settings.shown import lines
from tests.console.conftest import ANA, TOM, Page, serve

SHOP = ChatKey("shop/am Markt", "4930901820@s.whatsapp.net")
AT = datetime.now(UTC)
HTML = {"accept": "text/html"}


def address(key: ChatKey, rest: str = "") -> str:
    return address_of(key) + rest


async def given(page: Page, key: ChatKey, *events: Any) -> None:
    """These events are in the log and in the projection."""
    for event in events:
        if isinstance(event, Decision):
            last = await page.log.last_decision(key)
            expected = last.seq if last is not None else 0
            await page.log.append(key, event, expected=expected, msg_id=f"i:{(await page.log.head()).last}")
        else:
            await page.log.publish(key, event, msg_id="")
    await page.projected()


def reply(key: ChatKey, id_: str, text: str, *to: str, author: Any = "assistant", turn: str | None = None) -> Reply:
    return Reply(id=id_, turn=turn, chat=key.chat, account=key.account, text=text, in_reply_to=to, author=author, at=AT)


async def ordered(page: Page, key: ChatKey, query: str = "", **form: str) -> tuple[int, str]:
    """POST a form as a browser does: the status, and where it leads or what it says."""
    form = {"id": token_hex(8)} | form
    async with page.session.post(
        page.address + address(key, f"/orders{query}"),
        data=form,
        headers={"Origin": page.address},
        allow_redirects=False,
    ) as response:
        return response.status, response.headers.get("location") or await response.text()


async def orders(page: Page, key: ChatKey) -> list[Control]:
    return [one.event async for one in page.log.of_chat(key, 10_000) if isinstance(one.event, Control)]


@pytest.fixture
def obeyed(page: Page) -> Callable[[ChatKey, Callable[[Control], Decision]], Awaitable[asyncio.Task[None]]]:
    """An instance that decides one thing on the next order about a chat."""

    async def obey(key: ChatKey, decide: Callable[[Control], Decision]) -> asyncio.Task[None]:
        after = (await page.log.head()).last

        async def once() -> None:
            async for batch in page.log.tail(after):
                for recorded in batch:
                    if isinstance(recorded.event, Control):
                        await given(page, key, decide(recorded.event))
                        return

        return asyncio.create_task(once())

    return obey


async def test_the_list_of_chats(page: Page) -> None:
    """Every account's, the latest first; who needs a human is a filter with a count, and has the reason; markup is
    text."""
    await given(page, ANA, Message(id="a1", text="<b>hello</b>", name="Ana <Lima>"))
    await given(page, SHOP, Message(id="s1", text="a refund, please"))
    await given(page, SHOP, Attention(id="s1.h", text="Wants a refund", by="model", at=AT, messages=("s1",)))
    status, shown = await page.get("/desk", **HTML)
    assert status == 200
    assert "&lt;b&gt;hello" in shown
    assert "Ana &lt;Lima&gt;" in shown
    assert shown.index("Needs a human <b>1</b>") < shown.index("Wants a refund") < shown.index("Ana &lt;Lima&gt;")
    assert (await page.get(address(SHOP), **HTML))[0] == 200
    part = (await page.get("/desk?part=list", **HTML))[1]
    assert "<html" not in part
    assert "Wants a refund" in part


async def test_no_message_yet(page: Page) -> None:
    """The page says so."""
    assert "Nobody has written yet" in (await page.get("/desk", **HTML))[1]


async def test_a_conversation(page: Page) -> None:
    """Who wrote what, and what became of it: edited, deleted, ignored, by hand, delivered."""
    await given(
        page, ANA,
        Message(id="a1", text="helo"), Edit(id="e1", of="a1", text="hello"), Message(id="a2", text="secret word"),
        Revoke(id="v1", of="a2"), Message(id="a3", text=""), Ignored(messages=("a3",), reason="empty", at=AT),
        TurnStarted(turn="t1", messages=("a1",), backend="chat", at=AT),
        reply(ANA, "t1.r", "good day", "a1", turn="t1"),
        Receipt(id="r1", reply="t1.r", state="read"), reply(ANA, "c1.r", "Ana here", author="operator"),
    )  # fmt: skip
    status, shown = await page.get(address(ANA), **HTML)
    assert status == 200
    assert ">hello<" in shown
    assert '<summary>edited</summary><div class="former" dir="auto">helo</div>' in shown
    assert "This message was deleted by its sender" in shown
    assert "secret word" not in shown
    assert "no reply: there is no text in it<" in shown
    assert "a human of the business" in shown
    for path in ("/desk", "/desk?q=120255", "/desk?q=secret", address(ANA, "/why/a2"), "/api/overview"):
        assert "secret word" not in str((await page.get(path, **HTML))[1]), path
    assert "secret word" not in str((await page.get(f"/api/chats/{ANA.chat}/history"))[1])
    assert 'class="tick read" title="read"' in shown


async def test_words_of_long_ago(page: Page) -> None:
    """A page of lines at a time, as far back as one likes."""
    await given(page, ANA, *(Message(id=f"m{n}", text=f"line {n}.") for n in range(desk.SHOWN + 5)))
    _, newest = await page.get(address(ANA, "?part=live"), **HTML)
    assert "line 64." in newest
    assert "line 4." not in newest
    before = newest.partition("?before=")[2].partition('"')[0]
    _, older = await page.get(address(ANA, f"?part=live&before={before}"), **HTML)
    assert "line 4." in older
    assert "line 64." not in older


@pytest.mark.parametrize("path", ["/desk/chats/local/nobody", "/desk/chats/local/12025550199%40s.whatsapp.net"])
async def test_an_unknown_chat(page: Page, path: str) -> None:
    """It is not found, in words."""
    status, shown = await page.get(path, **HTML)
    assert status == 404
    assert "chat" in shown


async def test_search(page: Page) -> None:
    """Words anywhere, names and numbers; each leads to its place."""
    await given(page, ANA, Message(id="a1", text="do you have rye bread?", name="Ana Lima"))
    await given(page, TOM, Message(id="t1", text="a cake, please"))
    _, words = await page.get("/desk?q=rye", **HTML)
    assert "rye bread" in words
    assert "a cake" not in words
    assert f'{address(ANA)}?around=1&amp;list.q=rye#s1"' in words  # beside the same search
    assert address(ANA) in (await page.get("/desk?q=lima", **HTML))[1]
    assert address(TOM) in (await page.get("/desk?q=447700", **HTML))[1]
    assert "Nothing has “&lt;i&gt;” in it" in (await page.get("/desk?q=%3Ci%3E", **HTML))[1]
    assert "Nothing has" in (await page.get("/desk?q=%25", **HTML))[1]
    await given(
        page, TOM, Message(id="t2", text="a" * 5000 + " needle " + "b" * 5000), Edit(id="e", of="t1", text="pie")
    )
    _, long = await page.get("/desk?q=needle", **HTML)
    assert " needle bbb" in long
    assert len(long) < 5000
    assert ">pie<" in (await page.get("/desk?q=pie", **HTML))[1]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"command": "pause", "minutes": "30"}, "pause"),
        ({"command": "pause", "minutes": ""}, "pause"),
        ({"command": "resume"}, "resume"),
        ({"command": "reset", "confirm": "yes"}, "reset"),
        ({"command": "approve"}, "approve"),
        ({"command": "block", "confirm": "yes"}, "block"),
        ({"command": "retry"}, "retry"),
        ({"command": "send", "text": "one\r\ntwo"}, "send"),
        ({"command": "erase", "confirm": "+12025550143"}, "erase"),
        ({"command": "erase", "confirm": "12025550143"}, "erase"),
        ({"command": "erase", "confirm": " +1 (202) 555-0143 "}, "erase"),
        ({"command": "erase", "confirm": "1.202.555\u20110143"}, "erase"),
        ({"command": "erase", "confirm": ANA.chat}, "erase"),
    ],
)
async def test_orders_go_through_the_log(
    page: Page, monkeypatch: pytest.MonkeyPatch, form: dict[str, str], expected: str
) -> None:
    """Each is an order of the page's, of any account's chat; nobody has obeyed it here, and the page says so."""
    monkeypatch.setattr(desk_orders, "OBEYED_WITHIN", 0.1)
    await given(page, ANA, Message(id="a1", text="hello"))
    status, to = await ordered(page, ANA, **form)
    assert (status, to) == (303, address(ANA))
    (control,) = await orders(page, ANA)
    assert (control.command, control.by, control.text) == (expected, "page", form.get("text") and "one\ntwo")
    assert (control.until is not None) == bool(form.get("minutes"))
    assert "No instance has obeyed it yet" in (await page.get(to, **HTML))[1]


async def test_the_outcome_of_an_order_is_said(page: Page, obeyed: Any) -> None:
    """Done, or not, and why."""
    await given(page, ANA, Message(id="a1", text="hello"))
    task = await obeyed(ANA, lambda control: Paused(until=None, at=AT, cause=control.id))
    _, to = await ordered(page, ANA, command="pause", minutes="")
    await task
    shown = (await page.get(to, **HTML))[1]
    assert "Paused." in shown
    assert "until it is resumed" in shown
    task = await obeyed(ANA, lambda control: Ignored(messages=(), reason="nothing_to_retry", at=AT, cause=control.id))
    status, shown = await ordered(page, ANA, command="retry")
    await task
    assert (status, "Not done: no failed turn has these messages" in shown) == (409, True)


async def test_a_reply_is_sent_once_a_gateway_says_so(page: Page, obeyed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a receipt the page says that it is stored; with one, that it is sent, or that it is not."""
    await given(page, ANA, Message(id="a1", text="hello"))
    for number, (state, told) in enumerate(
        ((None, "stored, not sent yet"), ("accepted", "Sent. The bot is paused here"), ("failed", "Not sent: its"))
    ):
        monkeypatch.setattr(desk_orders, "SENT_WITHIN", 30 if state else 0)
        id_ = f"c{number}.r"
        task = await obeyed(ANA, lambda _, id_=id_: replied(id_, _))
        ordering = asyncio.create_task(ordered(page, ANA, command="send", text="it is me"))
        await task
        if state is not None:
            await given(page, ANA, Receipt(id=f"x{number}", reply=id_, state=state))
        assert told in (await page.get((await ordering)[1], **HTML))[1]


def replied(id_: str, control: Control) -> Reply:
    return msgspec.structs.replace(reply(ANA, id_, control.text or "", author="operator"), cause=control.id)


@pytest.mark.parametrize("command", ["pause", "send", "approve", "erase"])
async def test_a_chat_that_does_not_exist_is_not_begun(page: Page, command: str) -> None:
    """Its address is refused, and nothing is stored, also where the person is known in another account."""
    await given(page, ANA, Message(id="a1", text="hello"))
    for key in (TOM, ChatKey("shop", ANA.chat)):
        form = {"command": command, "text": "hello", "confirm": key.chat}
        assert (await ordered(page, key, **form))[0] == 404
        assert await orders(page, key) == []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"command": "dance"}, 400),
        ({}, 400),
        ({"command": "send", "text": "  "}, 400),
        ({"command": "pause", "minutes": "many"}, 400),
        ({"command": "erase", "confirm": "yes"}, 400),
        ({"command": "erase"}, 400),
        ({"command": "erase", "confirm": "+1 (202) 555-014"}, 400),
        ({"command": "erase", "confirm": "202 555 0143"}, 400),
        ({"command": "block"}, 400),
        ({"command": "reset", "confirm": "no"}, 400),
    ],
)
async def test_orders_that_make_no_sense(page: Page, form: dict[str, str], status: int) -> None:
    """Nothing is stored, and the page says what is wrong."""
    await given(page, ANA, Message(id="a1", text="hello"))
    assert (await ordered(page, ANA, **form))[0] == status
    assert await orders(page, ANA) == []


async def test_another_site_cannot_order_anything(page: Page) -> None:
    """Its form comes with its own Origin; without any it is no browser's."""
    await given(page, ANA, Message(id="a1", text="hello"))
    for headers in ({"Origin": "http://example.com"}, {"Origin": "null"}, {}):
        async with page.session.post(
            page.address + address(ANA, "/orders"), data={"command": "block"}, headers=headers
        ) as response:
            assert response.status == 403
    assert await orders(page, ANA) == []


async def test_erasing_is_confirmed(page: Page) -> None:
    """The question says what goes, and a wrong name erases nothing."""
    await given(page, ANA, Message(id="a1", text="hello", name="Ana Lima"))
    _, question = await page.get(address(ANA, "/erase"), **HTML)
    assert "Erase everything of <bdi>Ana Lima</bdi>?" in question
    assert "goes: 1 message and 0 replies, in the log" in question
    assert "Nothing was erased" in (await ordered(page, ANA, command="erase", confirm="+1"))[1]
    await given(page, ANA, Erased(upto=1, at=AT), Erased(upto=1, at=AT, done=True))
    status, shown = await page.get(address(ANA, "?list.only=human"), **HTML)
    assert status == 410
    assert re.search("<h1[^>]*>This chat was erased</h1>", shown)
    assert 'href="/desk?only=human">To the chats' in shown
    assert "Ana Lima" not in shown


@pytest.mark.parametrize("stays", [{"admission": "blocked"}, {"stopped": True}])
async def test_an_erased_chat_of_which_something_holds(page: Page, stays: dict[str, Any]) -> None:
    """Its page says so and what holds, takes no words, and lets the person in again; the list says it too."""
    await given(page, ANA, Message(id="a1", text="hello", name="Ana Lima"))
    await given(page, ANA, Erased(upto=1, at=AT, **stays), Erased(upto=1, at=AT, done=True))
    status, shown = await page.get(address(ANA), **HTML)
    assert status == 200
    assert ">This chat was erased</h2>" in shown
    assert "Ana Lima" not in shown
    assert 'id="write"' not in shown
    assert ("Blocked</li>" in shown, "Wants no answers" in shown) == ("admission" in stays, "stopped" in stays)
    assert ('id="order-approve"' in shown) == ("admission" in stays)
    assert "<em>erased</em>" in (await page.get("/desk", **HTML))[1]
    if "admission" in stays:
        await ordered(page, ANA, command="approve")
        assert [one.command for one in await orders(page, ANA)] == ["approve"]
    await given(page, ANA, Message(id="a2", text="it is me again"))
    assert "was erased" not in (await page.get(address(ANA), **HTML))[1]


async def test_the_story_of_a_message(page: Page) -> None:
    """What `recado why` says, with a link back; an id that nobody knows is not found."""
    await given(
        page, ANA, Message(id="a/1", text="hello"), TurnStarted(turn="t1", messages=("a/1",), backend="chat", at=AT),
        TurnFailed(
            turn="t1", messages=("a/1",), error=TurnError(class_="timeout", detail="<late>"), told=False, at=AT
        ),
    )  # fmt: skip
    status, shown = await page.get(address(ANA, "/why/a/1"), **HTML)
    assert status == 200
    assert "What became of this message" in shown
    assert "&lt;late&gt;" in shown
    status, shown = await page.get(address(ANA, "/why/nothing"), **HTML)
    assert status == 404
    assert "Nobody knows this id" in shown


async def test_numbers(page: Page) -> None:
    """Messages, endings and tokens, as bars and as a table; a range that there is not is refused."""
    await given(page, ANA, Message(id="a1", text="hello"), Message(id="a2", text=""))
    await given(page, ANA, Ignored(messages=("a2",), reason="empty", at=AT), reply(ANA, "r1", "hi", "a1", turn="t1"))
    for days, rows in (("1", 25), ("7", 29), ("30", 31)):
        status, shown = await page.get(f"/desk/numbers?days={days}", **HTML)
        assert status == 200
        assert abs(shown.count("<tr>") - rows) <= 3
        assert "<h2>Cost: " in shown
        assert "messages <b>2</b>" in shown
        assert "ignored <b>1</b>" in shown
        assert "<rect" in shown
    assert (await page.get(f"/desk/numbers?chat={TOM.chat}", **HTML))[0] == 404
    assert "messages <b>2</b>" in (await page.get(f"/desk/numbers?chat={ANA.chat}", **HTML))[1]
    assert "messages <b>2</b>" in (await page.get(f"/desk/numbers?account=local&chat={ANA.chat}", **HTML))[1]
    assert (await page.get("/desk/numbers?days=9999", **HTML))[0] == 400


async def test_instances(tmp_path: Path) -> None:
    """Each with its share and how far behind it is."""
    there = InstanceView(instance="blue-1", incarnation="x", state="member", partitions=(1, 2), lag=1234, chats=7)
    async with serve(tmp_path, MemoryLog()) as page:

        async def roster(_: object) -> list[InstanceView]:
            return [there]

        object.__setattr__(page.deps, "roster", roster)
        _, shown = await page.get("/desk/instances", **HTML)
        assert "blue-1" in shown
        assert "1,234" in shown


def test_no_secret_is_among_the_settings_shown() -> None:
    """Of a secret it is said that it is set; a URL is shown without the user in it."""
    hidden = "hush-hush-hush-1"
    given = {one.name: hidden for one in VARIABLES.values() if one.secret and one.name != "RECADO_HOSTED_TOOLS"}
    given["RECADO_HOSTED_TOOLS"] = f'[{{"type": "mcp", "server_label": "a", "authorization": "{hidden}"}}]'
    given |= {"NATS_URL": f"nats://me:{hidden}@localhost:4222", "OPENAI_API_MODE": "responses"}
    given["OPENAI_BASE_URL"] = f"https://gateway.example.com/v1?api-key={hidden}"
    shown = lines(settings_of(given))
    assert len(shown) == len(VARIABLES)
    assert not [line for line in shown if "hush" in line.value]
    assert {line.name for line in shown if line.value == "set"} >= {"OPENAI_API_KEY", "RECADO_PAGE_PASSWORD"}
    by_name = {line.name: line for line in lines(Settings())}
    assert not by_name["RECADO_TAKEOVER"].chosen
    assert by_name["RECADO_TAKEOVER"].value == "1800 s"


async def test_the_pages_are_guarded(page: Page) -> None:
    """No script but our own files, nothing kept by the browser."""
    async with page.session.get(page.address + "/desk") as response:
        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
    assert (await page.get("/desk", Host="evil.example.com"))[0] == 403


async def test_a_stream_of_another_account(page: Page) -> None:
    """The desk follows any account's chat."""
    await given(page, SHOP, Message(id="s1", text="hello"))
    async with page.stream(f"/api/chats/{SHOP.chat}/stream?account=shop%2Fam+Markt&after=0") as stream:
        assert await stream.events(1) == [(1, "in")]
    assert timedelta(0) <= datetime.now(UTC) - AT


async def test_chats_that_need_a_look(page: Page) -> None:
    """A chat that recado broke on is named above the list, with a link; where nothing is wrong there is no such
    notice."""
    await given(page, ANA, Message(id="a1", text="hello"))
    assert "To be looked at" not in (await page.get("/desk", **HTML))[1]
    await given(page, ANA, Ignored(messages=("a1",), reason="broken", at=AT))
    for address_ in ("/desk", "/desk?part=list"):
        shown = (await page.get(address_, **HTML))[1]
        assert "To be looked at: 1." in shown
        assert f'<a href="{address(ANA)}">+{ANA.chat.partition("@")[0]}</a> was ended as broken at' in shown
        assert "(event 1, text)" in shown


async def test_the_owners_words_by_hand_are_on_the_owners_side(page: Page) -> None:
    """Under no name of the customer's, and without a reason why nobody answered them."""
    by_hand = Message(id="h1", text="I will see to it", name="Tom", from_me=True)
    await given(page, TOM, Message(id="m1", text="hi", name="Tom"), by_hand)
    await given(page, TOM, Ignored(messages=("h1",), reason="from_me", at=AT))
    _, html = await page.get(address(TOM))
    assert '<li id="s2" class="operator by-hand"' in html
    assert "written by hand, on the phone" in html
    assert "no reply" not in html
    _, found = await page.get("/desk?q=see")
    assert "By hand, on the phone:" in found


async def test_work_and_replies_are_counted_for_what_they_are(page: Page) -> None:
    """A timed pause is no work, a person who waits for a human is told apart, a reply that nobody sends is named."""
    until = datetime.now(UTC) + timedelta(days=1)
    await given(page, TOM, Message(id="m1", text="hi"), Paused(until=until, at=AT))
    await given(page, TOM, Ignored(messages=("m1",), reason="paused", at=AT), reply(TOM, "r1", "later"))
    asks = Attention(id="t1.h", text="wants a refund", by="model", at=AT)
    await given(page, SHOP, Message(id="m2", text="hi"), asks, Paused(until=None, at=AT, reason="handed_off"))
    await given(page, ANA, Message(id="m3", text="hi"))
    _, html = await page.get("/desk/instances")
    assert "2 chats have something to do now, 1 wait for a human, 1 for the end of a pause." in html
    assert f"Account {TOM.account}: no gateway has ever sent anything" in html
    _, failed = await page.get("/desk/instances?part=table")
    assert "Replies that are not sent" in failed


async def test_a_failed_turn_has_a_sentence(page: Page) -> None:
    """Not the bare name of its class."""
    error = TurnError(class_="quota_exhausted", detail="no credit")
    await given(page, TOM, Message(id="m1", text="hi"))
    await given(page, TOM, TurnStarted(turn="t1", messages=("m1",), backend="chat", at=AT))
    await given(page, TOM, TurnFailed(turn="t1", messages=("m1",), error=error, told=False, at=AT))
    _, html = await page.get(address(TOM))
    assert "not answered: the provider&#39;s quota or credit is used up" in html


async def test_news_of_accounts(page: Page) -> None:
    """A number that does not send is an alert with what to do; the last news of each kind is a row, as plain text."""
    for number, (field, value) in enumerate(
        (
            ("security", {"event": "PIN_CHANGED"}),
            ("security", {"event": "<script>alert(1)</script>"}),
            ("sending", {"state": "paused", "code": 131042, "detail": "<b>no money</b>", "do": "pay"}),
        )
    ):
        await page.log.note("shop", AccountUpdate(id=str(number), field=field, value=value, at=AT))
    status, shown = await page.get("/desk/instances", **HTML)
    assert status == 200
    assert "shop does not send since" in shown
    assert "131042" in shown
    assert "PIN_CHANGED" not in shown
    assert "<script>alert(1)" not in shown
    assert "<b>no money" not in shown
    await page.log.note("shop", AccountUpdate(id="r", field="sending", value={"state": "resumed"}, at=AT))
    assert "does not send" not in (await page.get("/desk/instances", **HTML))[1]
    await page.log.note("shop", AccountUpdate(id="x", field="sending", value=["?"], at=AT))
    assert (await page.get("/desk/instances", **HTML))[0] == 200


@pytest.mark.parametrize("name", ["12025550143", "+1 (202) 555-0143", "1-202-555-0143", "", " ", None])
async def test_a_chat_whose_name_is_its_number_tells_it_once(page: Page, name: str | None) -> None:
    key = ChatKey("shop", "12025550143@s.whatsapp.net")
    await given(page, key, Message(id="n1", text="hi", name=name))
    _, shown = await page.get(f"/desk/chats/shop/{key.chat}", **HTML)
    conversation = str(shown).partition('id="with"')[2].partition("</header>")[0]
    assert "".join(re.sub("<[^>]*>", " ", conversation).split()).count("12025550143") == 1
    _, found = await page.get("/desk?q=hi", **HTML)
    assert re.search(r'class="who">.*?<small>\+12025550143', str(found)) is None
