"""Users at two instances: what is changed on one holds on the other, and so does the work that they share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from events.inbound import Control
from events.jetstream.connection import Bus
from events.jetstream.users import JetStreamUsers
from events.subjects import ChatKey
from events.teamwork import Noted
from events.users import StoredUser
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.nats_proxy import Frame
from tests.console.people import WORD, user
from tests.waiting import until

NEW_WORD = "another-long-word-2"
ENDED = (EOFError, aiohttp.ClientError, OSError, asyncio.IncompleteReadError)


class Browser:
    """A browser at the page of one instance."""

    def __init__(self, session: aiohttp.ClientSession, page: str, key: ChatKey) -> None:
        self.session = session
        self.page = page
        self.key = key
        self._headers = {"Origin": page, "accept": "text/html"}

    @property
    def chat(self) -> str:
        return f"/desk/chats/{self.key.account}/{quote(self.key.chat)}"

    @property
    def stream(self) -> str:
        return f"{self.page}/api/chats/{quote(self.key.chat)}/stream?account={self.key.account}"

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.page + path, headers=self._headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, **form: str) -> tuple[int, str]:
        """The status, and where it leads or what it says."""
        async with self.session.post(
            self.page + path, data=form, headers=self._headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("location") or await answer.text()

    async def logs_in(self, name: str, word: str = WORD) -> int:
        return (await self.post("/login", name=name, password=word))[0]

    async def order(self, command: str, id_: str = "", **form: str) -> int:
        return (await self.post(f"{self.chat}/orders", id=id_ or token_hex(8), command=command, **form))[0]

    async def orders(self, command: str, id_: str, **form: str) -> None:
        """`order`, until it is stored: the same form again is the same order."""

        async def stored() -> bool:
            return await self.order(command, id_, **form) == 303

        await until(stored)

    async def shows(self, path: str, *words: str) -> None:
        """Return once the page has these words."""

        async def has_them() -> bool:
            status, text = await self.get(path)
            return status == 200 and all(word in text for word in words)

        await until(has_them)

    async def is_out(self) -> None:
        """Return once the browser is logged in no more."""

        async def out() -> bool:
            return (await self.get("/desk/numbers"))[0] in (303, 401)

        await until(out)


class People:
    """Browsers, and the bucket of users as a program at the bus writes it."""

    def __init__(self, those: Fleet, book: JetStreamUsers, key: ChatKey, stack: AsyncExitStack) -> None:
        self._those = those
        self._book = book
        self._key = key
        self._stack = stack

    async def browser(self, instance: str, name: str = "") -> Browser:
        """A new browser at the instance, in which this user is logged in."""
        jar = aiohttp.CookieJar(unsafe=True)  # of an address without a name too
        session = await self._stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        made = Browser(session, (await self._those[instance].said("started"))["page"], self._key)
        if name:

            async def logged_in() -> bool:
                return await made.logs_in(name) == 303

            await until(logged_in)
        return made

    async def put(self, one: StoredUser) -> None:
        await self._book.write(one, expected=(await self._book.look()).seq)

    async def remove(self, name: str) -> None:
        await self._book.remove(name, "test", expected=(await self._book.look()).seq)


@asynccontextmanager
async def people(those: Fleet, key: ChatKey, *users: StoredUser) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        bus = await Bus.open(those.url)
        stack.push_async_callback(bus.close)
        book = await stack.enter_async_context(_closing(await JetStreamUsers.open(bus)))
        made = People(those, book, key, stack)
        for one in users:
            await made.put(one)
        yield made


@asynccontextmanager
async def _closing(book: JetStreamUsers) -> AsyncIterator[JetStreamUsers]:
    try:
        yield book
    finally:
        await book.close()


@asynccontextmanager
async def listening(browser: Browser) -> AsyncIterator[asyncio.Task[None]]:
    """An open event stream of the chat; the task ends with it."""
    async with browser.session.get(browser.stream) as answer:
        assert answer.status == 200, await answer.text()
        await answer.content.readuntil(b"\n\n")

        async def to_the_end() -> None:
            try:
                async for _ in answer.content:
                    pass
            except ENDED:
                pass

        task = asyncio.create_task(to_the_end())
        try:
            yield task
        finally:
            task.cancel()


async def ended(task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(60):
        await task


@pytest.mark.slow("two instances, and users who log in at both")
async def test_a_user_changed_at_one_instance_is_changed_at_the_other(tmp_path: Path) -> None:
    """Made, given another password, another role and other accounts, and removed: sessions and open streams of the
    other instance end or have the new rights. A session belongs to the instance at which it began."""
    async with fleet(tmp_path, "a", "b") as those:
        await those.started("a", "b")
        key = await those.chat_of("a")
        await those.answered(key, "m1")
        (those["a"].data.parent / "word").write_text(WORD)
        added = await those["a"].run("user", "add", "olga", "--password-file", "word")
        assert added.code == 0, added
        async with people(those, key, user("tom"), user("bia"), user("eva")) as desk:
            olga, tom, bia, eva = [await desk.browser("b", name) for name in ("olga", "tom", "bia", "eva")]
            await bia.shows(bia.chat, "hello")

            at_a = await desk.browser("a")
            await at_a.is_out()  # the page of either asks for a name
            at_a.session.cookie_jar.update_cookies(
                {one.key: one.value for one in bia.session.cookie_jar}, URL(at_a.page)
            )
            assert (await at_a.get("/desk/numbers"))[0] == 303

            async with listening(tom) as stream:
                mine = await desk.browser("a", "tom")
                changed = {"do": "password", "now": WORD, "password": NEW_WORD, "again": NEW_WORD}
                assert await mine.post("/desk/me", **changed) == (303, "/desk/me?said=password")
                assert (await mine.get("/desk/me"))[0] == 200
                await ended(stream)
            await tom.is_out()
            assert (await tom.logs_in("tom"), await tom.logs_in("tom", NEW_WORD)) == (403, 303)

            async with listening(bia) as stream:
                assert await bia.order("note", text="as an agent") == 303
                await desk.put(user("bia", role="viewer"))
                await ended(stream)
            assert (await bia.get(bia.chat))[0] == 200
            assert await bia.order("note", text="as a viewer") == 403
            async with listening(bia) as stream:
                await desk.put(user("bia", role="viewer", accounts=("other",)))
                await ended(stream)
            assert (await bia.get(bia.chat))[0] == 404
            async with bia.session.get(bia.stream) as answer:
                assert answer.status == 404

            async with listening(eva) as stream:
                gone = await those["a"].run("user", "remove", "eva")
                assert gone.code == 0, gone
                await ended(stream)
            await eva.is_out()
            assert await eva.logs_in("eva") == 403
            assert (await olga.get("/desk/settings"))[0] == 200
        noted = [one.event.text for one in those.log.events if isinstance(one.event, Noted)]
        assert noted == ["as an agent"]


def is_order(frame: Frame) -> bool:
    """Whether a publish is an order about a chat."""
    return frame.subject.startswith("wa.control.")


def decided_on(those: Fleet, id_: str) -> list[Noted]:
    """The decisions on the order."""
    return [one.event for one in those.log.events if isinstance(one.event, Noted) and one.event.cause == id_]


async def interrupted(those: Fleet, olga: Browser, tom: Browser) -> tuple[str, str]:
    """Olga's orders through `a`, of which one never reaches the bus, and the other is stored as `a` dies; each is given
    again by Tom through `b`. Their ids."""
    (wire,) = those.wire
    wire.hold_before(is_order)
    unsent = asyncio.create_task(olga.order("note", first := token_hex(8), text="never arrived"))
    await wire.holds()
    wire.pass_all()
    wire.cut()
    assert await unsent == 503
    await tom.orders("note", first, text="never arrived")

    wire.hold_after(is_order)
    lost = asyncio.create_task(olga.order("note", second := token_hex(8), text="arrived as it died"))
    await wire.holds()
    those["a"].kill()
    assert isinstance((await asyncio.gather(lost, return_exceptions=True))[0], ENDED)
    await tom.orders("note", second, text="arrived as it died")
    await those.spread("b")
    return first, second


@pytest.mark.slow("two instances, of which one dies and comes back, and a bus that goes away")
async def test_users_share_the_work_over_two_instances(tmp_path: Path) -> None:
    """Who has the chat, labels, notes, seen marks and who has it open are the same at both pages. An instance that dies
    while a user writes an order through it, and a bus that is away, leave an order that is obeyed once: the same form
    at the other is the same order."""
    async with fleet(tmp_path, "a", "b", wired="a") as those:
        await those.started("a", "b")
        key = await those.chat_of("b")
        await those.answered(key, "m1")
        async with people(those, key, user("olga", role="owner"), user("tom")) as desk:
            olga, tom = await desk.browser("a", "olga"), await desk.browser("b", "tom")
            await tom.shows("/desk", 'class="unread"')
            await olga.shows(olga.chat, "hello")

            async def is_seen() -> bool:
                return 'class="unread"' not in (await tom.get("/desk"))[1]

            await until(is_seen)
            assert (await olga.post(f"{olga.chat}/looking", writing="1"))[0] == 204
            async with tom.session.get(tom.stream) as stream, asyncio.timeout(60):
                while b'"writing":["olga"]' not in await stream.content.readuntil(b"\n\n"):
                    pass

            assert await olga.order("assign", to="tom") == 303
            assert await olga.order("label", add="VIP") == 303
            assert await olga.order("note", text="pays on Friday") == 303
            await tom.shows(tom.chat, "<p>tom</p>", '<bdi dir="auto">VIP</bdi>', "pays on Friday")
            await tom.shows("/desk?only=mine", key.chat.partition("@")[0])

            first, second = await interrupted(those, olga, tom)
            await tom.shows(tom.chat, "never arrived", "arrived as it died")

            those.servers[0].kill()
            third = token_hex(8)
            status, shown = await tom.post(f"{tom.chat}/orders", id=third, command="note", text="while it was away")
            assert status == 503
            assert f'value="{third}"' in shown
            assert "while it was away" in shown
            await tom.shows("/desk", "recado answers, but its bus does not")
            await tom.shows(tom.chat, "pays on Friday")
            those.servers[0].start()
            await tom.orders("note", third, text="while it was away")
            await tom.shows(tom.chat, "while it was away")
            given = (first, second, third)
            await those.log.until(lambda: all(decided_on(those, one) for one in given), "every order is obeyed")
            assert [len(decided_on(those, one)) for one in given] == [1, 1, 1]
        orders = [one.event.id for one in those.log.events if isinstance(one.event, Control)]
        assert len(set(orders)) == len(orders)
