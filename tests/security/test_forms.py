"""Every form of the desk with values at the edges: a sentence that says what to do, never a fault of the server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus

import pytest

from console import orders
from console.access import RULES
from events.knowledge import Pair
from events.library import Entry
from events.memory_library import MemoryLibrary
from events.memory_profiles import MemoryProfileLog
from events.subjects import token
from events.users import StoredUser
from tests.console.conftest import ANA, Page
from tests.console.given import AT
from tests.console.people import WORD, cookie, peopled, user
from tests.console.profiled import Trying
from tests.console.shelf import FAQ, Shelf
from tests.console.stored import Stores
from tests.console.test_drafts import asked
from tests.console.test_template import PDF, PRICES, Told

OWNER = user("olga", role="owner")
CHAT = f"/desk/chats/{token(ANA.account)}/{quote(ANA.chat, safe='')}"
EDGES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \t\r\n \xc2\xa0\xe2\x80\x8b",
    "NUL": b"a\0b",
    "controls": b"\x01\x08\x1b[31m\x7f\xc2\x85",
    "right to left": "\u202e\u2067abc\u2069 שלום".encode(),
    "lone surrogate": b"a\xed\xa0\xbdb",
    "no UTF-8": b"\xff\xfe\xc3(",
    "emoji": "👨‍👩‍👧‍👦🇧🇷".encode() * 300,
    "lines": b"line\r\n" * 300,
    "long name": "ä👨‍👩‍👧".encode() * 60,
    "long": b"a" * 70_000,
    "longer": "ж".encode() * 120_000,
    "huge number": b"9" * 5_000,
    "number": b"-1e309",
    "other digits": "٣²".encode(),
    "markup": b"<script>alert(1)</script>\"'&%(reason)s{0}",
    "path": b"../../etc/passwd",
}


class Form(NamedTuple):
    """A POST route with an address that is there, and fields with which it is taken."""

    address: str
    fields: dict[str, str]
    upload: bool = False


def _order(command: str, **fields: str) -> Form:
    return Form(f"{CHAT}/orders", {"id": "{id}", "command": command, **fields})


SEND = {
    "text": "hello",
    "options": "",
    "file": "",
    "caption": "",
    "place": "",
    "place_name": "",
    "place_address": "",
    "quote": "",
}
FORMS: dict[str, list[Form]] = {
    "POST /login": [Form("/login", {"name": "olga", "password": WORD, "to": "/desk"})],
    "POST /logout": [Form("/logout", {})],
    "POST /language": [Form("/language", {"language": "es"})],
    "POST /desk/chats/{account}/{chat}/orders": [
        _order("send", **SEND),
        _order("send", **{**SEND, "options": "yes\nno"}),
        _order("send", **{**SEND, "file": "menu", "caption": "The menu"}),
        _order("send", **{**SEND, "place": "1.5, 2", "place_name": "Shop", "place_address": "Rua A"}),
        Form(f"{CHAT}/orders", {"id": "{id}", "command": "send", **SEND}, upload=True),
        _order("note", text="a note"),
        _order("label", add="vip, new", remove=""),
        _order("assign", to="olga"),
        _order("pause", minutes="30"),
        _order("snooze", minutes="30"),
        _order("block", confirm="yes"),
    ],
    "POST /desk/chats/{account}/{chat}/looking": [Form(f"{CHAT}/looking", {"upto": "1", "writing": "", "left": ""})],
    "POST /desk/chats/{account}/{chat}/template": [
        Form(
            f"{CHAT}/template",
            {
                "id": "{id}",
                "do": do,
                "ref": "order_ready:pt_BR",
                "q": "",
                "file": "menu",
                "value body:1": "Ana",
                "value body:2": "bread",
                "value button:0": "x",
            },
        )
        for do in ("send", "preview")
    ],
    "POST /desk/files/{account}": [
        Form("/desk/files/local", {"name": "list", "caption": "c", "voice": "", "replace": "1"}, upload=True)
    ],
    "POST /desk/files/{account}/places": [
        Form("/desk/files/local/places", {"place_name": "Shop", "place": "1, 2", "place_address": "x", "replace": "1"})
    ],
    "POST /desk/files/{account}/remove": [Form("/desk/files/local/remove?name=menu", {})],
    "POST /desk/documents/{collection}/remove": [
        Form("/desk/documents/shop/remove?name=faq+%26+more", {"base": "0"}),
    ],
    "POST /desk/documents/drafts/one": [
        Form(
            "/desk/documents/drafts/one?seq={seq}",
            {"do": "accept", "q": "Open?", "a": "Yes.", "collection": "shop", "name": "faq"},
        ),
    ],
    "POST /desk/documents/{collection}/pair": [
        Form(
            "/desk/documents/shop/pair?name=faq+%26+more",
            {"do": do, "q": "Parking?", "a": "Yes.", "was": "", "number": "0", "base": "{base}"},
        )
        for do in ("save", "remove")
    ],
    "POST /desk/profiles": [Form("/desk/profiles", {"name": "bakery"})],
    "POST /desk/profiles/{name}": [
        Form(
            "/desk/profiles/bakery",
            {
                "do": "save",
                "base": "0",
                "version": "1",
                "accounts": "shop",
                "chats": "",
                "groups": "",
                "s.AI_SYSTEM_PROMPT": "You sell bread.",
                "s.RECADO_HOURS": "Mon-Fri 09:00-18:00",
                "s.OPENAI_MODEL": "gpt-6-luna",
            },
        ),
        Form("/desk/profiles/bakery", {"do": "try", "base": "0", "days": "7", "max_turns": "5", "max_tokens": "2000"}),
    ],
    "POST /desk/profiles/{name}/trials/{id}": [Form("/desk/profiles/bakery/trials/1", {"do": "save"})],
    "POST /desk/me": [
        Form("/desk/me", {"do": "password", "now": WORD, "password": "battery-horse-staple", "again": "other"}),
    ],
}
"""By route, as console/access.py has them; a test says that none is missing."""


def test_every_form_is_here() -> None:
    """All POST routes but those of the simulated phones, which take JSON."""
    assert {route for route in RULES if route.startswith("POST /") and "/api/" not in route} == FORMS.keys()


class Desk(NamedTuple):
    page: Page
    shelf: Shelf
    seq: int
    cookie: dict[str, str]


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A desk with all that its forms are about, and an owner who is logged in."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)
    one: StoredUser = OWNER
    profiles = MemoryProfileLog()
    async with peopled(tmp_path, one, profiles=lambda page: Trying(profiles, page.log)) as (page, _):
        library = MemoryLibrary()
        await library.add("local", Entry(name="menu", part=PRICES, size=len(PDF), at=AT), PDF)
        for name, value in (("files", Stores()), ("library", library), ("templates", Told())):
            object.__setattr__(page.deps, name, value)
        shelf = Shelf(page)
        await shelf.pairs(Pair("Open?", "From eight."))
        await asked(shelf, "m1", "Do you deliver on Saturdays?")
        seq = (await page.log.head()).last - 4
        yield Desk(page, shelf, seq, cookie(page, one))


def bodies(form: Form, number: int) -> Iterator[tuple[str, bytes, str]]:
    """Each field of the form with a ninth of the edges in turn, left out or twice: a name, the body, its Content-Type.

    (All of them at every field take four minutes, and found nothing more.)
    """
    changes: dict[str, list[bytes]] = {name: [value] for name, value in EDGES.items()}
    changes |= {"missing": [], "twice": [b"one", b"two"]}
    for place, field in enumerate(form.fields):
        for turn, (name, values) in enumerate(changes.items()):
            number += 1
            if (turn + place + number // len(changes)) % 9:
                continue
            pairs = [
                (key, value)
                for key, valid in form.fields.items()
                for value in (values if key == field else [valid.replace("{id}", f"{number:016x}").encode()])
            ]
            yield f"{field}: {name}", *(_multipart(pairs) if form.upload else _encoded(pairs))


def _encoded(pairs: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    body = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in pairs)
    return body.encode(), "application/x-www-form-urlencoded"


def _multipart(pairs: list[tuple[str, bytes]], *, file: bytes = PDF) -> tuple[bytes, str]:
    parts = [b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (key.encode(), value) for key, value in pairs]
    parts.append(b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + file)
    parts.append(b'Content-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n' + file)
    return b"".join(b"--X\r\n%s\r\n" % one for one in parts) + b"--X--\r\n", "multipart/form-data; boundary=X"


async def post(desk: Desk, address: str, body: bytes, type_: str) -> tuple[int, str]:
    headers = {"Origin": desk.page.address, "accept": "text/html", "content-type": type_, **desk.cookie}
    address = desk.page.address + address.replace("{seq}", str(desk.seq))
    async with desk.page.session.post(address, data=body, headers=headers, allow_redirects=False) as response:
        return response.status, await response.text()


@pytest.mark.slow("every ninth of 19 values in every field of 30 forms")
@pytest.mark.parametrize("route", FORMS)
async def test_values_at_the_edges(desk: Desk, route: str) -> None:
    """In every field: the form is taken, or the page says why not."""
    bad = []
    for which, form in enumerate(FORMS[route]):
        for name, body, type_ in bodies(form, 1000 * which):
            base = str((await desk.shelf.log.look()).last_of(FAQ)).encode()
            status, told = await post(desk, form.address, body.replace(b"%7Bbase%7D", base), type_)
            if status >= 500 or (status >= 400 and not re.search(r"[a-z]{3}", told)):
                bad.append((which, name, status, re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", told))[-200:]))
    assert bad == []


HEADERS = {
    "no boundary": ("multipart/form-data", b"--X--\r\n"),
    "empty boundary": ("multipart/form-data; boundary=", b"----\r\n"),
    "other boundary": ("multipart/form-data; boundary=Y", _multipart([("id", b"x")])[0]),
    "boundary in quotes": ('multipart/form-data; boundary="X"; x="', _multipart([("id", b"x")])[0]),
    "long boundary": ("multipart/form-data; boundary=" + "X" * 5_000, b"--" + b"X" * 5_000 + b"--\r\n"),
    "nothing": ("multipart/form-data; boundary=X", b""),
    "cut off": ("multipart/form-data; boundary=X", _multipart([("id", b"x")])[0][:-30]),
    "upper case": ("Multipart/Form-Data; boundary=X", _multipart([("id", b"x")])[0]),
    "not a form": ("text/plain", b"id=1"),
    "no type": ("", b"id=1"),
    "many fields": ("application/x-www-form-urlencoded", b"a=1&" * 5_000),
    "many parts": ("multipart/form-data; boundary=X", _multipart([(f"f{n}", b"x") for n in range(500)])[0]),
    **{
        f"part {number}": ("multipart/form-data; boundary=X", b"--X\r\n" + head + b"\r\n\r\nvalue\r\n--X--\r\n")
        for number, head in enumerate(
            (
                b"Content-Disposition: form-data",
                b"Content-Disposition: attachment; name=text",
                b'Content-Disposition: form-data; name="',
                b'Content-Disposition: form-data; name="\xff\xfe"; filename="\xed\xa0\xbd.pdf"',
                b"Content-Disposition: form-data; name*=UTF-8''text; filename*=x'y'%FF%ED%A0%80",
                b'Content-Disposition: form-data; name="files"; filename="' + b"a" * 9_000 + b'"',
                b"X" * 20_000 + b": y",
                b"no colon",
                b"Content-Disposition: form-data; name=text\r\nContent-Disposition: form-data; name=id",
                b"Content-Disposition: form-data; name=text\r\nContent-Type: text/plain; charset=idna",
                b"Content-Disposition: form-data; name=files; filename=a\r\nContent-Transfer-Encoding: base64",
            )
        )
    },
}


async def test_odd_headers(desk: Desk) -> None:
    """Of the whole form and of a part, at the routes that take files and one that does not."""
    bad = []
    for odd, (type_, body) in HEADERS.items():
        for address in (f"{CHAT}/orders", "/desk/files/local", "/desk/profiles/bakery"):
            status, told = await post(desk, address, body, type_)
            if status >= 500 or (status >= 400 and not re.search(r"[a-z]{3}", told)):
                bad.append((odd, address, status, re.sub(r"<[^>]*>", " ", told)[-300:]))
    assert bad == []


@pytest.mark.parametrize(
    ("charset", "value"),
    [
        ("idna", b"xn--a" * 20),
        ("punycode", b"\xff-\xff"),
        ("raw_unicode_escape", rb"\ud83d"),
        ("utf-7", b"+2D0-"),
        ("UTF-16", b"\0\xd8"),
        ("undefined", b"a"),
    ],
)
async def test_a_form_in_another_charset(desk: Desk, charset: str, value: bytes) -> None:
    """It is not read: Python has codecs that fail in their own way, and some that make lone surrogates, which no event
    can hold."""
    body, type_ = _multipart([("id", b"00000000000000aa"), ("command", b"send"), ("text", value)])
    before = (await desk.page.log.head()).last
    status, told = await post(desk, f"{CHAT}/orders", body, f"{type_}; charset={charset}")
    assert (status, "Send the form in UTF-8" in told) == (415, True)
    assert (await desk.page.log.head()).last == before
    assert (await post(desk, f"{CHAT}/orders", body, f"{type_}; charset=UTF-8"))[0] == 303


async def test_a_draft_whose_document_has_too_long_a_name(desk: Desk) -> None:
    """300 characters are a name, as long as a subject of the log has room for their bytes; the words stay."""
    form = {"do": "accept", "q": "Open on Sundays?", "a": "No.", "collection": "shop", "name": "é" * 300}
    body, type_ = _encoded([(key, value.encode()) for key, value in form.items()])
    status, told = await post(desk, "/desk/documents/drafts/one?seq={seq}", body, type_)
    assert (status, "is too long for a name" in told, "Open on Sundays?" in told) == (400, True, True)
