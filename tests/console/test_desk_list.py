"""The desk's list and search over real HTTP: every chat and every hit is reached by links alone, and what needs a human
is marked."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console import desk, desk_list
from events.decisions import Attention, Paused, TurnError, TurnFailed, TurnStarted
from events.inbound import Media, Message, Receipt, Revoke
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Resolved
from projections.trouble import OVERDUE_AFTER
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import HTML, address, given, reply
from tests.console.ordering import ordered
from tests.console.people import cookie, peopled, removed, user

AT = datetime.now(UTC)
LINK = re.compile(r'<a href="([^"]+)" rel="(next|prev)">')
ROW = re.compile(r'<li><a href="/desk/chats/([^"#?]+)')


def phone(number: int) -> ChatKey:
    return ChatKey(f"shop{number % 2}", f"55119800000{number:02}@s.whatsapp.net")


async def shown(page: Page, path: str) -> str:
    status, text = await page.get(path, **HTML)
    assert status == 200, text
    return str(text)


def links(text: str) -> dict[str, str]:
    return {rel: html.unescape(to) for to, rel in LINK.findall(text)}


def rows(text: str) -> list[str]:
    return ROW.findall(text.partition('<ul class="chats">')[2].partition("</ul>")[0])


async def walk(page: Page, path: str) -> list[str]:
    """What every page of a list says, from the first to the last."""
    pages = [await shown(page, path)]
    while "next" in (there := links(pages[-1])):
        pages.append(await shown(page, there["next"]))
    return pages


async def test_every_chat_is_reached(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page there and back, each with its numbers, with a search and a filter too."""
    monkeypatch.setattr(desk_list, "LISTED", 5)
    for number in range(12):
        await given(page, phone(number), Message(id="m", text="hello", name=f"Zoë {number}"))
    pages = await walk(page, "/desk")
    assert [said for text in pages for said in re.findall(r"<span>([0-9–]+ of [0-9]+ chats)", text)] == [
        "1–5 of 12 chats", "6–10 of 12 chats", "11–12 of 12 chats",
    ]  # fmt: skip
    assert len({row for text in pages for row in rows(text)}) == 12
    assert rows(await shown(page, links(pages[2])["prev"])) == rows(pages[1])
    found = await walk(page, "/desk?q=ZOE")
    assert len({row for text in found for row in rows(text)}) == 12
    await given(page, phone(0), Paused(until=None, at=AT))
    assert len(rows(await shown(page, "/desk?q=zoe&only=paused"))) == 1
    second = links(pages[0])["next"]
    assert "come to the front" not in await shown(page, second)
    await given(page, phone(1), Message(id="m2", text="me again"))
    assert "1 chat has come to the front since you began" in await shown(page, second)


