"""The rows of the list name the last message; a place has a link to a map."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from markupsafe import Markup
from msgspec.structs import replace

from console.days import short
from console.languages import ENGLISH
from events.inbound import Control, Media, Message
from events.parts import Option, Part
from events.references import Location
from tests.console.conftest import ANA, Page
from tests.console.given import HTML, address, given, reply

LIBRARY = "LIBRARY/" + "a" * 64


async def said_in(page: Page) -> str:
    """The words of the only row of the list."""
    (said,) = re.findall(r'<span class="said">(.*?)</span>\n', str((await page.get("/desk", **HTML))[1]), re.DOTALL)
    return str(Markup(said).striptags())


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"text": "*Are* you _open_?\n```now```"}, "Are you open? now"),
        ({"text": "snake_case and 2 * 3"}, "snake_case and 2 * 3"),
        ({"kind": "image", "text": "*our* door"}, "picture our door"),
        ({"kind": "audio", "media": Media(object="MEDIA/x", voice=True)}, "voice message"),
        ({"kind": "document", "media": Media(object="MEDIA/x", filename="a_b_c.pdf")}, "file a_b_c.pdf"),
        ({"kind": "sticker"}, "sticker"),
        ({"kind": "location", "location": Location(latitude=1.5, longitude=2.5)}, "place"),
    ],
)
async def test_a_row_says_what_a_person_sent(page: Page, last: dict[str, Any], said: str) -> None:
    await given(page, ANA, Message(id="a1", **last))
    assert (await said_in(page)).startswith(said)


@pytest.mark.parametrize(
    ("by", "parts", "said"),
    [
        ("page", (Part(kind="image", object=LIBRARY),), "By hand: picture"),
        ("bea", (Part(kind="image", object=LIBRARY, caption="*Our* door"),), "bea: picture Our door"),
        ("bea", (Part(kind="audio", object=LIBRARY, voice=True),), "bea: voice message"),
        ("bea", (Part(kind="document", object=LIBRARY, filename="a.pdf"),), "bea: file a.pdf"),
        ("bea", (Part(kind="location", latitude=1, longitude=2, name="Door"),), "bea: place Door"),
        ("bea", (Part(kind="text", text="Here"), Part(kind="sticker", object=LIBRARY)), "bea: sticker Here"),
        ("bea", (Part(kind="choices", text="Which?", choices=(Option(id="a", title="A"),)),), "bea: words"),
        (None, (Part(kind="video", object=LIBRARY),), "By hand: video"),
    ],
)
async def test_a_row_says_who_sent_what(page: Page, by: str | None, parts: tuple[Part, ...], said: str) -> None:
    """A file, a place or a contact of a reply by its kind; the user by name."""
    sent = replace(reply(ANA, "c1.r", "words", author="operator"), parts=parts, cause="c1")
    await given(page, ANA, Message(id="a1", text="hello"), Control(id="c1", command="send", text="words", by=by), sent)
    assert await said_in(page) == said


async def test_a_place_leads_to_a_map(page: Page) -> None:
    """That of a person and our own; nothing of it is asked for before a click. Without degrees there is none."""
    await given(
        page,
        ANA,
        Message(id="a1", kind="location", location=Location(latitude=-23.5505, longitude=-46.6333, name="Our <door>")),
        Message(id="a2", kind="location", location=Location(name="Somewhere")),
        replace(
            reply(ANA, "c1.r", "words"), parts=(Part(kind="location", latitude=52.5, longitude=13.4, name="Shop"),)
        ),
    )
    shown = str((await page.get(address(ANA), **HTML))[1])
    maps = re.findall(r'<a class="map" href="([^"]+)" rel="([^"]+)"', shown)
    assert [Markup(one).unescape() for one, _ in maps] == [
        "https://www.openstreetmap.org/?mlat=-23.5505&mlon=-46.6333#map=17/-23.5505/-46.6333",
        "https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=17/52.5/13.4",
    ]
    assert all("noreferrer" in rel for _, rel in maps)
    assert "maps.google" not in shown


@pytest.mark.parametrize(
    ("ago", "said"),
    [(0, "23:30"), (1, "Saturday"), (6, "Monday"), (7, "2026-11-22"), (-1, "2026-11-30"), (400, "2025-10-25")],
)
def test_the_time_of_a_row_is_short(ago: int, said: str) -> None:
    """In the zone of the page: the hour of today, a weekday, or the date."""
    zone = timezone(timedelta(hours=-3))
    at = datetime(2026, 11, 30, 2, 30, tzinfo=UTC) - timedelta(days=ago)
    now = datetime(2026, 11, 30, 2, 59, tzinfo=UTC)
    assert short(ENGLISH, at, zone, now.astimezone(zone).date()).striptags() == said
