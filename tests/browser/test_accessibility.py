"""axe finds nothing on any view, light and dark, wide and narrow, and nothing is wider than the window.

A new view is one line in VIEWS.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page as Window
from playwright.async_api import async_playwright

from actors.leases.roster import InstanceView
from chat.parts import reading
from console import desk, orders
from console.deps import SettingLine
from events.admission import Approved, Blocked
from events.decisions import Attention, Ignored, Paused, Reply, TurnError, TurnFailed, TurnStarted
from events.inbound import Edit, Message, Receipt, Revoke
from events.knowledge import Pair
from events.library import Entry
from events.memory_library import MemoryLibrary
from events.memory_profiles import MemoryProfileLog
from events.parts import Part
from events.profile import Profile
from events.references import Choice
from events.subjects import ChatKey
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.test_parts import BREADS, OTHERS, PICTURE, PLACE, PRICES, RYE, TIMES, Kept
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import address, given
from tests.console.profiled import Trying
from tests.console.shelf import Shelf
from tests.console.test_template import Told

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
PASSWORD = "correct-horse-battery"
GROUP = ChatKey("shop", "120363041234567890@g.us")
NOBODY = ChatKey("local", "61491570156@s.whatsapp.net")
MEI = ChatKey("local", "33639980017@s.whatsapp.net")
LONG = "a" * 300
SOUNDS = (
    Part(kind="audio", object=PICTURE, mime="audio/ogg", voice=True),
    Part(kind="video", object=PICTURE, mime="video/mp4", caption=LONG),
    Part(kind="sticker", object=PICTURE, mime="image/webp"),
    Part(kind="document", url=f"https://{LONG[:60]}.example/{LONG}", filename=LONG),
    Part(kind="contact", name=LONG, phones=(LONG,)),
)

EVERY_RULE = {"resultTypes": ["violations"]}
OF_COLOURS = EVERY_RULE | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
NARROWEST = 320
PHONE, WIDE = (390, 844), (1440, 900)
LOOKS = ((PHONE, "light", EVERY_RULE), (WIDE, "light", EVERY_RULE), (WIDE, "dark", OF_COLOURS))
"""What axe looks at. The dark has other colours alone; the wide window shows all panes of a phone at once, but not the
links between them, which are seen in the light alone."""


def reply(key: ChatKey, id_: str, text: str, *to: str, author: Any = "assistant", turn: str | None = None) -> Reply:
    return Reply(
        id=id_, turn=turn, chat=key.chat, account=key.account, text=text, in_reply_to=to, author=author, at=AT,
        model="gpt-6-luna",
    )  # fmt: skip


def parted(id_: str, *said: Part, **more: Any) -> Reply:
    text = reading(said)
    return Reply(
        id=id_, turn=None, chat=MEI.chat, account=MEI.account, text=text, in_reply_to=(), author="assistant", at=AT,
        parts=said, **more,
    )  # fmt: skip


async def fill(page: Page) -> None:
    """Every kind of line and state is somewhere: Ana has said it all and is failed, Tom is paused, the group waits for
    a human, and somebody is blocked."""
    await given(
        page, ANA,
        Message(id="a1", text="Hello, do you deliver?", name="Ana Lima"),
        Edit(id="e1", of="a1", text="Do you deliver?"),
        Message(id="a2", text="oops"), Revoke(id="v1", of="a2"), Message(id="a3", text=""),
        Ignored(messages=("a3",), reason="empty", at=AT), Message(id="a4", kind="image", text="مرحبا " + LONG),
        TurnStarted(turn="t1", messages=("a1", "a4"), backend="chat", at=AT),
        reply(ANA, "t1.r", f"Yes!\n{LONG}", "a1", "a4", turn="t1"), Receipt(id="r1", reply="t1.r", state="read"),
        reply(ANA, "c1.r", "It is Ana of the shop", author="operator"), Receipt(id="r2", reply="c1.r", state="failed"),
        Message(id="a5", text="and on Sundays?", from_me=True), Message(id="a6", text="hm?"),
        TurnStarted(turn="t2", messages=("a6",), backend="chat", at=AT),
        TurnFailed(turn="t2", messages=("a6",), error=TurnError(class_="timeout", detail="late"), told=True, at=AT),
        reply(ANA, "t2.a", "Sorry, something went wrong", author="system"), Message(id="a7", text="<b>bold</b>"),
    )  # fmt: skip
    await given(page, ANA, *(Message(id=f"old{n}", text=f"number {n}") for n in range(12)))
    await given(page, ANA, Message(id="b1", text="poison"), Ignored(messages=("b1",), reason="broken", at=AT))
    await given(page, TOM, Message(id="t1", text="a cake", name="Tom " + LONG), Paused(until=None, at=AT))
    await given(page, TOM, Approved(at=AT))
    await given(page, GROUP, Message(id="g1", text="I want a refund", sender=ANA.chat, name="Ana Lima"))
    await given(page, GROUP, Attention(id="g1.h", text="Wants a refund", by="model", at=AT, messages=("g1",)))
    await given(
        page, MEI, Message(id="p1", text="what is there?"), parted("p1.r", RYE, PRICES, PLACE, *OTHERS, quote="p1"),
        parted("p2.r", Part(kind="reaction", to="p1", emoji="👍")),
        parted("p3.r", Part(kind="choices", text="Which?", choices=BREADS)),
        Message(id="wamid.p2", kind="button", text="Small", choice=Choice(id="s", title="Small"), quoted="p3.r"),
        parted("p4.r", Part(kind="choices", text="When?", choices=TIMES)), parted("p5.r", *SOUNDS),
    )  # fmt: skip
    await given(page, NOBODY, Message(id="n1", text="let me in"), Blocked(at=AT))


async def roster(_chats: object) -> list[InstanceView]:
    return [
        InstanceView(
            instance=f"blue-{state}", incarnation="x", state=state, partitions=(1, 2), version="0.1.0", chats=7
        )  # type: ignore[arg-type]
        for state in ("member", "leaving", "gone")
    ]


class Seen:
    """A window on a page that has everything, and on a locked one."""

    def __init__(self, page: Page, locked: Page, window: Window) -> None:
        self.page = page
        self.locked = locked
        self.window = window

    async def open(self, path: str, *, locked: bool = False) -> None:
        await self.window.goto((self.locked if locked else self.page).address + path)


async def paused_now(seen: Seen) -> None:
    """The chat with the outcome of an order."""
    await seen.open(address(NOBODY))
    await seen.window.get_by_role("button", name="Pause", exact=True).click()
    await seen.window.locator("#told .told").wait_for()


async def keys_shown(seen: Seen) -> None:
    await seen.open(address(TOM))
    await seen.window.keyboard.press("?")
    await seen.window.get_by_role("dialog").wait_for()


async def refused(seen: Seen) -> None:
    """The chat with an order that was not taken."""
    await seen.open(address(ANA))
    await seen.window.fill("#text", "my words")
    await seen.window.evaluate("document.querySelector('#write [name=id]').value = 'x'")
    await seen.window.press("#text", "Enter")
    await seen.window.locator("#wrong-text[role=alert]").wait_for()


async def not_erased(seen: Seen) -> None:
    await seen.open(address(ANA, "/erase"))
    await seen.window.fill("#confirm", "yes")
    await seen.window.get_by_role("button", name="Erase").click()
    await seen.window.get_by_role("alert").wait_for()


async def wrong_password(seen: Seen) -> None:
    await seen.open("/login", locked=True)
    await seen.window.fill("#password", "open sesame")
    await seen.window.keyboard.press("Enter")
    await seen.window.get_by_role("alert").wait_for()


async def locked_list(seen: Seen) -> None:
    await seen.open("/login", locked=True)
    await seen.window.fill("#password", PASSWORD)
    await seen.window.keyboard.press("Enter")
    await seen.window.get_by_role("button", name="Log out").wait_for()


def phones(tab: str) -> Callable[[Seen], Awaitable[None]]:
    async def opened(seen: Seen) -> None:
        await seen.open(f"/#{ANA.chat}")
        await seen.window.locator(".line").first.wait_for()
        await seen.window.locator(".turn summary").first.wait_for(state="attached")
        await seen.window.evaluate("(tab) => document.querySelector(`.tabs [data-shows=${tab}]`).click()", tab)
        await seen.window.evaluate("document.querySelector('.turn summary').click()")

    return opened


async def phone_with_parts(seen: Seen) -> None:
    await seen.window.goto("about:blank")  # another hash alone opens no other chat
    await seen.open(f"/#{MEI.chat}")
    await seen.window.locator("summary.choice").wait_for()


async def composing(seen: Seen) -> None:
    """The chat with parts, a quote in its form, and all fields open."""
    await seen.open(address(MEI, "?quote=p1"))
    for name in ("Choices", "Library", "Place"):
        await seen.window.locator(".more summary", has_text=name).click()


async def unfit_template(seen: Seen) -> None:
    await seen.open(address(MEI, "/template?ref=order_ready:pt_BR"))
    await seen.window.get_by_role("button", name="Send the template").click()
    await seen.window.get_by_role("alert").wait_for()


async def refused_profile(seen: Seen) -> None:
    await seen.open("/desk/profiles/bakery")
    await seen.window.fill("[name='s.takeover']", "soon")
    await seen.window.click("button[value=save]")


async def tried(seen: Seen) -> None:
    assert isinstance(seen.page.deps.profiles, Trying)
    seen.page.deps.profiles.go_on.set()
    await seen.open("/desk/profiles/bakery")
    await seen.window.get_by_role("link", name="Leave it").click()  # the refused draft of another view
    await seen.window.wait_for_function("document.querySelector('#i-takeover').value === ''")
    await seen.window.click("button[value=try]")
    await seen.window.wait_for_selector(".compared")


def versions() -> list[Profile]:
    lists: dict[str, Any] = {"accounts": ("shop", LONG[:128]), "groups": (GROUP.chat,)}
    first = Profile(name="bakery", n=1, at=AT, by="ana", settings={"ai_system_prompt": LONG}, **lists)
    hours = {"hours": "Mon-Fri 09:00-12:00; Mon-Fri 13:00-18:00", "stop_words": ""}
    second = Profile(name="bakery", n=2, at=AT, by="page", settings={"openai_model": LONG, **hours}, **lists)
    return [first, second, Profile(name="vip", n=1, at=AT, chats=(ANA.chat,))]


async def library() -> MemoryLibrary:
    made = MemoryLibrary()
    place = Part(kind="location", latitude=-23.5, longitude=-46.6, name="Shop", address=LONG)
    await made.add("local", Entry(name=LONG[:80], part=PRICES, size=1_200_000, at=AT, by="page"))
    await made.add("local", Entry(name="The way to us", part=place, at=AT))
    return made


async def found_in_documents(seen: Seen) -> None:
    """A collection with what a search finds. A document and a pair are made of the same."""
    await seen.open("/desk/documents/shop?q=bread")
    await seen.window.locator(".passages li").first.wait_for()


VIEWS: dict[str, str | Callable[[Seen], Awaitable[None]]] = {
    "phones": phones("chat"),
    "phones: parts": phone_with_parts,
    "phones: list": phones("people"),
    "phones: events": phones("events"),
    "list": "/desk",
    "search": "/desk?q=number",
    "search by name": "/desk?q=Tom",
    "nothing found": "/desk?q=zebra",
    "chat": address(ANA),
    "chat: earlier": address(ANA, "?before=8"),
    "chat: composing": composing,
    "template: refused": unfit_template,
    "files": "/desk/files/local",
    "documents: found": found_in_documents,
    "chat: the list in front": address(ANA, "?pane=list&list.only=human"),
    "chat: the person in front": address(ANA, "?pane=person"),
    "chat: the keys": keys_shown,
    "chat: paused": address(TOM),
    "chat: group": address(GROUP),
    "chat: blocked": address(NOBODY),
    "chat: outcome": paused_now,
    "chat: refused": refused,
    "block": address(ANA, "/block"),
    "new conversation": address(ANA, "/reset"),
    "erase": address(ANA, "/erase"),
    "not erased": not_erased,
    "story": address(ANA, "/why/a1"),
    "story: unknown": address(ANA, "/why/nothing"),
    "numbers": "/desk/numbers?days=7",
    "numbers of a chat": f"/desk/numbers?account=local&chat={ANA.chat}",
    "instances": "/desk/instances",
    "profiles": "/desk/profiles",
    "profile": "/desk/profiles/bakery",
    "profile: an earlier version": "/desk/profiles/bakery?version=1",
    "profile: refused": refused_profile,
    "trial": tried,
    "settings": "/desk/settings",
    "unknown address": "/desk/nothing",
    "unknown chat": address(ChatKey("local", "447700900999@s.whatsapp.net")),
    "login": "/login",
    "wrong password": wrong_password,
    "logged in, nothing yet": locked_list,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seen(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seen]:
    folders = tmp_path_factory.mktemp("open"), tmp_path_factory.mktemp("locked")
    profiles = MemoryProfileLog()
    await profiles.write(versions(), expected=0)
    async with (
        serve(folders[0], profiles=lambda page: Trying(profiles, page.log)) as page,
        serve(folders[1], password=PASSWORD) as locked,
    ):
        await fill(page)
        object.__setattr__(page.deps, "library", await library())
        shelf = Shelf(page)
        await shelf.pairs(Pair("Is there bread?", LONG), Pair(LONG[:900], "Yes"))
        await shelf.put("long.md", f"# Bread {LONG}\n\n" + f"bread {LONG}\n\n" * 60)
        await shelf.put(f"gone {LONG[:150]}.md", object=f"LIBRARY/{'cd' * 32}")
        await shelf.indexing.catch_up()
        object.__setattr__(page.deps, "templates", Told())
        object.__setattr__(page.deps, "files", Kept(b"no picture"))
        object.__setattr__(page.deps, "roster", roster)
        line = SettingLine("OPENAI_API_KEY", "set", chosen=True, meaning="The key.")
        object.__setattr__(
            page.deps, "settings", (line, SettingLine("RECADO_TOOLS", LONG, chosen=False, meaning="Tools."))
        )
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
            context = await chromium.new_context(locale="en-GB", reduced_motion="reduce")
            yield Seen(page, locked, await context.new_page())
            await chromium.close()


@pytest.mark.parametrize("view", VIEWS)
async def test_axe_finds_nothing(seen: Seen, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    """Rules and best practices alike."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0)
    monkeypatch.setattr(desk, "SHOWN", 24)  # axe takes its time for each line
    window, show = seen.window, VIEWS[view]
    await window.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    await (seen.open(show) if isinstance(show, str) else show(seen))
    await window.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    await window.evaluate(Axe().axe_script)
    found = []
    for width in (NARROWEST, PHONE[0], WIDE[0]):
        await window.set_viewport_size({"width": width, "height": 568})
        wide = await window.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{view} is to be scrolled sideways at {width} pixels"
    for (width, height), scheme, rules in LOOKS:
        await window.set_viewport_size({"width": width, "height": height})
        await window.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        violations = await window.evaluate("async (rules) => (await axe.run(rules)).violations", rules)
        found += [f"{width} {scheme} {told(one)}" for one in violations]
    assert not found, "\n".join(found)


def told(violation: dict[str, Any]) -> str:
    nodes = [
        " ".join(map(str, node["target"])) + " " + node["failureSummary"].split("\n")[-1] for node in violation["nodes"]
    ]
    return f"{violation['id']}: {violation['help']}: {nodes[:3]} ({len(nodes)})"
