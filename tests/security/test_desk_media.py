"""Files of people on the desk: a browser shows pictures, sounds and videos, runs nothing, and gets them by the message
of its own chat alone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.shown_types import LOOKED_AT, SHOWN, shown_type
from events.inbound import Message, Revoke
from events.jetstream.media_store import Object
from events.subjects import ChatKey
from tests import sample_files as samples
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import HTML, address
from tests.console.given import given as happened
from tests.console.stored import Stores
from tests.console.test_parts import reply
from tests.security.desk_media import SCRIPT, SHOWN_FILES, fetched, held, message, of, shown

__all__ = ["shown"]

RUNS: dict[str, bytes] = {
    "page": b"<!doctype html>" + SCRIPT,
    "page after blanks": b"\n\t " + SCRIPT,
    "page with a mark": b"\xef\xbb\xbf" + SCRIPT,
    "page in utf-16": SCRIPT.decode().encode("utf-16"),
    "page in a comment": b"<!-- GIF89a -->" + SCRIPT,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg after a head": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "xml": b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>',
    "xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "script": b"alert(document.cookie)",
    "style": b"*{background:url(//evil.example)}",
    "pdf": samples.PDF,
    "pdf and page": samples.PDF + SCRIPT,
    "page and pdf": SCRIPT + samples.PDF,
    "flash": b"CWS\x0a" + bytes(40),
    "archive": samples.package("index.html"),
    "word": samples.word(),
    "mhtml": b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=a\r\n\r\n--a\r\n",
    "manifest": b"CACHE MANIFEST\n",
    "program": b"MZ" + bytes(80),
    "matroska": samples.recording("matroska", "libopus"),
    "avi": samples.recording("avi", "mpeg4"),
    "bmp": samples.picture("BMP"),
    "almost gif": b"GIF88a" + SCRIPT,
    "almost gif in a page": b"GIF89" + SCRIPT,
    "almost webp": b"RIFF....WEBP" + SCRIPT,
    "almost png": b"\x89PNG" + SCRIPT,
    "almost ogg": b"OggS" + SCRIPT,
    "almost mp4": b"\0\0\0\x20ftypsvg " + SCRIPT,
    "almost webm": b"\x1aE\xdf\xa3" + SCRIPT,
    "almost wav": b"RIFF....WAVE" + SCRIPT,
    "amr": samples.recording("amr", "libopencore_amrnb"),
    "one byte": b"<",
}
KINDS = ("image", "sticker", "audio", "video", "document", "text", "hologram")


async def test_what_is_shown_has_the_type_of_its_content(shown: tuple[Page, Stores]) -> None:
    """Whatever type its sender says."""
    page, stores = shown
    for number, (name, (content, kind, _)) in enumerate(SHOWN_FILES.items(), 1):
        stores.put(content, f"a{number}")
        await happened(page, ANA, message(number, kind, mime="text/html", filename=f"{name}.html"))
    for number, (name, (content, _, type_)) in enumerate(SHOWN_FILES.items(), 1):
        status, headers, body = await fetched(page, of(number))
        assert (status, body, headers["content-type"]) == (200, content, type_), name
        assert headers["content-disposition"].startswith("inline"), name
        held(headers)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_browser_could_run_is_a_download(shown: tuple[Page, Stores], kind: str) -> None:
    """Whatever kind and type its sender says."""
    page, stores = shown
    for number, content in enumerate(RUNS.values(), 1):
        stores.put(content, f"a{number}")
        await happened(page, ANA, message(number, kind, mime="image/png"))
    for number, (name, content) in enumerate(RUNS.items(), 1):
        status, headers, body = await fetched(page, of(number))
        assert (status, body, headers["content-type"]) == (200, content, "application/octet-stream"), name
        assert headers["content-disposition"].startswith("attachment"), name
        held(headers)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", *(one[:64] for one in RUNS.values())]), st.booleans())
@example(b"", b"", True)
def test_no_content_has_a_type_that_runs(rest: bytes, beginning: bytes, sound: bool) -> None:
    """A type of the table or none; markup and text have none, whatever follows."""
    type_ = shown_type((beginning + rest)[:LOOKED_AT], sound=sound)
    assert type_ is None or type_ in SHOWN
    assert not SHOWN & {"image/svg+xml", "text/html", "application/pdf", "text/xml", "application/octet-stream"}
    assert shown_type(b"<" + rest) is None
    assert shown_type(b" " + rest) is None


def test_every_type_has_a_sample() -> None:
    assert {type_ for _, _, type_ in SHOWN_FILES.values()} == SHOWN


NAMES: dict[str, str] = {
    "../../etc/passwd": "_.._etc_passwd", "..": "image", "...": "image", "": "image", "   ": "image",
    ".bashrc": "bashrc",
    'a"; filename="b.html': 'a"; filename="b.html', "a\r\nX-Injected: 1": "a_X-Injected_ 1", "\x00\x00": "_",
    "C:\\windows\\a.exe": "C_windows_a.exe", "名.pdf": "名.pdf", "photo\u202egpj.exe": "photo_gpj.exe",
    "a\u2028b": "a_b", "é" * 1000: "é" * 120, "%2e%2e%2f": "%2e%2e%2f",
    "n" * 300 + ".txt": "n" * 116 + ".txt", "n" * 300 + "." + "e" * 20: "n" * 120,
}  # fmt: skip


async def test_the_name_of_a_download_is_a_name_alone(shown: tuple[Page, Stores]) -> None:
    page, stores = shown
    for number, name in enumerate(NAMES, 1):
        stores.put(SCRIPT, f"a{number}")
        await happened(page, ANA, message(number, filename=name))
    for number, (name, safe) in enumerate(NAMES.items(), 1):
        status, headers, _ = await fetched(page, of(number))
        assert (status, "x-injected" in headers) == (200, False), name
        said = headers["content-disposition"].removeprefix("attachment; filename*=UTF-8''")
        assert not set('/\\"\r\n ;') & set(said), name
        assert unquote(said) == safe, name


async def test_an_empty_file_is_no_link(shown: tuple[Page, Stores]) -> None:
    """Beside its message: there is nothing to download, and it is not said that it was kept once."""
    page, stores = shown
    stores.put(b"", "a1")
    await happened(page, ANA, message(1, "document", filename="prices.pdf"))
    status, chat = await page.get(address(ANA), **HTML)
    assert status == 200
    assert "empty, as it came." in chat
    lines = chat.partition('id="lines"')[2].partition("</ol>")[0]
    assert "prices.pdf" in lines
    assert of(1) not in lines
    assert "no longer kept" not in lines


async def test_a_file_is_reached_by_a_message_of_its_own_chat(shown: tuple[Page, Stores]) -> None:
    """By no sequence of another chat or account, of a text, a reply or a deleted message, and by no object's name."""
    page, stores = shown
    for number in (1, 2, 3, 4):
        stores.put(SCRIPT, f"a{number}")
    stores.put(SCRIPT, "secret")
    elsewhere = ChatKey("shop", ANA.chat)
    await happened(page, ANA, message(1))  # 1
    await happened(page, TOM, message(2))  # 2
    await happened(page, elsewhere, message(3))  # 3
    await happened(page, ANA, Message(id="t", text="MEDIA/secret"), reply("r"))  # 4, 5
    await happened(page, ANA, message(4), Revoke(id="v", of="m4"))  # 6, 7
    assert [(await fetched(page, where))[0] for where in (of(1), of(2, TOM), of(3, elsewhere))] == [200] * 3
    stores.asked.clear()
    for where in (
        of(2), of(3), of(4), of(5), of(6), of(7), of(0), of(99), of(2**62), of(2**70), of(1, TOM), of(1, elsewhere),
        of("-1"), of("a1"), of("MEDIA/a1"), of("secret"), of("1/../../media/2"), of("1.0"), of("1;2"),
        address(ANA, "/parts/1/1"), address(ANA, "/media"), "/desk/chats/local/nobody/media/1",
        "/desk/chats/local/a%40s.whatsapp.net/media/1",
    ):  # fmt: skip
        status, _, body = await fetched(page, where)
        assert status == 404, where
        assert SCRIPT not in body
    assert not stores.asked


async def test_no_file_without_a_login_or_for_another_site(tmp_path: Path) -> None:
    async with serve(tmp_path, password="correct-horse-battery") as page:
        object.__setattr__(page.deps, "files", Stores())
        await happened(page, ANA, message(1))
        async with page.session.get(page.address + of(1), allow_redirects=False) as response:
            assert response.status in (303, 401)
        async with page.session.get(page.address + of(1), headers={"Sec-Fetch-Site": "cross-site"}) as response:
            assert response.status == 403


async def test_a_file_that_is_not_here(shown: tuple[Page, Stores]) -> None:
    """The chat says so, with the reason, and asks for no picture that is not there."""
    page, stores = shown
    stores.why["a2"] = Object(0, "too_large", "99 bytes, 9 are kept")
    await happened(page, ANA, message(1, filename="<b>a"), message(2))
    text = (await page.get(address(ANA), **HTML))[1]
    assert 'Picture <bdi dir="auto">&lt;b&gt;a</bdi>: no longer kept.' in text
    assert "Picture: not here, since its file is too large." in text
    assert "<img class" not in text
    assert [(await fetched(page, of(number)))[0] for number in (1, 2)] == [404, 404]
