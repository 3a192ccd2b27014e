"""The desk over real HTTP, as its users see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.leases.roster import InstanceView
from console import desk
from events.account_update import AccountUpdate
from events.decisions import Attention, Ignored, Paused, TurnError, TurnFailed, TurnStarted
from events.inbound import Edit, Message, Receipt, Revoke
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from recado.settings.settings import VARIABLES, Settings, settings_of
from recado.settings.shown import lines
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, HTML, SHOP, address, given, reply


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
