"""Loads files from Meta: the id gives a URL, which is valid for five minutes.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from chat.attachments import MIB
from events.details import Detail
from events.inbound import Integer
from events.numbers import whole_number
from gateways.cloud.graph import bounded
from gateways.cloud.token import REFUSED, Token

WITHIN = 60.0
"""Seconds for one try."""

LARGEST = {"audio": 16 * MIB, "video": 16 * MIB, "image": 5 * MIB, "document": 100 * MIB, "sticker": MIB}
"""Bytes, by kind: the sizes of the Cloud API (its page on media, above). Larger files are not loaded."""

_HOST = "lookaside.fbsbx.com"
"""Meta's host for files, from the example answer in its documentation."""

_PIECE = 128 * 1024
_GONE = frozenset({100, 131052})
"""Codes: the file does not exist (any more), or WhatsApp itself could not load it."""


class Broken(Exception):
    """A try failed; another may succeed."""


class Unauthorized(Broken):
    """The token was refused."""


class NotToBeHad(Exception):
    """The file cannot be had: `reason` is `too_large` or `not_fetched`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class _Error(msgspec.Struct):
    code: Integer = 0
    message: str = ""


class _Media(msgspec.Struct):
    url: str = ""
    sha256: str = ""
    file_size: Integer | str = 0
    error: _Error | None = None


class Download:
    """Loads the files of one number. `url` is the Graph API's address with its version."""

    def __init__(self, session: aiohttp.ClientSession, url: str, phone_number_id: str, token: Token) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._query = {"phone_number_id": phone_number_id}
        self._token = token

    @asynccontextmanager
    async def open(self, media: str, kind: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of the file `media` of a message of this kind, piece by piece.

        Raises Broken, NotToBeHad; Broken also after the last piece, if the SHA-256 of the whole file is wrong.
        """
        limit, token = LARGEST.get(kind, MIB), self._token.value
        try:
            async with self._get(f"{self._url}/{quote(media, safe='')}", self._query) as answer:
                known = _read(answer.status, await bounded(answer))
            size = whole_number(known.file_size) if isinstance(known.file_size, str) else known.file_size
            if size is not None and size > limit:  # of a file whose size is not told, the pieces are counted
                raise NotToBeHad("too_large", Detail.LARGER_THAN_TAKEN.said(size=size, limit=limit))
            if not self._trusted(known.url):
                raise NotToBeHad("not_fetched", Detail.OTHER_HOST.said())
            async with self._get(known.url, {}) as answer:
                if answer.status != 200:
                    raise (Unauthorized if answer.status == 401 else Broken)(f"HTTP {answer.status} at the file's URL")
                yield _checked(answer.content, limit, known.sha256)
        except Unauthorized:
            self._token.replaced(token)
            raise
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Broken(f"{type(error).__name__}: {error}".rstrip(": ")) from error

    def _trusted(self, url: str) -> bool:
        """True if the token may go to `url`: only to Meta by https, or to the server of the settings."""
        asked, configured = urlsplit(url), urlsplit(self._url)
        if (asked.scheme, asked.netloc) == (configured.scheme, configured.netloc):
            return True
        return asked.scheme == "https" and asked.netloc.lower() in (_HOST, f"{_HOST}:443")

    def _get(self, url: str, query: dict[str, str]) -> Any:
        headers = {"Authorization": f"Bearer {self._token.value}"}
        within = aiohttp.ClientTimeout(total=WITHIN)
        return self._session.get(url, params=query, headers=headers, timeout=within, allow_redirects=False)


def _read(status: int, body: bytes) -> _Media:
    try:
        known = msgspec.json.decode(body, type=_Media)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(f"HTTP {status}, which is no answer of Meta's") from error
    if known.error is not None and known.error.code in _GONE:
        words = known.error.message[:300]
        raise NotToBeHad("not_fetched", Detail.REFUSED.said(code=str(known.error.code), words=words))
    if known.error is not None or not known.url:
        if known.error is not None and known.error.code == REFUSED:
            raise Unauthorized(f"error {REFUSED}: {known.error.message[:300]}")
        code, message = (known.error.code, known.error.message) if known.error is not None else (0, "it has no URL")
        raise Broken(f"error {code}: {message[:300]}")
    return known


async def _checked(content: aiohttp.StreamReader, limit: int, expected: str) -> AsyncIterator[bytes]:
    digest, size = sha256(), 0
    async for piece in content.iter_chunked(_PIECE):
        digest.update(piece)
        size += len(piece)
        if size > limit:
            raise NotToBeHad("too_large", Detail.MORE_THAN_TAKEN.said(limit=limit))
        yield piece
    # Webhooks give the hash in base64, the API in hexadecimal digits.
    if expected and expected not in (digest.hexdigest(), base64.b64encode(digest.digest()).decode()):
        raise Broken(f"its {size:,} bytes are not those that were sent (SHA-256 differs)")
