"""What each user may see and do: a walk over every route, as each role, with and without the account."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from starlette.responses import Response
from starlette.routing import Mount, Route

from console.access import ROLES, RULES, RuleMissing, guard
from events.decisions import Attention
from events.inbound import Message
from events.library import Entry, object_of
from events.memory_library import MemoryLibrary
from events.memory_users import MemoryUsers
from events.parts import Part
from events.subjects import ChatKey, token
from events.users import StoredUser
from tests.console.conftest import ANA, Page
from tests.console.given import AT, given
from tests.console.people import cookie, peopled, user
from tests.console.stored import Stores
from tests.console.test_parts import reply

SHOP = ChatKey("shop", "4930901820@s.whatsapp.net")
SECRETS = ("zebra", "Zacharias", "4930901820", "shop")
"""Words of the other account: of its chats, its person, and its name."""

OWNER, AGENT, VIEWER = user("olga", role="owner"), user("adam"), user("vera", role="viewer")
LIMITED = tuple(user(f"one-{role}", role=role, accounts=(ANA.account,)) for role in ("agent", "viewer"))
NOWHERE = tuple(user(f"none-{role}", role=role, accounts=("bakery",)) for role in ("agent", "viewer"))
USERS = (OWNER, AGENT, VIEWER, *LIMITED, *NOWHERE)
ROUTES = sorted(RULES)

READ_BY_A_VIEWER = {
    "GET /",
    "GET /api/chats/{chat}/files/{seq:int}/{number:int}",
    "GET /api/chats/{chat}/history",
    "GET /api/chats/{chat}/stream",
    "GET /api/overview",
    "GET /desk",
    "GET /desk/chats/{account}/{chat}",
    "GET /desk/chats/{account}/{chat}/media/{seq:int}",
    "GET /desk/chats/{account}/{chat}/parts/{seq:int}/{number:int}",
    "GET /desk/chats/{account}/{chat}/why/{id:path}",
    "GET /desk/me",
    "GET /desk/numbers",
    "POST /desk/chats/{account}/{chat}/looking",
    "POST /desk/me",
    "POST /logout",
}
"""All that a viewer may do; a route that is added here was thought about."""


class Place(NamedTuple):
    """A chat, and the sequence of its reply with a file, at which the routes are asked."""

    key: ChatKey
    seq: int


class World(NamedTuple):
    page: Page
    book: MemoryUsers
    own: Place
    other: Place
    cookies: dict[str, dict[str, str]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Two accounts with a chat each, in which all that can be asked for is there."""
    async with peopled(tmp_path, *USERS) as (page, book):
        stores, library = Stores(), MemoryLibrary()
        object.__setattr__(page.deps, "files", stores)
        object.__setattr__(page.deps, "library", library)
        places = [await _place(page, stores, library, key) for key in (ANA, SHOP)]
        yield World(page, book, *places, {one.name: cookie(page, one) for one in USERS})


async def _place(page: Page, stores: Stores, library: MemoryLibrary, key: ChatKey) -> Place:
    word, name = ("zebra", "Zacharias") if key == SHOP else ("apple", "Ana")
    content = f"{word} file".encode()
    file = Part(kind="document", object=stores.put(content), mime="text/plain", filename=f"{word}.txt")
    await library.add(key.account, Entry(name="menu", part=file, size=len(content), at=AT, by="x"), content)
    await given(
        page,
        key,
        Message(id="m1", text=f"{word} please", name=name),
        Attention(id="t1.h", text=f"{word} is angry", by="model", at=AT),
        reply("c1.r", file, key=key),
    )
    assert object_of(content) == file.object
    return Place(key, (await page.log.head()).last)


def _address(route: str, place: Place) -> str:
    """An address of the route that is there."""
    key = place.key
    values = {
        "account": token(key.account),
        "chat": quote(key.chat, safe=""),
        "seq:int": str(place.seq),
        "number:int": "1",
        "id:path": "m1",
        "command": "block",
        "collection": "faq",
        "name": "bakery",
        "id": "1",
        "tag": "es",
    }
    path = re.sub(r"\{([^}]+)\}", lambda found: values[found[1]], route.partition(" ")[2])
    given = [f"account={quote(key.account, safe='')}"] if path.startswith("/api/") else []
    given += ["reply=c1.r"] if "/files/" in path else []
    given += ["name=menu"] if path.startswith("/desk/files") else []
    return path + ("?" + "&".join(given) if given else "")


