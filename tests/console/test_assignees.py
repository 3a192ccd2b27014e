"""Who may be given a chat, where the desk has users."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

import pytest

from console import orders
from events.inbound import Message
from events.teamwork import Assigned
from tests.console.conftest import ANA, Page
from tests.console.given import AT, HTML, address, given
from tests.console.ordering import orders as orders_of
from tests.console.people import cookie, form, peopled, put, removed, user


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No instance runs, and no test is to wait for one."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.2)


async def assign(page: Page, name: str, mine: dict[str, str], id_: str = "") -> tuple[int, str]:
    given = {"id": id_ or token_hex(8), "command": "assign", "to": name}
    return await form(page, address(ANA, "/orders"), given, **mine)


OLGA, TOM, VERA = user("olga", role="owner"), user("tom"), user("vera", role="viewer")
FAR = user("far", accounts=("other",))


@pytest.mark.parametrize("name", ["nobody", "vera", "far", "page", "to", "tom2", "tоm", "cli:tom", "tom tom"])
async def test_a_chat_goes_to_users_alone(tmp_path: Path, name: str) -> None:
    """A chat is refused to a name that is no user, may not answer or may not see it, and the refusal lists who may."""
    async with peopled(tmp_path, OLGA, TOM, VERA, FAR) as (page, _):
        await given(page, ANA, Message(id="a1", text="hello"))
        mine = cookie(page, TOM)
        status, shown = await assign(page, name, mine)
        assert (status, "There are: olga, tom. Nothing was changed." in shown) == (400, True)
        assert await orders_of(page, ANA) == []
        assert (await assign(page, " TOM ", mine))[0] == 303
        assert (await assign(page, "", mine))[0] == 303
        assert [one.to for one in await orders_of(page, ANA)] == ["tom", None]


async def test_a_user_who_is_gone_keeps_their_chats_by_name(tmp_path: Path) -> None:
    """The page says so; the chat is unassigned in the list, its counts and its search, can be given to others, and the
    form that gave it is still the same order. So is a chat of a user who may not see the account or only reads."""
    async with peopled(tmp_path, OLGA, TOM) as (page, book):
        await given(page, ANA, Message(id="a1", text="hello"))
        mine = cookie(page, OLGA)
        id_ = token_hex(8)
        assert (await assign(page, "tom", mine, id_))[0] == 303
        await given(page, ANA, Assigned(to="tom", at=AT, cause=id_))
        await page.projected()
        shown = (await page.get(address(ANA), **mine, **HTML))[1]
        assert ("<p>tom</p>" in shown, "no user who may have" in shown) == (True, False)
        await removed(page, book, "tom")
        shown = (await page.get(address(ANA), **mine, **HTML))[1]
        assert 'tom <span class="soft">no user who may have this chat' in shown
        assert (await assign(page, "tom", mine, id_))[0] == 303
        for only, there in (("mine", False), ("unassigned", True), ("", True)):
            for words in ("", "&q=1202", "&q=hello"):
                listed = (await page.get(f"/desk?only={only}{words}", **mine, **HTML))[1]
                assert (f'href="{address(ANA)}' in listed) == there, (only, words)
        assert "Unassigned <b>1</b>" in (await page.get("/desk", **mine, **HTML))[1]
        await put(page, book, user("tom", accounts=("other",)))
        assert "Unassigned <b>1</b>" in (await page.get("/desk", **mine, **HTML))[1]
        await put(page, book, user("tom", accounts=("local",)))
        assert "Unassigned <b>" not in (await page.get("/desk", **mine, **HTML))[1]
        await put(page, book, user("tom", role="viewer"))
        assert "Unassigned <b>1</b>" in (await page.get("/desk", **mine, **HTML))[1]
        assert (await assign(page, "olga", mine))[0] == 303
