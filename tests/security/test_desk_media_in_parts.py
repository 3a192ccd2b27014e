"""Files of people on the desk in parts: ranges and slow readers cost no more than a download."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlparse

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.byte_ranges import Unsatisfiable, range_in
from tests import sample_files as samples
from tests.console.conftest import ANA, Page
from tests.console.given import given as happened
from tests.console.stored import PIECE, Stores, file_of
from tests.security.desk_media import SCRIPT, SHOWN_FILES, fetched, held, message, of, shown

__all__ = ["shown"]

SOUND = bytes(range(256)) * 1500
LONG = samples.recording("mp3", "libmp3lame") + SOUND  # several pieces
RANGES: dict[str, tuple[int, range]] = {
    "bytes=0-": (206, range(len(LONG))),
    "bytes=0-1": (206, range(2)),
    "bytes=5-5": (206, range(5, 6)),
    f"bytes={PIECE - 1}-{PIECE}": (206, range(PIECE - 1, PIECE + 1)),
    f"bytes={PIECE}-{2 * PIECE - 1}": (206, range(PIECE, 2 * PIECE)),
    "bytes=-1": (206, range(len(LONG) - 1, len(LONG))),
    f"bytes=-{10**18}": (206, range(len(LONG))),
    f"bytes=10-{10**18}": (206, range(10, len(LONG))),
    "BYTES = 0-1": (206, range(2)),
    f"bytes={len(LONG)}-": (416, range(0)),
    "bytes=999999999999999999-": (416, range(0)),
    "bytes=-0": (416, range(0)),
    # not one range that can be read: the whole file, once
    "bytes=": (200, range(len(LONG))),
    "bytes=-": (200, range(len(LONG))),
    "bytes=5-4": (200, range(len(LONG))),
    "bytes=a-b": (200, range(len(LONG))),
    "bytes=0-1,5-6": (200, range(len(LONG))),
    "bytes=" + ",".join(["0-"] * 100): (200, range(len(LONG))),
    "bytes=" + ",".join(f"{n}-{n}" for n in range(2000)): (200, range(len(LONG))),
    "bytes=0-" + "9" * 5000: (200, range(len(LONG))),
    "bytes=\u0661-": (200, range(len(LONG))),
    "lines=0-1": (200, range(len(LONG))),
    "bytes=1-2-3": (200, range(len(LONG))),
    "bytes=+1-2": (200, range(len(LONG))),
    "0-1": (200, range(len(LONG))),
}


async def test_ranges(shown: tuple[Page, Stores]) -> None:
    """One range is answered as such; whatever else is asked for, the file comes once at most."""
    page, stores = shown
    stores.put(LONG, "a1")
    await happened(page, ANA, message(1, "audio"))
    for asked, (wanted, bytes_) in RANGES.items():
        status, headers, body = await fetched(page, of(1), Range=asked)
        assert (status, headers["accept-ranges"]) == (wanted, "bytes"), asked[:40]
        held(headers)
        if status == 416:
            assert headers["content-range"] == f"bytes */{len(LONG)}"
            continue
        assert body == LONG[bytes_.start : bytes_.stop], asked[:40]
        assert headers["content-type"] == "audio/mpeg", asked[:40]
        said = headers.get("content-range")
        assert said == (f"bytes {bytes_.start}-{bytes_.stop - 1}/{len(LONG)}" if status == 206 else None)


async def test_if_range(shown: tuple[Page, Stores]) -> None:
    """With the tag of this very file there is a part; with any other, or a date, the whole."""
    page, stores = shown
    stores.put(LONG, "a1")
    await happened(page, ANA, message(1, "audio"))
    tag = (await fetched(page, of(1)))[1]["etag"]
    for if_range, wanted in ((tag, 206), (f"W/{tag}", 200), ('"other"', 200), ("Sun, 29 Nov 2026 00:00:00 GMT", 200)):
        assert (await fetched(page, of(1), Range="bytes=1-2", If_Range=if_range))[0] == wanted, if_range
    async with page.session.head(page.address + of(1), headers={"Range": "bytes=0-4"}) as response:
        assert (response.status, response.headers["content-length"], await response.read()) == (206, "5", b"")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="bytes=-,0123456789 \u0661", max_size=40), st.integers(1, 100))
def test_a_range_is_within_the_file(asked: str, size: int) -> None:
    try:
        wanted = range_in(asked, None, '"t"', size)
    except Unsatisfiable:
        return
    assert wanted is None or 0 <= wanted.start < wanted.stop <= size


async def test_a_range_reads_no_piece_behind_it(shown: tuple[Page, Stores]) -> None:
    """The first byte costs one piece, not the file."""
    page, stores = shown
    read, whole = 0, file_of(LONG)

    async def pieces() -> Any:
        nonlocal read
        async for piece in whole.pieces():
            read += 1
            yield piece

    async def find(_: str) -> Any:
        return whole._replace(pieces=pieces)

    stores.find = find  # type: ignore[method-assign]
    await happened(page, ANA, message(1, "audio"))
    assert (await fetched(page, of(1), Range="bytes=0-0"))[0] == 206
    assert read == 1


async def test_a_file_whose_pieces_are_missing(shown: tuple[Page, Stores]) -> None:
    """One without its beginning is no longer kept; one that ends in the middle is cut off, and never called whole."""
    page, stores = shown
    broken = {1: file_of(SCRIPT, piece=len(SCRIPT), broken=True), 2: file_of(LONG, broken=True)}

    async def find(object_: str) -> Any:
        return broken[int(object_[-1])]

    stores.find = find  # type: ignore[method-assign]
    await happened(page, ANA, message(1), message(2))
    assert (await fetched(page, of(1)))[0] == 404
    with pytest.raises(aiohttp.ClientPayloadError):
        await fetched(page, of(2))


async def test_slow_readers_keep_nobody_waiting(shown: tuple[Page, Stores]) -> None:
    """Twenty browsers that take nothing of a large file, and one that gets its own at once."""
    page, stores = shown
    stores.put(b"\xff\xd8\xff" + bytes(20_000_000), "a1")
    stores.put(SHOWN_FILES["png"][0], "a2")
    await happened(page, ANA, message(1), message(2))
    url = urlparse(page.address)
    slow = [await asyncio.open_connection(url.hostname, url.port, limit=1024) for _ in range(20)]
    try:
        for reader, writer in slow:
            writer.write(f"GET {of(1)} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
            assert b"200" in await reader.readline()
        assert (await fetched(page, of(2)))[0] == 200
        assert page.app.state.reading_pieces._value > 0
    finally:
        for _, writer in slow:
            writer.close()
