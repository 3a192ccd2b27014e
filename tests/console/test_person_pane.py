"""The pane of a chat's person: what it shows of them, and the forms by which users share the work."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import msgspec
import pytest

from chat.spending import Price
from console.rendering import address_of
from events.decisions import Blocked, Paused, TurnStarted
from events.inbound import Media, Message, Revoke
from events.parts import Part
from events.references import Choice, Location, Product, Referral
from events.subjects import ChatKey
from events.teamwork import Assigned, Labelled, Noted, Resolved
from events.usage import TokenUsage
from events.users import User
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import given, reply
from tests.console.ordering import ordered, orders

AT = datetime.now(UTC)


async def pane(page: Page, query: str = "") -> str:
    """The pane alone, without its markup's escapes."""
    status, text = await page.get(f"{address_of(ANA)}?part=person{query}")
    assert status == 200
    return unescape(text)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


async def test_a_new_person(page: Page) -> None:
    """Nothing is shown that is not known."""
    await given(page, ANA, Message(id="a1", text="hello", name="Ana <Lima>"))
    shown = await pane(page)
    assert "Ana <Lima>" in shown
    assert "Number +12025550143" in words(shown)
    assert "Who has it Nobody" in words(shown)
    assert "1 message, 0 replies" in words(shown)
    for absent in ("order-resume", "order-retry", "order-approve", "order-reopen", "things", "chat-files"):
        assert f'id="{absent}"' not in shown
    for there in ("order-take", "order-resolve", "order-snooze", "order-label", "order-note", "order-pause"):
        assert f'id="{there}"' in shown


async def test_the_work_that_users_share(page: Page) -> None:
    await given(
        page, ANA, Message(id="a1", text="hello"), Assigned(to="bea", at=AT),
        Labelled(add=("vip", "a&b"), remove=(), at=AT),
        Noted(id="n1", text="wants <blue>", at=AT, by="carl"), Noted(id="n2", text="called", at=AT, by="bea"),
        Resolved(state="snoozed", until=AT + timedelta(days=1), at=AT),
    )  # fmt: skip
    shown = await pane(page)
    assert "Who has it bea" in words(shown)
    assert 'aria-label="Remove the label a&b"' in shown
    assert shown.index("called") < shown.index("wants <blue>"), "the newest note is the first"
    assert "carl ·" in words(shown)
    assert "Put off until" in words(shown)
    assert 'id="order-reopen"' in shown
    assert 'id="order-resolve"' not in shown
    raw = (await page.get(f"{address_of(ANA)}?part=person"))[1]
    assert "<blue>" not in raw


async def test_what_messages_told_and_the_files(page: Page) -> None:
    """Things and files lead to their messages; deleted ones are gone."""
    ad = Referral(source="ad", headline="Bread", url="https://example.org/ad", click_id="ct_9")
    await given(
        page, ANA,
        Message(id="a1", text="hi", referral=ad),
        Message(id="a2", text="this", product=Product(catalog="c", id="sku-7")),
        Message(id="a3", kind="button", choice=Choice(id="1", title="Yes please")),
        Message(id="a4", kind="location", location=Location(latitude=-23.5, longitude=-46.6, name="Shop")),
        Message(id="a5", kind="image", media=Media(object="x/1", filename="cat.png")),
        Message(id="a6", kind="image", media=Media(object="x/2", filename="gone.png")), Revoke(id="v", of="a6"),
        msgspec.structs.replace(
            reply(ANA, "r1", "here", "a1"),
            parts=(Part(kind="document", object="LIBRARY/" + "a" * 64, filename="menu.pdf"),),
        ),
    )  # fmt: skip
    shown = await pane(page)
    for there in (
        "Came from an ad Bread",
        "Asked about the product sku-7",
        "Chose Yes please",
        "Sent the place Shop, -23.5",
    ):
        assert there in words(shown)
    assert re.search(r"/media/\d+\"><bdi dir=\"auto\">cat.png", shown)
    assert re.search(r"/parts/\d+/1\"><bdi dir=\"auto\">menu.pdf", shown)
    assert "from the person" in shown
    assert "from us" in shown
    assert "gone.png" not in shown
    assert "ct_9" not in shown


