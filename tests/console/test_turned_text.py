"""A stranger's names and words turn nothing around on the desk, and a name that nobody can see is none."""

from __future__ import annotations

import re
from html import unescape

import pytest
from msgspec.structs import replace

from events.decisions import Attention, MediaRead, TurnStarted
from events.inbound import Edit, Media, Message
from events.parts import Option, Part
from events.references import Choice, Location, Referral
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import AT, HTML, address, given, reply

TURN = "\u202e"
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
LINK = re.compile(r'(?:href|data-refresh)="(/desk[^"#]*)')


async def shown(page: Page, path: str) -> str:
    return str((await page.get(path, **HTML))[1])


@pytest.mark.slow("reads the pages of two chats, and every page to which they lead")
async def test_no_page_is_turned_around(page: Page) -> None:
    """The sign is in all that a person can send, and on no page to which the desk leads."""
    await given(
        page,
        ANA,
        Message(id="a1", text=f"https://evil.example/{TURN} moc.elgoog\nnext *line*{TURN}", name=f"Ana {TURN}oluaP"),
        Message(id="a2", kind="document", text=f"see {TURN}", media=Media(object="x", filename=f"bill{TURN}fdp.exe")),
        Edit(id="e1", of="a1", text=f"{TURN}edited"),
        Message(id="a3", text="yes", choice=Choice(id="c1", title=f"{TURN}one"), forwarded=1, quoted="a1"),
        Message(id="a4", kind="location", text=None, location=Location(latitude=1, name=f"{TURN}here", address=TURN)),
        Message(
            id="a5", text=TURN, referral=Referral(source="ad", headline=f"{TURN}new", url="https://a.example"),
            answers={f"{TURN}question": f"{TURN}answer"},
        ),
        TurnStarted(turn="t1", messages=("a2",), backend="chat", at=AT),
        MediaRead(turn="t1", message="a2", form="text", text=f"{TURN}read", at=AT),
        Attention(id="a5.h", text=f"wants {TURN}this", by="model", at=AT, messages=("a5",)),
        reply(ANA, "t1.r", f"good {TURN}day", "a1", turn="t1"),
    )  # fmt: skip
    parts = (
        Part(kind="contact", name=f"{TURN}Eva", phones=(f"{TURN}1",)),
        Part(kind="document", object="MEDIA/x", filename=f"{TURN}a.pdf", caption=f"{TURN}b"),
        Part(kind="choices", text=f"{TURN}which?", choices=(Option(id="c1", title=f"{TURN}one", description=TURN),)),
        Part(kind="link", url="https://a.example", text=f"{TURN}look", title=f"{TURN}here"),
    )
    for number, part in enumerate(parts):
        said = reply(TOM, f"p{number}.r", "words", author="operator")
        await given(page, TOM, replace(said, parts=(part,)))
    waiting, seen = ["/desk", "/desk?q=edited", "/desk?q=ana"], set[str]()
    while waiting and len(seen) < 200:
        path = waiting.pop()
        if path in seen or "/media/" in path or "/parts/" in path:
            continue
        seen.add(path)
        text = await shown(page, path)
        turned = TURNING.search(unescape(text))
        assert turned is None, (path, text[max(0, turned.start() - 200) : turned.start() + 50])
        waiting += map(unescape, LINK.findall(text))
    assert len(seen) > 20


async def test_a_file_is_named_as_it_ends(page: Page) -> None:
    """In the conversation and among the person's files; the model's words stay as they came in the log."""
    media = Media(object="x", filename="fatura\u202efdp.exe", mime="application/pdf")
    await given(page, ANA, Message(id="a1", kind="document", media=media))
    text = await shown(page, address(ANA))
    assert text.count("faturafdp.exe") == 3  # conversation, list and person


@pytest.mark.parametrize("name", [" ", "\u200e", "\u3164", "\u2800", "\u200b\u200d", "\n"])
async def test_a_name_that_nobody_sees_is_none(page: Page, name: str) -> None:
    """The number stands in list, head, title, person, and before a message of a group."""
    await given(page, ANA, Message(id="a1", text="hello", name=name))
    text = await shown(page, address(ANA))
    number = "+12025550143"
    assert f"<title>{number} –" in text
    assert f'<bdi dir="auto" title="{number}">{number}</bdi>' in text.partition('id="conversation"')[0]
    assert f">{number}</bdi></h1>" in text.partition('id="conversation"')[2]
    assert f'data-who="{number}"' in text


async def test_news_and_the_page_of_the_phones_have_the_shown_name(page: Page) -> None:
    await given(page, ANA, Message(id="a1", text="hello", name=f"Ana {TURN}\n"), Message(id="a2", text="x", name=" "))
    history = (await page.get(f"/api/chats/{ANA.chat}/history"))[1]
    assert [one.get("name") for one in history["entries"]] == ["Ana", None]
    (line,) = (await page.get("/api/overview"))[1]["chats"][:1]
    assert line["name"] != " "
