"""`recado template list` and `send --template`: Meta is asked first, and what does not fit is never written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

import recado.cli
import recado.cli.control
from events.inbound import Control
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.library import Entry, object_of
from events.parts import Part
from gateways.cloud.graph import Graph
from gateways.cloud.template_list import TemplateList
from gateways.cloud.token import fixed
from recado.wiring.templates import answer
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import PHONE_NUMBER_ID
from tests.gateways.templates.samples import EVERY, HELLO, NAMED
from tests.nats_server import NatsServer
from tests.recado.instance import AT
from tests.waiting import until

ANA = "5511999990001"
Run = Callable[..., Awaitable[Result]]

FITTING = ("--header", "7", "--set", "name=Ana", "--set", "what=bolo", "--button", "1=orders/7")


@pytest.fixture
async def meta() -> AsyncIterator[GraphDouble]:
    async with GraphDouble() as meta:
        meta.templates.set(*EVERY, replace(HELLO, name="stopped", status="PAUSED"))
        yield meta


@pytest.fixture
def run(tmp_path: Path, nats_server: NatsServer, jetstream_log: JetStreamLog, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`recado` in this process, with a number and without its token."""
    monkeypatch.setattr(recado.cli.control, "OBEYED_WITHIN", 0.1)
    monkeypatch.chdir(tmp_path)
    for name in ("RECADO_ACCOUNT", "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    env = {
        "NATS_URL": nats_server.url,
        "RECADO_DATA": str(tmp_path / "data"),
        "OPENAI_API_MODE": "scripted",
        "WHATSAPP_NUMBERS": f"{PHONE_NUMBER_ID}=shop",
    }

    async def run(*args: str, **more: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, recado.cli.main, args, env=env | more)

    return run


def token(meta: GraphDouble) -> dict[str, str]:
    return {"WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN, "WHATSAPP_GRAPH_URL": meta.url}


@asynccontextmanager
async def gateway(meta: GraphDouble, url: str) -> AsyncIterator[None]:
    """What a gateway of the number answers on the bus."""
    bus = await Bus.open(url)
    async with Graph.session() as session:
        listed = TemplateList(session, meta.url, PHONE_NUMBER_ID, fixed(ACCESS_TOKEN))
        answering = asyncio.create_task(answer(bus, "shop", listed))
        try:
            await until(lambda: bus._subs)
            await bus.flush()
            yield
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            await bus.close()


async def orders(log: JetStreamLog) -> list[Control]:
    """Every order in the log."""
    found: list[Control] = []
    head = (await log.head()).last
    if not head:
        return []
    async for batch in log.tail(0):
        found += [one.event for one in batch if isinstance(one.event, Control)]
        if batch[-1].seq >= head:
            break
    return found


def send(template: str, *values: str) -> tuple[str, ...]:
    return ("send", ANA, "--new", "--template", template, *values)


async def test_the_list_says_how_each_is_sent(run: Run, meta: GraphDouble) -> None:
    done = await run("template", "list", **token(meta))
    assert done.exit_code == 0, done.output
    line = next(line for line in done.stdout.splitlines() if line.startswith("order_ready:pt_BR"))
    assert line.endswith(
        "--template order_ready:pt_BR --header TEXT --set name=TEXT --set what=TEXT [--button 0=PAYLOAD] --button 1=URL"
    )
    assert "stopped:en_US: Meta has paused it" in done.stderr
    document = json.loads((await run("template", "list", "--json", **token(meta))).stdout)
    shown = {one["template"]["name"]: one for one in document["templates"]}
    assert document["account"] == "shop"
    assert shown["offer"]["values"][0] == {
        "key": "header", "kind": "image", "label": "image", "required": True, "longest": 2048,
    }  # fmt: skip
    assert shown["stopped"]["unsendable"].startswith("the template stopped:en_US: Meta has paused it")
    assert ACCESS_TOKEN not in done.output


async def test_one_that_fits_is_ordered_with_its_reading(
    run: Run, meta: GraphDouble, jetstream_log: JetStreamLog
) -> None:
    done = await run(*send("order_ready:pt_BR", *FITTING), **token(meta))
    assert done.exit_code == 0, done.output
    (order,) = await orders(jetstream_log)
    (part,) = order.parts or ()
    assert (part.kind, part.name, part.language) == ("template", "order_ready", "pt_BR")
    assert part.text is not None
    assert "Olá Ana, seu bolo está pronto." in part.text


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("order_ready:pt_BR",), ("--header VALUE", "--set name=VALUE", "--set what=VALUE", "--button 1=VALUE")),
        (("order_ready:pt_BR", *FITTING, "--set", "when=now"), ("no variable when (name, what)",)),
        (("order_ready:pt_BR", *FITTING, "--button", "2=x"), ("no button 2",)),
        (("order_ready:en_US", *FITTING), ("order_ready is there in pt_BR",)),
        (("order:pt_BR",), ("recado template list",)),
        (("stopped:en_US",), ("Meta has paused it",)),
        (("cards:en",), ("carousel",)),
        (("hello:en_US", "--header", "x"), ("no header",)),
    ],
)
async def test_one_that_does_not_fit_is_not_ordered(
    run: Run, meta: GraphDouble, jetstream_log: JetStreamLog, args: tuple[str, ...], says: tuple[str, ...]
) -> None:
    done = await run(*send(*args), **token(meta))
    assert done.exit_code == 1, done.output
    for words in says:
        assert words in done.stderr
    assert await orders(jetstream_log) == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (send("hello"), "has no language"),
        (send("hello:en_US", "--set", "name"), "names no variable"),
        (send("hello:en_US", "--set", "a=1", "--set", "a=2"), "two values"),
        ((*send("hello:en_US"), "and a text"), "goes alone"),
        ((*send("hello:en_US"), "--image", "https://a.example/p.png"), "goes alone"),
        (("send", ANA, "text", "--set", "a=1"), "name it with --template"),
    ],
)
async def test_what_is_no_order_for_a_template(run: Run, args: tuple[str, ...], says: str) -> None:
    done = await run(*args)
    assert done.exit_code == 2, done.output
    assert says in " ".join(done.stderr.split())