async def test_turns_with_their_cost(page: Page) -> None:
    object.__setattr__(page.deps, "prices", {"gpt-6-luna": Price(input=Decimal(2), output=Decimal(8))})
    await given(
        page, ANA, Message(id="a1", text="hello"), TurnStarted(turn="t1", messages=("a1",), backend="chat", at=AT),
        msgspec.structs.replace(
            reply(ANA, "t1.r", "good day", "a1", turn="t1"), model="gpt-6-luna", usage=TokenUsage(1_000_000, 1_000),
        ),
    )  # fmt: skip
    shown = words(await pane(page))
    assert "answered gpt-6-luna · 1,000,000 tokens read, 1,000 written." in shown
    assert "At most $2.01." in shown
    assert "Answers of the model $2.01" in shown
    assert "1,001,000 tokens in all." in shown


async def test_orders_fit_the_state(page: Page) -> None:
    await given(page, ANA, Message(id="a1", text="hello"), Paused(until=None, at=AT), Blocked(at=AT))
    shown = await pane(page)
    for there in ("order-resume", "order-pause", "order-approve"):
        assert f'id="{there}"' in shown
    assert "Unblock" in shown
    assert 'id="order-block"' not in shown
    assert "Paused until it is resumed" in shown


async def test_forms_lead_back_to_the_pane(page: Page) -> None:
    """On a phone, where one pane is shown at a time; a note that is refused is kept in its form."""
    await given(page, ANA, Message(id="a1", text="hello"))
    status, to = await ordered(page, ANA, "?pane=person", command="label", add="vip")
    assert (status, to) == (303, address_of(ANA) + "?pane=person")
    assert [(one.command, one.add) for one in await orders(page, ANA)] == [("label", ("vip",))]
    status, shown = await ordered(page, ANA, "?pane=person", command="note", text="x" * 4_001)
    assert status == 400
    assert 'data-pane="person"' in shown
    assert "x" * 4_001 in shown
    assert 'id="person-told"' in shown


@pytest.mark.parametrize(
    ("role", "forms", "erases"), [("viewer", False, False), ("agent", True, False), ("owner", True, True)]
)
async def test_a_user_sees_the_forms_that_they_may_send(
    page: Page, monkeypatch: pytest.MonkeyPatch, role: str, forms: bool, erases: bool
) -> None:
    await given(page, ANA, Message(id="a1", text="hello"), Labelled(add=("vip",), remove=(), at=AT))
    monkeypatch.setattr("console.person_pane.user_of", lambda _: User("bea", role))  # type: ignore[arg-type]
    shown = await pane(page)
    assert ('/orders"' in shown, 'id="order-erase"' in shown) == (forms, erases)
    assert ("No notes" in shown) == (role == "viewer")


async def test_every_name_of_a_person(page: Page) -> None:
    """A LID and a BSUID are no phone numbers."""
    names = (ANA.chat, "12025550199@s.whatsapp.net", "8877@lid", "BR.abc@bsuid")
    object.__setattr__(page.deps, "family", lambda _account, _chat: names)
    await given(page, ANA, Message(id="a1", text="hello"))
    shown = words(await pane(page))
    assert "Number +12025550143 Number +12025550199 LID 8877 BSUID BR.abc Account local" in shown


async def test_the_other_form_of_a_number_is_told_as_one(page: Page) -> None:
    """A Brazilian number with and without the 9 is one phone; a further number is another."""
    key = ChatKey("local", "5511999990001@s.whatsapp.net")
    names = (key.chat, "551199990001@s.whatsapp.net", TOM.chat)
    object.__setattr__(page.deps, "family", lambda _account, _chat: names)
    await given(page, key, Message(id="a1", text="hello"))
    shown = words(unescape(str((await page.get(f"{address_of(key)}?part=person"))[1])))
    assert "Number +5511999990001 The same number, written otherwise +551199990001 Number +447700900123" in shown
