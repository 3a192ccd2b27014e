"""Addresses that a document is fetched from: none leads to this machine, into a private network, or on for ever."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from recado.knowledge import addresses
from recado.knowledge.addresses import LARGEST, Address, Web, usable
from recado.knowledge.public import is_public
from recado.knowledge.sources import Gone, SourceRefused
from tests.recado.knowledge.serving import page, redirect, serving

PUBLIC = "93.184.215.14"
Resolving = Callable[..., list[tuple[Any, ...]]]


async def refused(url: str, *, loopback: bool = False) -> str:
    async with Web(loopback=loopback) as there:
        with pytest.raises(SourceRefused) as raised:
            await there.fetch(Address(url))
    return str(raised.value)


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names lead to these addresses, one answer after the other. Returns where a socket was connected to."""
    left = list(answers)
    connected: list[str] = []
    resolve: Resolving = socket.getaddrinfo

    def getaddrinfo(host: str | None, port: int, *rest: Any, **named: Any) -> list[tuple[Any, ...]]:
        if host is None or not str(host).endswith(".test"):
            return resolve(host, port, *rest, **named)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [one for address in found for one in resolve(address, port, type=socket.SOCK_STREAM)]

    async def connect(_: asyncio.AbstractEventLoop, __: socket.socket, to: tuple[Any, ...]) -> None:
        connected.append(to[0])
        raise ConnectionRefusedError(111, "refused by the test")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(type(loop), "sock_connect", connect)
    return connected


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "localhost",
        "localhost.",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::1]",
        "[2001:0:7f00:1::1]",
        "[fe80::1]",
        "[fe80::1%25lo]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
async def test_no_form_of_an_address_leads_inside(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given this machine, private networks and clouds' own services in every form, then no connection is made."""
    connected = names(monkeypatch, [PUBLIC])
    said = await refused(f"http://{host}/")
    assert connected == []
    assert "into a private network" in said or "cannot be reached" in said


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/x",
        "gopher://example.com/",
        "javascript://x",
        "//example.com/x",
        "http://",
        "http:///x",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://example.com@10.0.0.1/",
        "https://:word@example.com/",
        "http://example.com:22/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com\\@10.0.0.1/",
        "http://exa\x00mple.com/",
        "http://[::1/",
        f"http://example.com/{'a' * 3000}",
    ],
)
async def test_what_is_no_address_of_the_web(url: str) -> None:
    with pytest.raises(SourceRefused):
        usable(url)


async def test_a_name_that_leads_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = names(monkeypatch, ["127.0.0.1", "10.0.0.1", "::1"])
    assert "into a private network" in await refused("https://shop.test/")
    assert connected == []


async def test_of_a_name_only_the_public_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = names(monkeypatch, ["10.0.0.1", PUBLIC])
    await refused("http://shop.test/")
    assert set(connected) == {PUBLIC}


async def test_a_name_that_leads_elsewhere_a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a name that is public when it is looked at, and this machine afterwards, then the connection goes to what
    was looked at."""
    connected = names(monkeypatch, [PUBLIC], ["127.0.0.1"])
    await refused("http://shop.test/")
    assert "into a private network" in await refused("http://shop.test/")
    assert set(connected) == {PUBLIC}


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("http://10.0.0.1/", "private network"),
        ("http://169.254.169.254/latest/meta-data/", "private network"),
        ("//[::ffff:10.0.0.1]/", "private network"),
        ("file:///etc/passwd", "https:// or http://"),
        ("http://user:word@127.0.0.1/", "a password"),
        ("http://[::1", "no address"),
        ("", "does not say where"),
        ("/again", "more than 5 times"),
    ],
)
async def test_each_redirect_is_judged(to: str, says: str) -> None:
    async with serving(again=redirect(to)) as root:
        assert says in await refused(f"{root}/again", loopback=True)


async def test_a_redirect_from_outside_to_this_machine() -> None:
    """Given a page that was reached lawfully, then its redirect to this machine is not followed without the switch."""
    async with serving(page=page("<p>secret")) as inside, serving(away=redirect(f"{inside}/page")) as root:
        async with Web(loopback=True) as there:
            assert (await there.fetch(Address(f"{root}/away"))).body == b"<p>secret"
        assert "private network" in await refused(f"{root}/away")


def test_a_redirect_from_https_to_http() -> None:
    with pytest.raises(SourceRefused, match="from https to http"):
        addresses._next(usable("https://example.com/"), "http://example.com/", loopback=False)


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


async def slow(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.05)


async def test_a_page_without_end() -> None:
    bomb = gzip.compress(b" " * (LARGEST * 2))
    async with serving(endless=endless, bomb=page(bomb, "text/plain", **{"Content-Encoding": "gzip"})) as root:
        assert "more than 10,485,760 bytes" in await refused(f"{root}/endless", loopback=True)
        assert "more than 10,485,760 bytes" in await refused(f"{root}/bomb", loopback=True)


async def test_a_page_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts from the beginning to the end, whatever comes in between."""
    monkeypatch.setattr(addresses, "SECONDS", 0.5)
    async with serving(slow=slow) as root:
        assert "did not come within" in await refused(f"{root}/slow", loopback=True)


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("image/png", "a", "image/png, which is not read"),
        ("", "a", "no type"),
        ("application/octet-stream", "a.exe", "no type"),
        ("application/pdf", "a", "no .pdf file"),
        ("text/html", "empty", "empty"),
    ],
)
async def test_what_is_no_document(kind: str, name: str, says: str) -> None:
    async with serving(a=page("<p>Please log in", kind), empty=page("", kind)) as root:
        assert says in await refused(f"{root}/{name}", loopback=True)


async def test_a_page_that_is_gone() -> None:
    async with serving() as root, Web(loopback=True) as there:
        with pytest.raises(Gone):
            await there.fetch(Address(f"{root}/page"))


@pytest.mark.parametrize(
    ("kind", "path", "mime", "ending"),
    [
        ("text/html; charset=utf-8", "menu", "text/html", "menu.html"),
        ("Text/HTML", "menu.php", "text/html", "menu.php.html"),
        ("text/plain", "menu.md", "text/markdown", "menu.md"),
        ("application/octet-stream", "menu.csv", "text/csv", "menu.csv"),
        ("application/xhtml+xml", "menu.html", "text/html", "menu.html"),
        ("text/plain", "menu", "text/plain", "menu.txt"),
    ],
)
async def test_the_type_decides_the_reader(kind: str, path: str, mime: str, ending: str) -> None:
    async with serving(menu=page("a,b\n1,2", kind)) as root, Web(loopback=True) as there:
        content = await there.fetch(Address(f"{root}/{path}#part"))
    assert (content.mime, content.name) == (mime, f"{root.removeprefix('http://')}/{ending}")


@given(st.ip_addresses(v=4))
def test_an_address_within_another(address: IPv4Address) -> None:
    """An IPv4 address in the clothes of an IPv6 one is judged as itself."""
    assert is_public(f"::ffff:{address}") is is_public(str(address))
    assert is_public(f"64:ff9b::{address}") is is_public(str(address))
    assert not (is_public(str(address)) and not address.is_global)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "1.1.1.1", "2800:3f0:4001::200e"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)
