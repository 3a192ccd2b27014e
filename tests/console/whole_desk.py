"""A desk that has something of everything, whose data are in Greek, so that a word in Latin letters is recado's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from actors.leases.roster import InstanceView
from events.account_update import AccountUpdate
from events.cut import Cut
from events.decisions import (
    Attention,
    Blocked,
    Ignored,
    MediaRead,
    Paused,
    Reply,
    RunStarted,
    ThreadCreated,
    TurnAdopted,
    TurnError,
    TurnFailed,
    TurnStarted,
)  # fmt: skip
from events.details import Detail
from events.inbound import Control, Edit, Media, Message, Receipt, ReceiptError, Revoke
from events.knowledge import Pair, Place
from events.library import Entry, object_of
from events.memory_library import MemoryLibrary
from events.memory_profiles import MemoryProfileLog
from events.parts import Option, Part
from events.profile import Profile
from events.references import Choice, Location, Product, Referral
from events.subjects import ChatKey, inbound_subject
from events.teamwork import Assigned, Labelled, Noted
from events.tool_calls import ToolCalled, ToolReturned
from events.users import StoredUser
from gateways.cloud.error_table import TABLE
from gateways.cloud.errors import told
from gateways.templates.known import Known
from gateways.templates.template import APPROVED, Button, Template
from recado.settings.settings import settings_of
from recado.settings.shown import lines
from tests.console.conftest import Page
from tests.console.given import given
from tests.console.people import cookie, peopled, user
from tests.console.profiled import GIVEN, Trying
from tests.console.shelf import Shelf
from tests.console.stored import Stores

AT = datetime.now(UTC)
ANA = ChatKey("λογ", "12025550143@s.whatsapp.net")
TOM = ChatKey("λογ", "447700900123@s.whatsapp.net")
EVA = ChatKey("λογ", "4930901820@s.whatsapp.net")
GROUP = ChatKey("λογ", "120363041234567890@g.us")
OWNER = user("z1", role="owner")

TEMPLATES = (
    Template(
        name="έτοιμο", language="el", status=APPROVED, category="UTILITY", quality="GREEN", header="document",
        body="Γεια {{1}}", footer="φως", buttons=(Button("url", "ναι", "https://α.γρ/{{1}}"),),
    ),
    Template(name="κακό", language="el", status="REJECTED", body="όχι"),
    Template(name="παύση", language="el", status="PAUSED", body="όχι"),
    Template(name="νέο", language="el", status="ΝΕΟ", body="όχι"),
    Template(name="πολύ", language="el", status=APPROVED, body="όχι", beyond=("ξ",)),
)  # fmt: skip


class Told:
    async def known(self, account: str) -> Known:
        return Known(TEMPLATES, AT, Detail.TEMPLATES_NOT_ASKED.said(why="ω"))


def story_of_ana() -> Iterator[Any]:
    """A chat in which much happened."""
    yield Message(id="a1", text="γεια", name="Άννα", at=AT - timedelta(minutes=9))
    yield Message(id="a2", text="ψωμί;", quoted="a1", forwarded=2, aliases=("1@lid",))
    yield Edit(id="e1", of="a2", text="ψωμιά;")
    yield TurnStarted(turn="t1", messages=("a1", "a2"), backend="χ", at=AT, profile="άρτος")
    yield ThreadCreated(thread="θ1", backend="χ", reason="first", at=AT)
    yield RunStarted(turn="t1", run="ρ1", attempt=2, at=AT)
    yield ToolCalled(turn="t1", call="c1", name="απόθεμα", arguments="{}", at=AT)
    yield ToolReturned(turn="t1", call="c1", output="12", at=AT)
    yield TurnAdopted(turn="t1", by="άλλη-1", at=AT)
    yield Reply(
        id="t1.r",
        turn="t1",
        chat=ANA.chat,
        account=ANA.account,
        text="δώδεκα",
        in_reply_to=("a1", "a2"),
        author="assistant",
        at=AT,
        cut=(Cut(kind="link", chars=3), Cut(kind="reasoning", chars=1)),
        length="cut",
    )
    yield Receipt(id="r1", reply="t1.r", state="sending", error=ReceiptError(class_="unreached", detail="ωχ"))
    for state in ("accepted", "sent", "delivered", "read"):
        yield Receipt(id=f"r-{state}", reply="t1.r", state=state)  # type: ignore[arg-type]
    yield Message(id="a3", kind="image", media=Media(object="α", mime="image/png", filename="α.png"), text=None)
    yield Message(id="a4", text="", kind="unsupported", unsupported="ξ")
    yield Ignored(messages=("a4",), reason="unsupported_kind", at=AT)
    yield TurnStarted(turn="t2", messages=("a3",), backend="χ", at=AT)
    yield MediaRead(turn="t2", message="a3", form="image", model="μ", text="ψ", at=AT)
    yield TurnFailed(turn="t2", messages=("a3",), error=TurnError(class_="rate_limited", detail="ω"), told=False, at=AT)
    yield Message(
        id="a8", kind="document", media=Media(object="β", mime="application/pdf", filename="β.pdf"), text=None
    )
    yield TurnStarted(turn="t3", messages=("a8",), backend="χ", at=AT)
    yield MediaRead(
        turn="t3", message="a8", form="nothing", reason="file_unreadable", detail=Detail.LOCKED.said(), at=AT
    )
    error = TurnError(class_="timeout", detail=Detail.NO_ANSWER.said(seconds="2.5"))
    yield TurnFailed(turn="t3", messages=("a8",), error=error, told=False, at=AT)
    yield Receipt(id="r2", reply="t1.r", state="sending", error=told(131021, Detail.HTTP.said(status="404")))
    yield Message(id="a5", text="σβήσε")
    yield Revoke(id="v1", of="a5")
    yield Control(id="o1", command="pause", by="z1", until=AT + timedelta(hours=1))
    yield Paused(until=AT + timedelta(hours=1), by="z1", cause="o1", at=AT)
    yield Control(id="o2", command="retry", messages=("a1",))
    yield Ignored(messages=(), reason="nothing_to_retry", cause="o2", at=AT)
    yield Control(id="o3", command="label", add=("φίλη",), by="z1")
    yield Labelled(add=("φίλη",), remove=(), at=AT, cause="o3")
    yield Assigned(to="z1", at=AT)
    yield Noted(id="n1", text="σημείωση", at=AT, by="z1")
    yield Attention(id="a5.h", text="θέλει", by="model", at=AT, messages=("a5",))
    yield Message(
        id="a6",
        text="αυτό",
        referral=Referral(source="ad", headline="νέο", url="https://α.γρ"),
        product=Product(id="π1", catalog="κ"),
        choice=Choice(id="χ1", title="ένα"),
    )
    yield Message(id="a7", kind="location", text=None, location=Location(latitude=1.5, longitude=2.5, name="αγορά"))
    yield Control(id="o4", command="resume")


PARTS = (
    Part(kind="text", text="λόγια"),
    Part(kind="choices", text="ποιο;", choices=(Option(id="χ1", title="ένα"), Option(id="χ2", title="δύο"))),
    Part(kind="location", latitude=1, longitude=2, name="αγορά"),
    Part(kind="contact", name="Άννα", phones=("123",)),
    Part(kind="link", url="https://α.γρ", text="δες"),
    Part(kind="reaction", to="a1", emoji="👍"),
    Part(kind="template", name="έτοιμο", language="el"),
)


def story_of_tom() -> Iterator[Any]:
    yield Message(id="wamid.1", text="γεια", name="Θωμάς", at=AT - timedelta(hours=25))
    for number, part in enumerate(PARTS):
        yield Reply(
            id=f"p{number}.r", turn=None, chat=TOM.chat, account=TOM.account, text="λ", in_reply_to=(),
            author="operator", at=AT, parts=(part,),
        )  # fmt: skip
    yield Reply(
        id="c9.r", turn=None, chat=TOM.chat, account=TOM.account, text="λ", in_reply_to=(), author="operator", at=AT,
        parts=PARTS, quote="wamid.1",
    )  # fmt: skip
    yield Receipt(id="r1", reply="c9.r", state="failed", error=ReceiptError(code=131047, class_="window_closed"))
    yield Receipt(id="r2", reply="p1.r", state="parked", error=ReceiptError(class_="in_doubt"))
    partly = ReceiptError(class_="file_too_large", detail=Detail.LARGER_THAN_SENT.said(size=2_000, limit=1_000))
    yield Receipt(id="r4", reply="p3.r", state="delivered", error=partly)
    yield Receipt(id="r3", reply="p2.r", state="in_doubt")
    yield Blocked(by="z1", at=AT)


async def _roster(_: Mapping[int, int] | None) -> list[InstanceView]:
    return []


@asynccontextmanager
async def whole_desk(folder: Path, who: StoredUser = OWNER) -> AsyncIterator[tuple[Page, dict[str, str]]]:
    """The page, and the headers of the browser of one of its users."""
    log = MemoryProfileLog()
    users = {one.name: one for one in (OWNER, who)}.values()
    async with peopled(folder, *users, profiles=lambda page: Trying(log, page.log)) as (page, _):
        library, shelf = MemoryLibrary(), Shelf(page)
        following = asyncio.create_task(shelf.indexing.follow())
        content = "τιμές".encode()
        file = Part(kind="document", object=object_of(content), filename="τ.txt", mime="text/plain")
        await library.add(ANA.account, Entry(name="τιμές", part=file, size=len(content), at=AT, by="z1"), content)
        place = Part(kind="location", latitude=1, longitude=2, address="οδός")
        await library.add(ANA.account, Entry(name="αγορά", part=place, at=AT), None)
        for name, value in {
            "library": library, "files": Stores(), "templates": Told(), "roster": _roster,
            "settings": lines(settings_of(GIVEN)), "gateways": tuple,
        }.items():  # fmt: skip
            object.__setattr__(page.deps, name, value)
        for number in (1, 2):
            settings = {"takeover": f"{number}h", "ai_system_prompt": "λόγια"}
            profile = Profile(name="p1", n=number, at=AT, by="z1", accounts=(ANA.account,), settings=settings)
            await log.write([profile], expected=(await log.look()).seq)
        await shelf.put("ώρες.md", "# Ώρες\n\nΑπό τις 8.", collection="c1")
        await shelf.put("άδειο.md", " ", collection="c1")
        await shelf.put("faq", collection="c1", faq=(Pair("πότε;", "τώρα"),), mime="")
        await given(page, ANA, *story_of_ana())
        await given(page, TOM, *story_of_tom())
        for body in (b"{}", b'{"id":1}', b'{"id":"\\x"}', b"\xff"):
            page.log.put(inbound_subject(ANA, "in"), body)
        await log.store(("p1", b'{"n":"x"}'), ("p2", b"{"))
        await shelf.log.store(Place("c1", "ω.md").subject, b'{"name":1}')
        paused = {"state": "paused", "class": "account_stop", "code": 190, "detail": "ω", "do": TABLE[190].do}
        await page.log.note(ANA.account, AccountUpdate(id="1", field="sending", value=paused, at=AT))
        await given(page, GROUP, Message(id="g1", text="όλοι", name="Εύα", group=True, sender=EVA.chat))
        await given(page, EVA, Message(id="v1", text="περιμένω", name="Εύα"))
        try:
            yield page, cookie(page, who)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await shelf.indexing.close()