async def ask(world: World, one: StoredUser, route: str, place: Place) -> tuple[int, str]:
    """The status and the content of the route for the user; of a stream what comes at once."""
    method, address = route.partition(" ")[0], _address(route, place)
    headers = {"Origin": world.page.address, "accept": "text/html", **world.cookies[one.name]}
    forms: dict[str, Any] = (
        {} if method == "GET" else {"data": {"id": "0123456789abcdef", "command": "pause", "minutes": "5"}}
    )
    if "/api/" in address and method == "POST":
        forms = {"json": {"id": "x", "chat": place.key.chat, "text": "hi", "replies": []}}
    async with world.page.session.request(
        method, world.page.address + address, headers=headers, allow_redirects=False, **forms
    ) as response:
        if response.content_type == "text/event-stream":
            return response.status, (await response.content.readany()).decode()
        return response.status, (await response.read()).decode("utf-8", "replace") + str(response.headers)


def _reaches(one: StoredUser, role: str) -> bool:
    return ROLES.index(one.role) <= ROLES.index(role)


@pytest.mark.parametrize("one", USERS, ids=[one.name for one in USERS])
async def test_every_route_as_every_user(world: World, one: StoredUser) -> None:
    """Of another account nothing is there, and nothing of it is told; a role below what the table says gets no
    further; and a user who may see something sees it."""
    for route in ROUTES:
        for place in (world.own, world.other):
            status, told = await ask(world, one, route, place)
            if one.accounts is not None and place is world.other:
                # The page of a 404 repeats its address, and the catalogs have the account's name as a word.
                words = SECRETS[:2] if status == 404 or "/words/" in route else SECRETS
                assert [word for word in words if word in told] == [], route
            _judge(one, route, _account_of(route, place), status)
            if route == "POST /logout":
                world.cookies[one.name] = cookie(world.page, one)


def _judge(one: StoredUser, route: str, account: str, status: int) -> None:
    """The status of the route, about the account, for the user."""
    rule = RULES[route]
    if rule.role is None:
        assert status != 404, route
    elif (rule.account is not None and not one.user.sees(account)) or not _reaches(one, rule.seen or rule.role):
        assert status == 404, (route, account, status)
    elif not _reaches(one, rule.role):
        assert status in (403, 404), (route, status)
    elif route.startswith("GET /desk/chats/") and "media" not in route and "template" not in route:
        assert status == 200, (route, status)


def _account_of(route: str, place: Place) -> str:
    """The account that the route is about: that of the phones, where its address names none."""
    return ANA.account if route in ("GET /", "GET /api/overview", "POST /api/messages") else place.key.account


def test_what_a_viewer_may_do() -> None:
    """As a list, so that no route opens by a slip."""
    assert {route for route, rule in RULES.items() if rule.role == "viewer"} == READ_BY_A_VIEWER


async def test_the_table_has_every_route_and_no_other(page: Page) -> None:
    """By method and path."""
    there = [route for route in page.app.routes if isinstance(route, Route)]
    methods = {f"{method} {route.path}" for route in there for method in (route.methods or set()) - {"HEAD"}}
    assert methods == RULES.keys()


@pytest.mark.parametrize(
    "route",
    [
        Route("/desk/secret", lambda _: Response()),
        Route("/desk", lambda _: Response(), methods=["DELETE"]),
        Route("/desk/{name}", lambda _: Response()),
        Mount("/files", Response()),
    ],
)
def test_a_route_without_a_rule_stops_the_start(route: Route | Mount) -> None:
    """Also another method of a known address, and a folder."""
    with pytest.raises(RuleMissing, match="say who may use it"):
        guard([route])


async def test_an_agent_erases_nothing(world: World) -> None:
    """By no form and no page of its own; a viewer gives no order, and a template neither."""
    for one, command, status in (
        (AGENT, "erase", 403), (LIMITED[0], "erase", 403), (VIEWER, "pause", 403), (VIEWER, "erase", 403),
        (AGENT, "pause", 303), (OWNER, "pause", 303),
    ):  # fmt: skip
        headers = {"Origin": world.page.address, "accept": "text/html", **world.cookies[one.name]}
        before = (await world.page.log.head()).last
        path = f"{world.page.address}/desk/chats/{ANA.account}/{quote(ANA.chat)}"
        form = {"id": f"{abs(hash((one.name, command))):016x}"[:16], "command": command, "confirm": ANA.chat}
        async with world.page.session.post(path + "/orders", data=form, headers=headers, allow_redirects=False) as done:
            assert done.status == status, (one.name, command, await done.text())
        stored = (await world.page.log.head()).last - before
        assert stored == (1 if status == 303 else 0)
        async with world.page.session.get(path + "/erase", headers=headers, allow_redirects=False) as page:
            assert page.status == (200 if one is OWNER else 404 if one.user.acts else 403)


