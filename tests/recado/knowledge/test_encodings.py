"""Pages of which only the server tells the encoding."""

from __future__ import annotations

import pytest

from recado.knowledge.addresses import Address, Web
from tests.recado.knowledge.serving import page, serving

WORDS = {
    "windows-1251": "Хлеб стоит десять",
    "iso-8859-15": "Um pão custa 10 €",
    "Shift_JIS": "パンは百円",
    "utf-16": "Um pão custa 10 €",
    "utf-8": "Um pão custa 10 €",
    "windows-1252": "Um pão custa 10 €",
    "iso-8859-1": "Um pão custa 10",
}


@pytest.mark.parametrize("charset", WORDS)
@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
async def test_the_encoding_is_told_by_the_server(charset: str, kind: str) -> None:
    body = WORDS[charset].encode(charset)
    async with serving(a=page(body, f"{kind}; charset={charset}")) as root, Web(loopback=True) as web:
        content = await web.fetch(Address(f"{root}/a"))
    assert content.body.decode("utf-8-sig") == WORDS[charset]


@pytest.mark.parametrize("charset", ["nonsense", "punycode", "shift_jis", "hex"])
async def test_an_encoding_that_is_not_that_of_the_page(charset: str) -> None:
    """The bytes are taken as they are."""
    body = "Um pão custa 10 €".encode()
    async with serving(a=page(body, f"text/plain; charset={charset}")) as root, Web(loopback=True) as web:
        assert (await web.fetch(Address(f"{root}/a"))).body == body
