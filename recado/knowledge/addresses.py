"""Fetches documents from addresses of the web, and from nowhere else.

Where a request goes is judged when its socket is made, by the very address to which that socket then connects: no name
that leads elsewhere a moment later, no odd form of an address and no redirect comes past it. Proxies of the environment
are not used, since they would resolve names by themselves.
"""

from __future__ import annotations

import asyncio
import codecs
import socket
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from yarl import URL

from events.file_names import made_fit
from events.knowledge import Line
from recado.knowledge.public import is_loopback, is_public
from recado.knowledge.sources import TYPES, Content, Gone, SourceRefused, checked

LARGEST = 10 * 1024**2
"""Bytes of a document from an address."""

SECONDS = 15
"""For all of it: resolving, redirects and reading."""

_REDIRECTS = 5
_REDIRECTED = (301, 302, 303, 307, 308)
_GONE = (404, 410)
_RESERVED_PORTS = 1024
_PORTS = {"http": 80, "https": 443}
_NOT_SAID = ("", "application/octet-stream", "binary/octet-stream", "application/force-download", "application/zip")
"""Types that do not tell what a file is."""

_TOLD = ("cp125", "iso8859-", "koi8-", "utf-16", "shift_jis", "euc_", "cp932", "gb", "big5")
"""The names of the encodings of pages begin so, but for UTF-8."""

_OTHER_NAMES = {
    "application/xhtml+xml": "text/html",
    "application/csv": "text/csv",
    "text/tab-separated-values": "text/csv",
    "text/x-markdown": "text/markdown",
}


class NotPublic(OSError):
    """A connection was not made, because of where it would have gone."""

    def __init__(self) -> None:
        super().__init__("it leads to this machine, or into a private network: save it as a file and add that")


class Address(msgspec.Struct, frozen=True):
    """An address that is to become a document.

    - `url`: as it was given.
    - `name`: the document's name; empty: the address gives it.
    """

    url: str
    name: str = ""


class Web:
    """Fetches addresses; a context manager.

    - `loopback`: whether addresses of this machine are taken, too.
    """

    def __init__(self, *, loopback: bool = False) -> None:
        self._loopback = loopback
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=self._socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "recado", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, address: Address) -> Content:
        """The document at the address. Raises SourceRefused."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._fetched(usable(address.url, loopback=self._loopback), address.name)
        except TimeoutError:
            raise SourceRefused(
                f"it did not come within {SECONDS} s: try again, or save it as a file and add that"
            ) from None
        except aiohttp.ClientConnectorError as error:
            reason = error.os_error if isinstance(error.os_error, NotPublic) else f"it cannot be reached: {error}"
            raise SourceRefused(str(reason)) from error
        except (aiohttp.ClientError, UnicodeError) as error:
            raise SourceRefused(f"it cannot be reached: {str(error) or type(error).__name__}") from error

    async def _fetched(self, url: URL, name: str) -> Content:
        assert self._session is not None  # noqa: S101 - it is entered
        first = url
        for _ in range(_REDIRECTS + 1):
            async with self._session.get(url, allow_redirects=False) as answer:
                if answer.status not in _REDIRECTED:
                    return await _content(answer, first, name)
                url = _next(url, answer.headers.get("Location", ""), loopback=self._loopback)
        raise SourceRefused(f"it leads on more than {_REDIRECTS} times: give the address at the end")

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, (host, *_) = info
        if not (is_public(host) or (self._loopback and is_loopback(host))):
            raise NotPublic
        return socket.socket(family, kind, protocol)


def usable(text: str, *, loopback: bool = False) -> URL:
    """The address, without its fragment. Raises SourceRefused.

    - `loopback`: whether any port is taken.
    """
    try:
        url = URL(text).with_fragment(None)
        host, port = url.host, url.port
        msgspec.convert(str(url), Line)
    except ValueError as error:  # yarl's, and msgspec's
        raise SourceRefused(f"it is no address: {error}") from error
    if url.scheme not in _PORTS or not host:
        raise SourceRefused("only addresses that begin with https:// or http:// are read")
    if url.user is not None or url.password is not None:
        raise SourceRefused("it has a user name or a password, which everyone would see in the list: give it without")
    if not loopback and (port is None or (port < _RESERVED_PORTS and port not in _PORTS.values())):
        raise SourceRefused(f"port {port} belongs to something other than the web")
    return url


def name_of(url: URL, mime: str) -> str:
    """The document's name: the address without its scheme, with the ending of its type."""
    port = "" if url.is_default_port() else f":{url.port}"
    name = f"{url.raw_host}{port}{url.path.rstrip('/')}{f'?{url.query_string}' if url.query_string else ''}"
    return with_ending(made_fit(" ".join(name.split())), mime)


def with_ending(name: str, mime: str) -> str:
    """The name, with the ending of its type if it has none of that."""
    if TYPES.get(PurePosixPath(name).suffix.lower()) == mime:
        return name
    return name + next((ending for ending, of in TYPES.items() if of == mime), "")


def _next(url: URL, location: str, *, loopback: bool) -> URL:
    if not location:
        raise SourceRefused("it leads on, but does not say where")
    try:
        to = url.join(URL(location))
    except ValueError as error:
        raise SourceRefused(f"it leads to what is no address: {error}") from error
    if (url.scheme, to.scheme) == ("https", "http"):
        raise SourceRefused(
            "it leads from https to http, where anyone on the way can change it: give the address at the end"
        )
    return usable(str(to), loopback=loopback)


async def _content(answer: aiohttp.ClientResponse, first: URL, name: str) -> Content:
    if answer.status in _GONE:
        raise Gone(f"there is nothing at the address any more (status {answer.status})")
    if answer.status != 200:
        raise SourceRefused(f"its server answers with status {answer.status}: it must be open to everyone")
    mime = _mime(answer, first)
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > LARGEST:
            raise SourceRefused(f"it has more than {LARGEST:,} bytes: save it as a file and add that")
    read = _with_mark(bytes(body), answer.charset or "") if mime.startswith("text/") else bytes(body)
    return checked(Content(read, mime, name or name_of(first, mime)))


def _with_mark(body: bytes, charset: str) -> bytes:
    """The text as marked UTF-8, if its server tells another encoding: nothing in the text may tell it."""
    try:
        name = codecs.lookup(charset).name
        if not name.startswith(_TOLD) or _is_utf_8(body):
            return body
        return codecs.BOM_UTF8 + body.decode("cp1252" if name == "iso8859-1" else charset).encode()
    except (LookupError, ValueError):  # no encoding, or not this one
        return body


def _is_utf_8(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _mime(answer: aiohttp.ClientResponse, first: URL) -> str:
    """The type that the server tells; that of the address's ending where it tells nothing, or only that it is text."""
    told = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    by_ending = next(
        (TYPES[ending] for url in (first, answer.url) if (ending := PurePosixPath(url.path).suffix.lower()) in TYPES),
        "",
    )
    if told in _NOT_SAID or (told == "text/plain" and by_ending.startswith("text/")):
        told = by_ending
    mime = _OTHER_NAMES.get(told, told)
    if mime not in TYPES.values():
        raise SourceRefused(f"it is {mime or 'of no type that its server tells'}, which is not read")
    return mime
