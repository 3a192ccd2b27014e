"""A template from the desk over real HTTP: found, filled in, previewed, checked, ordered once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from msgspec.structs import replace

from console import orders
from console.languages import LANGUAGES, Language, Translate
from console.wording import TEMPLATE_STATES, template_state
from events.inbound import Message
from events.library import Entry, object_of
from events.log import LogUnavailable
from events.memory_library import MemoryLibrary
from events.parts import ButtonValue, Parameters, Part
from gateways.templates.known import Known, TemplatesUnread
from gateways.templates.template import APPROVED, Button, Template
from tests.console.conftest import TOM, Page, serve
from tests.console.given import AT, HTML, address
from tests.console.given import given as happened
from tests.console.ordering import Refusing
from tests.console.ordering import orders as orders_of

READY = Template(
    name="order_ready", language="pt_BR", status=APPROVED, category="UTILITY", quality="GREEN", header="document",
    body="Hello {{1}}, your {{2}} is ready.", footer="The <bakery>",
    buttons=(Button("url", "Follow it", "https://a.example/{{1}}"), Button("quick_reply", "Thanks")),
)  # fmt: skip
PLAIN = Template(name="hello", language="en", status=APPROVED, body="Hello!")
REJECTED = Template(name="spam", language="en", status="REJECTED", body="Buy {{1}}")
PDF = b"%PDF-1.7\n%%EOF"
PRICES = Part(kind="document", object=object_of(PDF), filename="prices.pdf")


class Told:
    """The templates of the account `local`."""

    def __init__(self) -> None:
        self.known_ = Known((READY, PLAIN, REJECTED), AT)
        self.asked = 0
        self.fault: TemplatesUnread | None = None

    async def known(self, account: str) -> Known:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        if account != "local":
            raise TemplatesUnread(f"{account} has no gateway")
        return self.known_


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.1)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def page(tmp_path: Path, told: Told) -> AsyncIterator[Page]:
    library = MemoryLibrary()
    await library.add("local", Entry(name="Price list", part=PRICES, size=len(PDF), at=AT), PDF)
    await library.add("local", Entry(name="Shop", part=Part(kind="location", latitude=1, longitude=1), at=AT))
    async with serve(tmp_path, Refusing()) as served:
        object.__setattr__(served.deps, "templates", told)
        object.__setattr__(served.deps, "library", library)
        await happened(served, TOM, Message(id="wamid.1", text="hello", at=AT - timedelta(hours=25)))
        yield served


async def got(page: Page, query: str = "") -> tuple[int, str]:
    return await page.get(address(TOM, f"/template{query}"), **HTML)


async def posted(page: Page, ref: str, do: str = "send", id_: str = "", **values: str) -> tuple[int, str]:
    form = {"id": id_ or token_hex(8), "ref": ref, "do": do}
    form |= {name if name == "file" else f"value {name.replace('_', ':')}": value for name, value in values.items()}
    async with page.session.post(
        page.address + address(TOM, "/template"),
        data=form,
        headers={"Origin": page.address, **HTML},
        allow_redirects=False,
    ) as response:
        return response.status, response.headers.get("location") or await response.text()


WHOLE = {"file": "Price list", "body_1": "Tom", "body_2": "<b>cake</b>", "button_0": "42"}


async def test_those_that_there_are(page: Page, told: Told) -> None:
    """By name and words, with the reason where one cannot be sent; Meta is not asked for each page."""
    status, shown = await got(page)
    assert status == 200
    assert "so only a template can be sent" in shown
    assert "?ref=order_ready%3Apt_BR" in shown or "?ref=order_ready:pt_BR" in shown
    assert "ref=spam" not in shown
    assert "Meta has refused it" in shown
    found = (await got(page, "?q=READY"))[1]
    assert ("order_ready" in found, ">hello<" in found) == (True, False)
    assert "No template has this in it" in (await got(page, "?q=%3Cb%3E"))[1]
    assert told.asked == 1


@pytest.mark.parametrize(
    ("language", "state"), [("en", "approved by Meta"), ("pt-BR", "aprovado pela Meta"), ("es", "aprobada por Meta")]
)
async def test_its_state(page: Page, language: str, state: str) -> None:
    """In each language in the gender of its word for a template, whatever that of a chat is."""
    path = address(TOM, "/template?ref=order_ready:pt_BR")
    assert f" · {state} · " in (await page.get(path, **HTML | {"accept-language": language}))[1]


@pytest.mark.parametrize(("language", "is_feminine"), [(LANGUAGES[1], False), (LANGUAGES[2], True)])
def test_every_state_agrees(language: Language, is_feminine: bool) -> None:
    """Modelo is masculine, plantilla feminine."""
    said = [template_state(Translate(language), state.upper()).split()[0] for state in TEMPLATE_STATES]
    genders = {word[-1] for word in said if word.endswith(("do", "da"))}
    assert genders == {"a" if is_feminine else "o"}
    assert template_state(Translate(language), "LIMIT_EXCEEDED") == "limit_exceeded"


async def test_filled_in(page: Page) -> None:
    """Every value has its field; the words are shown with the values in; nothing is sent by that."""
    shown = (await got(page, "?ref=order_ready:pt_BR"))[1]
    assert len(re.findall(r'name="value [^"]+"', shown)) == 5
    assert "Hello {{1}}, your {{2}} is ready." in shown
    assert "<option>Price list</option>" in shown
    assert "<option>Shop" not in shown
    status, shown = await posted(page, "order_ready:pt_BR", "preview", **WHOLE)
    assert status == 200
    assert "📄 prices.pdf\n\nHello Tom, your &lt;b&gt;cake&lt;/b&gt; is ready.\n\nThe &lt;bakery&gt;" in shown
    assert 'value="&lt;b&gt;cake&lt;/b&gt;"' in shown
    assert "<option selected>Price list</option>" in shown
    assert await orders_of(page, TOM) == []


async def test_sent_once(page: Page) -> None:
    """The order has the part; pressed again it is the same one, with other values another."""
    id_ = token_hex(8)
    for _ in range(2):
        assert await posted(page, "order_ready:pt_BR", id_=id_, **WHOLE) == (303, address(TOM))
        await page.projected()
    (control,) = await orders_of(page, TOM)
    (part,) = control.parts
    assert (control.id, control.command, control.text, part.kind, part.name) == (
        id_,
        "send",
        None,
        "template",
        "order_ready",
    )
    assert part.parameters == Parameters(
        header=(object_of(PDF),), body=("Tom", "<b>cake</b>"), buttons=(ButtonValue(index=0, value="42"),)
    )
    status, shown = await posted(page, "order_ready:pt_BR", id_=id_, **WHOLE | {"body_1": "Ana"})
    assert (status, "sent before, with another content" in shown, 'value="Ana"' in shown) == (409, True, True)
    assert f'name="id" value="{id_}"' not in shown
    assert (await posted(page, "hello:en"))[0] == 303


async def test_a_draft_is_another_message(page: Page) -> None:
    """The chat tells the outcome, and does not tell its script that the words in the composer were taken."""
    assert (await posted(page, "hello:en"))[0] == 303
    _, shown = await page.get(address(TOM), **HTML)
    assert ("The order is stored" in shown, "data-done" in shown) == (True, False)


@pytest.mark.parametrize(
    ("ref", "values", "said"),
    [
        ("order_ready:pt_BR", {}, "Some values are missing."),
        ("order_ready:pt_BR", WHOLE | {"body_2": "  "}, "Some values are missing."),
        ("order_ready:pt_BR", WHOLE | {"body_1": "a    b"}, "four blanks"),
        ("order_ready:pt_BR", WHOLE | {"body_1": "x" * 1025}, "1,025 characters"),
        ("order_ready:pt_BR", WHOLE | {"body_9": "x"}, "It has no variable 9"),
        ("order_ready:pt_BR", WHOLE | {"file": "Shop"}, "the file is of the kind location"),
        ("order_ready:pt_BR", WHOLE | {"file": "gone"}, "There is no file “gone” here any more"),
        ("order_ready:pt_BR", WHOLE | {"file": "", "header": "http://a.example/b.pdf"}, "begins with https://"),
        ("spam:en", {"body_1": "x"}, "Meta has refused it"),
        ("hello:de", {}, "There is no template hello:de"),
        ("nothing:en", {}, "There is no template nothing"),
        ("", {}, "There is no template"),
    ],
)
async def test_what_cannot_be_sent(page: Page, ref: str, values: dict[str, str], said: str) -> None:
    """It is refused in words, with the values in the form again; nothing is ordered."""
    status, shown = await posted(page, ref, **values)
    assert status in (400, 404)
    assert said in re.sub(r"\s+", " ", shown)
    assert "--" not in re.findall(r'<p class="trouble" role="alert">(.*?)</p>', shown)[0]
    if "body_1" in values and ref.startswith("order"):
        assert values["body_1"] in shown
    assert await orders_of(page, TOM) == []


async def test_values_that_are_missing(page: Page) -> None:
    """Each is marked at its field, the optional ones are not."""
    shown = (await posted(page, "order_ready:pt_BR", body_1="Tom"))[1]
    assert len(re.findall(r'<p class="bad" id="wrong-\d">', shown)) == 3
    assert 'value="Tom"' in shown


async def test_templates_that_cannot_be_read(page: Page, told: Told) -> None:
    """The page says why; what was read before, and cannot be read now, says so."""
    told.fault = TemplatesUnread("the gateway does not answer", again=True)
    status, shown = await got(page)
    assert (status, "The gateway does not answer." in shown) == (503, True)
    status, shown = await posted(page, "hello:en")
    assert (status, "Nothing was sent" in shown) == (503, True)
    told.fault, told.known_ = None, replace(told.known_, unread="Meta does not answer")
    assert "Meta does not answer" in (await got(page))[1]


async def test_an_order_that_is_not_stored(page: Page) -> None:
    """The values are in the form again, under the same id."""
    page.log.fault = LogUnavailable("no answer")  # type: ignore[attr-defined]
    id_ = token_hex(8)
    status, shown = await posted(page, "order_ready:pt_BR", id_=id_, **WHOLE)
    assert status == 503
    assert f'name="id" value="{id_}"' in shown
    assert 'value="42"' in shown


async def test_the_way_there(page: Page, told: Told) -> None:
    """A chat whose time is over offers a template above its form; one of another network offers none."""
    text = (await page.get(address(TOM), **HTML))[1]
    assert re.search(r'class="closed">[^<]*<a href="[^"]+/template">Choose a template', text)
    await happened(page, TOM, Message(id="wamid.2", text="hello again", at=AT - timedelta(hours=1)))
    text = (await page.get(address(TOM), **HTML))[1]
    assert ("Choose a template" in text, "Template …" in text) == (False, True)
    beside = "?list.only=unassigned&amp;list.account=local"
    text = (await page.get(address(TOM) + beside.replace("&amp;", "&"), **HTML))[1]
    assert f'/template{beside}">Template …' in text
    await happened(page, TOM, Message(id="3EB0", text="on a linked device"))
    assert "/template" not in (await page.get(address(TOM), **HTML))[1]
    missing: Any = None
    object.__setattr__(page.deps, "templates", missing)
    assert (await got(page))[0] == 404


async def test_the_way_back_to_the_same_list(page: Page) -> None:
    """Every link and form of the page keeps the list's fields."""
    beside = "?list.only=unassigned"
    text = (await page.get(address(TOM, "/template") + beside, **HTML))[1]
    assert f'href="{address(TOM)}{beside}"' in text
    assert f'href="{address(TOM, "/template")}{beside}&amp;ref=' in text
    assert '<input type="hidden" name="list.only" value="unassigned">' in text
    text = (await page.get(address(TOM, "/template") + beside + "&ref=hello:en", **HTML))[1]
    assert f'action="{address(TOM, "/template")}{beside}"' in text
    assert f'href="{address(TOM, "/template")}{beside}"' in text