async def test_orders_bear_the_users_name(world: World) -> None:
    """Whatever the form says."""
    headers = {"Origin": world.page.address, **world.cookies[AGENT.name]}
    path = f"{world.page.address}/desk/chats/{ANA.account}/{quote(ANA.chat)}/orders"
    form = {"id": "00112233445566aa", "command": "pause", "by": "olga"}
    async with world.page.session.post(path, data=form, headers=headers, allow_redirects=False) as done:
        assert done.status == 303
    last = [one async for one in world.page.log.of_chat(ANA, 100)][-1]
    assert last.event.by == "adam"  # type: ignore[union-attr]


async def test_lists_and_numbers_are_of_the_users_accounts(world: World) -> None:
    """The whole list of a limited user has one chat, the filters count one, a search for the other's words finds none,
    and neither do the numbers of the other chat."""
    limited = world.cookies[LIMITED[1].name]
    status, told = await world.page.get("/desk", accept="text/html", **limited)
    assert (status, "Ana" in told, "Zacharias" in told) == (200, True, False)
    for query in ("?q=zebra", "?q=4930901820", "?only=human&q=zebra", "?only=human", "?q=Zacharias"):
        _, told = await world.page.get(f"/desk{query}", accept="text/html", **limited)
        assert f'href="/desk/chats/{SHOP.account}' not in told, query
    for query in (f"?chat={quote(SHOP.chat)}&account=shop", f"?chat={quote(SHOP.chat)}"):
        assert (await world.page.get(f"/desk/numbers{query}", accept="text/html", **limited))[0] == 404, query
        assert (await world.page.get(f"/desk/numbers{query}", accept="text/html", **world.cookies["vera"]))[0] == 200


async def test_news_of_the_phones_are_for_those_who_see_them(world: World) -> None:
    """A user of the shop follows a chat there, and hears nothing of the phones' account."""
    one = user("only-shop", accounts=(SHOP.account,))
    await world.book.write(one, expected=(await world.book.look()).seq)
    headers = cookie(world.page, one)
    async with world.page.stream(f"/api/chats/{quote(SHOP.chat)}/stream?account=shop", **headers) as stream:
        await stream.next("status")
        await given(world.page, ANA, Message(id="m2", text="apple secret"))
        await given(world.page, SHOP, Message(id="m3", text="zebra again"))
        while True:
            name, data, _ = await stream.next()
            assert name != "news"
            if name == "event" and data["payload"].get("id") == "m3":
                break


@pytest.mark.parametrize(
    "path",
    [
        *("/desk/chats/sho=70/{chat}", "/desk/chats/shop/../shop/{chat}", "/desk/chats/shop%2F/{chat}"),
        *("/desk//chats/shop/{chat}", "/desk/chats/%73hop/{chat}", "/desk/chats/local%2F..%2Fshop/{chat}"),
        *("/desk/chats/=73hop/{chat}", "/DESK/chats/shop/{chat}", "/desk/chats/shop/{chat}?account=local"),
        *("/api/chats/{chat}/history?account=local&account=shop", "/api/chats/{chat}/history?account=shop&account="),
        *("/api/chats/{chat}/history?account=shop%00", "/api/chats/{chat}/history?account=%73hop"),
    ],
)
async def test_other_ways_to_write_an_account(world: World, path: str) -> None:
    """No spelling of an address leads to the other account."""
    from yarl import URL

    url = URL(world.page.address + path.format(chat=quote(SHOP.chat)), encoded=True)
    headers = {"accept": "text/html", **world.cookies[LIMITED[0].name]}
    async with world.page.session.get(url, headers=headers, allow_redirects=False) as response:
        assert response.status in (200, 303, 404)
        text = await response.text() if response.status == 200 else ""
        assert "zebra" not in text
        assert "Zacharias" not in text