async def test_every_hit_is_reached(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, counted, there and back; each has the name and the number of its chat."""
    monkeypatch.setattr(desk_list, "FOUND", 5)
    await given(page, ANA, *(Message(id=f"m{n}", text=f"needle {n}.", name="Ana Lima") for n in range(12)))
    await given(page, TOM, reply(TOM, "r1", "a needle from us"))
    pages = await walk(page, "/desk?q=needle")
    hits = [hit for text in pages for hit in re.findall(r"\?around=(\d+)&", text)]
    assert hits == [str(seq) for seq in range(13, 0, -1)]
    assert "1–5 of 13 messages and replies" in pages[0]
    assert "11–13 of 13 messages and replies" in pages[2]
    assert "from us" in pages[0]
    assert "+447700900123" in pages[0]
    assert "Ana Lima" in pages[2]
    assert re.findall(r"around=(\d+)", await shown(page, links(pages[2])["prev"])) == ["8", "7", "6", "5", "4"]


async def test_a_jump_shows_what_came_after(page: Page) -> None:
    """And pages lead on in both directions, each with its numbers, to every line once."""
    count = desk.SHOWN * 3
    await given(page, ANA, *(Message(id=f"m{n}", text=f"line {n}.") for n in range(count)))
    found = await shown(page, "/desk?q=%22line+90%22")
    to = re.findall(r'href="([^"]+\?around=91)&[^"]+#s91"', found)[0]
    there = await shown(page, html.unescape(to))
    assert "line 89." in there
    assert "line 91." in there
    assert "61–120 of 180 messages and replies" in there
    before = re.findall(r"\?before=(\d+)", there)[0]
    after = re.findall(r"\?after=(\d+)", there)[0]
    earlier = await shown(page, address(ANA, f"?before={before}"))
    later = await shown(page, address(ANA, f"?after={after}"))
    lines = [
        int(number)
        for text in (earlier, there, later)
        for number in re.findall(r'"text" dir="auto">line (\d+)\.<', text)
    ]
    assert lines == list(range(count))
    assert (await page.get(address(ANA, "?around=5&after=3"), **HTML))[0] == 400
    assert "To the newest messages" in await shown(page, address(ANA, "?after=999999"))


@pytest.mark.parametrize(
    "text",
    [
        "%2B5511980000001", "98000-0001", "(11)+98000+0001", "joao", "JOÃO", "ＪＯＡＯ", "muller", "MÜLLER", "strasse",
        "refund", "wants+a+refund", "João+98000-0001", "0055+11+98000-0001",
    ],
)  # fmt: skip
async def test_search_finds_what_the_page_shows(page: Page, text: str) -> None:
    await given(page, phone(1), Message(id="m", text="hello", name="João Müller-Straße"))
    await given(page, phone(1), Attention(id="m.h", text="Wants a REFUND", by="model", at=AT, messages=("m",)))
    await given(page, TOM, Message(id="t", text="nothing", name="Tom"))
    found = await shown(page, f"/desk?q={text}")
    assert rows(found) == [address(phone(1)).removeprefix("/desk/chats/")]
    assert "Tom" not in found


@pytest.mark.parametrize("text", ["joao", "JOÃO", "muller", "strasse", "ｍｕｌｌｅｒ", "stra%C3%9F"])
async def test_words_are_found_however_they_are_written(page: Page, text: str) -> None:
    """Also once they were edited; what was deleted is not found."""
    await given(page, ANA, Message(id="m1", text="an den Müller, João, Straße"), Message(id="m2", text="João"))
    await given(page, ANA, Revoke(id="v", of="m2"))
    assert "?around=1&" in await shown(page, f"/desk?q={text}")
    assert "around=2" not in await shown(page, f"/desk?q={text}")


async def test_chats_for_a_human_are_marked_and_filtered(tmp_path: Path) -> None:
    """In the list, in the chat, and as filters with their numbers."""
    now = datetime.now(UTC)
    async with serve(tmp_path, MemoryLog(clock=lambda: now)) as page:
        error = TurnError(class_="timeout", detail="")
        failed = TurnFailed(turn="t", messages=("m",), error=error, told=False, at=AT)
        await given(page, phone(0), Message(id="m", text="hello"))
        await given(page, phone(0), TurnStarted(turn="t", messages=("m",), backend="chat", at=AT), failed)
        for number, state in ((1, "failed"), (2, "parked"), (3, None), (4, "delivered")):
            await given(page, phone(number), Message(id="m", text="hi"), reply(phone(number), "r", "good day"))
            if state:
                await given(page, phone(number), Receipt(id="x", reply="r", state=state))
        await given(page, phone(5), Message(id="m", text="help"))
        await given(page, phone(5), Attention(id="m.h", text="Wants help", by="model", at=now))
        marks = {0: ("failed", "answer failed"), 1: ("undelivered", "not delivered"), 2: ("unsure", "perhaps not sent"),
                 3: ("unsent", "not sent yet")}  # fmt: skip
        listed = await shown(page, "/desk")
        for number, (only, said) in marks.items():
            filtered = await shown(page, f"/desk?only={only}")
            assert rows(filtered) == [address(phone(number)).removeprefix("/desk/chats/")], only
            assert f">{said}</mark>" in filtered
            assert f'only={only}" id="only-{only}">{said.capitalize()} <b>1</b>' in listed
            assert said in (await shown(page, address(phone(number)))).lower()
        assert "overdue" not in listed.lower()
        object.__setattr__(page.deps, "now", lambda: now + OVERDUE_AFTER)
        assert ">overdue</mark>" in await shown(page, "/desk")
        assert len(rows(await shown(page, "/desk?only=overdue"))) == 1
        assert "Overdue" in await shown(page, address(phone(5)))
        assert rows(await shown(page, "/desk?only=paused")) == []


@pytest.mark.parametrize(
    "query",
    [
        "only=nothing", "after=x", "after=1.2.3", "before=9999999999999999999.1", "since=now", "q=a&hits_after=x",
        "q=a&hits_before=-1", "only=%00", "after=", "after=١.٢", "state=closed", "sort=name",
    ],
)  # fmt: skip
async def test_an_address_that_makes_no_sense(page: Page, query: str) -> None:
    """Is refused in words."""
    await given(page, ANA, Message(id="m", text="a"))
    status, text = await page.get(f"/desk?{query}", **HTML)
    assert status == 400
    assert "not" in text or "no filter" in text


@pytest.mark.parametrize(
    "query", ["after=0.0", "before=0.0", "after=-5.1&since=-5", "q=%22&only=human", "q=a&after=1.1", "only="]
)
async def test_any_other_address_is_a_page(page: Page, query: str) -> None:
    """With a way to the beginning."""
    await given(page, ANA, Message(id="m", text="a"))
    assert 'href="/desk' in await shown(page, f"/desk?{query}")


async def test_many_wait_for_a_human(page: Page) -> None:
    """They are a filter with a count, the longest wait first, and no wall above the list; each row has its reason, its
    account and its last words."""
    for number in range(30):
        await given(page, phone(number), Message(id="m", text=f"word {number}.", name="Ana"))
        await given(
            page, phone(number), Attention(id="m.h", text="Refund", by="model", at=AT + timedelta(hours=-number))
        )
    text = await shown(page, "/desk")
    assert 'only=human" id="only-human">Needs a human <b>30</b>' in text
    assert len(rows(text)) == 30
    assert text.count("Refund") == 30
    everyone = await shown(page, "/desk?only=human")
    assert rows(everyone) == [address(phone(number)).removeprefix("/desk/chats/") for number in range(30)]
    for number in range(30):
        (row,) = re.findall(rf'<li><a href="{address(phone(number))}\?.*?</li>', everyone, re.DOTALL)
        for said in (f"+{phone(number).chat.partition('@')[0]}", f"word {number}.", f"shop{number % 2}", "Refund"):
            assert said in row


async def test_filters_by_the_work(page: Page) -> None:
    """Whose it is, its state, its account and its label: each with its count; what was resolved is out of the list, and
    found all the same."""
    for number in range(6):
        await given(page, phone(number), Message(id="m", text="hello", name="Zoë"))
    await given(page, phone(0), Assigned(to="page", at=AT), Labelled(add=("Late & lost",), at=AT))
    await given(page, phone(1), Resolved(state="resolved", at=AT))
    await given(page, phone(2), Resolved(state="snoozed", until=AT + timedelta(days=1), at=AT))
    await given(page, phone(3), reply(phone(3), "r", "good day", "m", author="operator"))
    listed = await shown(page, "/desk")
    said = {html.unescape(to): words.strip() for to, words in re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', listed)}
    assert len(rows(listed)) == 4
    for to, words, numbers in (
        ("/desk?only=mine", "Mine <b>1</b>", [0]),
        ("/desk?only=unassigned", "Unassigned <b>3</b>", [5, 4, 3]),
        ("/desk?only=waiting", "Waiting for us <b>3</b>", [5, 4, 0]),
        ("/desk?state=resolved", "Resolved <b>1</b>", [1]),
        ("/desk?state=snoozed", "Put off <b>1</b>", [2]),
        ("/desk?account=shop1", "shop1", [5, 3]),
        ("/desk?label=Late+%26+lost", "Late &amp; lost <b>1</b>", [0]),
        ("/desk?sort=wait", "Longest wait first", [0, 4, 5, 3]),
    ):
        assert said.get(to) == words
        found = rows(await shown(page, to))
        assert set(found) == {address(phone(number)).removeprefix("/desk/chats/") for number in numbers}, to
        assert "sort" not in to or found[0] == address(phone(numbers[0])).removeprefix("/desk/chats/")
    assert len(rows(await shown(page, "/desk?state=all"))) == 6
    assert len(rows(await shown(page, "/desk?q=zoe"))) == 6
    assert 'class="has"' in listed
    assert 'class="label" dir="auto">Late &amp; lost<' in listed


async def test_unread_marks(page: Page) -> None:
    """Until somebody has seen the chat; what came since is counted."""
    await given(page, ANA, Message(id="m1", text="hello"), Message(id="m2", text="hello?"))
    assert re.findall(r'class="unread"[^>]*>(\d+)<', await shown(page, "/desk")) == ["2"]
    page.deps.seen.mark(ANA, (await page.log.head()).last, "page")
    assert 'class="unread"' not in await shown(page, "/desk")
    await given(page, ANA, reply(ANA, "r", "good day", "m1"), Message(id="m3", text="hm"))
    assert re.findall(r'class="unread"[^>]*>(\d+)<', await shown(page, "/desk")) == ["1"]


async def test_namesakes_have_their_numbers(page: Page) -> None:
    """A name alone is enough where it is one person's; two of a name, however written, have a number each."""
    for number, name in enumerate(("Zoë Lima", "ZOE LIMA", "Tom")):
        await given(page, phone(number), Message(id="m", text="hello", name=name))
    text = await shown(page, "/desk")
    said = [f"<small>+{phone(number).chat.partition('@')[0]}</small>" in text for number in range(3)]
    assert said == [True, True, False]


async def test_the_list_beside_a_chat_keeps_its_filter(page: Page) -> None:
    """While chats are opened, ordered about and searched; the open one is marked."""
    await given(page, ANA, Message(id="m", text="hi"), Attention(id="m.h", text="Refund", by="model", at=AT))
    await given(page, TOM, Message(id="m", text="ho"))
    (there,) = re.findall(r'<li><a href="([^"]+)"', await shown(page, "/desk?only=human"))
    assert html.unescape(there) == address(ANA, "?list.only=human")
    beside = await shown(page, there)
    (open_,) = re.findall(r'<li><a href="([^"]+)"(?: class="new")? aria-current="page"', beside)
    assert open_ == there
    assert address(TOM) not in beside
    assert f'action="{address(ANA, "/orders?list.only=human")}"' in beside
    assert 'name="list.only" value="human"' in beside
    _, to = await ordered(page, ANA, query="?list.only=human", command="pause")
    assert to == there
    assert address(TOM) in await shown(page, address(ANA, "?list.q=ho"))
    status, refused = await page.get(address(ANA, "?list.only=nothing"), **HTML)
    assert status == 400
    assert "no filter" in refused


async def test_last_words_say_who_spoke(page: Page) -> None:
    """And a file says what it is."""
    picture = Media(object="x", mime="image/png", size=1)
    voice = Media(object="x", mime="audio/ogg", size=1, voice=True)
    bill = Media(object="x", mime="a/b", size=1, filename="bill.pdf")
    last_words = (
        (Message(id="m", text="", kind="image", name="Ana", media=picture), "picture"),
        (Message(id="m", text="", kind="audio", media=voice), "voice message"),
        (Message(id="m", text="", kind="document", media=bill), "bill.pdf"),
        (Message(id="m", text="", kind="sticker"), "sticker"),
        (Message(id="m", text="by phone", from_me=True), "By hand, on the phone:"),
        (reply(phone(5), "r", "good day"), "Bot:"),
        (reply(phone(6), "r", "good day", author="operator"), "By hand:"),
        (reply(phone(7), "r", "good day", author="system"), "recado:"),
    )
    for number, (event, said) in enumerate(last_words):
        await given(page, phone(number), event)
        (row,) = re.findall(rf'<li><a href="{address(phone(number))}".*?</li>', await shown(page, "/desk"), re.DOTALL)
        assert said in row
    await given(page, TOM, Message(id="t1", text="secret"), Revoke(id="v", of="t1"))
    assert "<em>deleted</em>" in await shown(page, "/desk")


async def test_the_chats_that_wait_for_the_user_are_counted(tmp_path: Path) -> None:
    """Their own and those that nobody has, of the accounts that they may see; not what a colleague has, nor what was
    put off, resolved or answered."""
    ana, bea = user("ana", role="owner"), user("bea", accounts=("shop0",))
    async with peopled(tmp_path, ana, bea) as (page, book):
        for number in range(8):
            await given(page, phone(number), Message(id="m", text="hello"))
        await given(page, phone(0), Assigned(to="bea", at=AT))
        await given(page, phone(2), Assigned(to="ana", at=AT))
        await given(page, phone(3), Resolved(state="resolved", at=AT))
        await given(page, phone(4), Resolved(state="snoozed", until=AT + timedelta(days=1), at=AT))
        await given(page, phone(5), reply(phone(5), "r", "good day", "m", author="operator"))
        for one, number in ((ana, 4), (bea, 2)):
            status, told = await page.get("/desk?part=waiting", **HTML, **cookie(page, one))
            assert (status, str(told)) == (200, str(number))
            assert f'data-waiting="{number}"' in (await page.get("/desk", **HTML, **cookie(page, one)))[1]
        await removed(page, book, "bea")
        assert str((await page.get("/desk?part=waiting", **HTML, **cookie(page, ana)))[1]) == "5"


async def test_without_users_every_chat_waits_for_the_page(page: Page) -> None:
    await given(page, ANA, Message(id="m1", text="hello"), Assigned(to="bea", at=AT))
    await given(page, TOM, Message(id="m1", text="hello"))
    assert str((await page.get("/desk?part=waiting", **HTML))[1]) == "2"