async def test_a_header_from_the_library(
    run: Run, meta: GraphDouble, jetstream_log: JetStreamLog, nats_server: NatsServer
) -> None:
    """By its name; a file of another kind is refused."""
    pdf = b"%PDF-1.4"
    bus = await Bus.open(nats_server.url)
    library = await JetStreamLibrary.open(bus, log_bytes=1 << 30, replicas=1)
    file = Part(kind="document", object=object_of(pdf), filename="menu.pdf", mime="application/pdf")
    place = Part(kind="location", latitude=-23.5, longitude=-46.6, name="Bakery", address="Rua Augusta 1")
    await library.add("shop", Entry(name="Menu", part=file, size=len(pdf), at=AT), pdf)
    await library.add("shop", Entry(name="Bakery", part=place, at=AT))
    done = await run(*send("menu:en", "--header", "menu"), **token(meta))
    assert done.exit_code == 0, done.output
    assert (await run(*send("find_us:en", "--header", "bakery"), **token(meta))).exit_code == 0
    others = ("--set", "1=a", "--set", "2=b", "--set", "3=c", "--button", "0=X")
    refused = await run(*send("offer:en", "--header", "menu", *others), **token(meta))
    assert "its header is of the kind image, and the file is of the kind document" in refused.stderr
    for template in ("menu:en", "find_us:en"):
        unknown = await run(*send(template, "--header", "1,2"), **token(meta))
        assert "the library of account shop has nothing of this name" in unknown.stderr
    parts = [part for order in await orders(jetstream_log) for part in order.parts or ()]
    assert [part.parameters.header for part in parts if part.parameters is not None] == [
        (object_of(pdf),),
        ("-23.5,-46.6,Bakery,Rua Augusta 1",),
    ]
    assert parts[0].filename == "menu.pdf"
    await library.close()
    await bus.close()


async def test_without_the_token_the_gateway_tells(
    run: Run, meta: GraphDouble, jetstream_log: JetStreamLog, nats_server: NatsServer
) -> None:
    """Page by page, however many there are."""
    meta.templates.page = 100
    body = "x" * 900
    many = [replace(HELLO, name=f"t{number:04}", body=body) for number in range(700)]
    meta.templates.set(*many, NAMED)
    async with gateway(meta, nats_server.url):
        document = json.loads((await run("template", "list", "--json")).stdout)
        assert len(document["templates"]) == 701
        done = await run(*send("order_ready:pt_BR", *FITTING))
        assert done.exit_code == 0, done.output
        refused = await run(*send("order_ready:pt_BR"))
        assert refused.exit_code == 1
    assert len(await orders(jetstream_log)) == 1


async def test_without_token_and_gateway_nothing_is_sent(run: Run, jetstream_log: JetStreamLog) -> None:
    done = await run(*send("order_ready:pt_BR", *FITTING))
    assert done.exit_code == 1
    assert "cannot be checked, so nothing is sent" in done.stderr
    assert "WHATSAPP_ACCESS_TOKEN" in done.stderr
    assert await orders(jetstream_log) == []


async def test_meta_cannot_be_asked_now(
    run: Run, meta: GraphDouble, jetstream_log: JetStreamLog, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the gateway read before serves, and the command says so; without that it refuses."""
    monkeypatch.setattr("recado.wiring.templates.FRESH", 0.0)
    async with gateway(meta, nats_server.url):
        meta.templates.fault = (500, 2)
        refused = await run(*send("hello:en_US"))
        assert refused.exit_code == 1
        assert "nothing is sent" in refused.stderr
        meta.templates.fault = None
        assert (await run("template", "list")).exit_code == 0
        meta.templates.fault = (500, 2)
        done = await run(*send("hello:en_US"))
        assert done.exit_code == 0, done.output
        assert "Meta could not be asked now: these are its templates of" in done.stderr
        assert (await run(*send("menu:en"))).exit_code == 1
    assert len(await orders(jetstream_log)) == 1


async def test_an_answer_goes_to_an_inbox_alone(meta: GraphDouble, nats_server: NatsServer) -> None:
    """A program that may ask could otherwise have the gateway write where only it may."""
    asker = await Bus.open(nats_server.url)
    heard: list[str] = []

    async def hear(message: object) -> None:
        heard.append(str(message))

    for subject in ("wa.in.shop.x", "evt.1.shop.x.o.reply", "profile.shop"):
        await asker.subscribe(subject, cb=hear)
    async with gateway(meta, nats_server.url):
        for subject in ("wa.in.shop.x", "evt.1.shop.x.o.reply", "profile.shop"):
            await asker.publish("templates.shop", b"{}", reply=subject)
        assert b"hello" in (await asker.request("templates.shop", b"not json", timeout=30)).data
    assert heard == []
    await asker.close()
