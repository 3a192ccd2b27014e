"""Uploads a file to a number's media at Meta, piece by piece.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media (read 2026-11-29): a form with the fields
`messaging_product`, `type` and `file`; the answer has the `id`, which that number alone may send, for 30 days.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing

import aiohttp
import msgspec

from events.details import Detail
from events.files import File, NotWhole
from events.inbound import ReceiptError
from events.log import LogUnavailable
from gateways.cloud.error_table import FaultClass
from gateways.cloud.errors import LONGEST_DETAIL, class_of_status
from gateways.cloud.graph import CONNECT_WITHIN, GraphError, bounded, is_of_token
from gateways.cloud.token import Token

LEAST_SPEED = 256 * 1024
"""Bytes in a second; an upload that is slower for a minute longer is given up, and tried again."""

_WITHIN = 60.0
_OF_THE_NUMBER = frozenset({401, 407, 429})
"""Statuses that are about the number, or the way to Meta, and not about one file."""


class _Answer(msgspec.Struct):
    id: str | int = ""
    error: GraphError | None = None


class Uploading:
    """The endpoint `media` of one number. `url` is the API's address with its version."""

    def __init__(self, session: aiohttp.ClientSession, url: str, phone_number_id: str, token: Token) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/{phone_number_id}/media"
        self._token = token
        self.number = phone_number_id

    async def post(self, file: File, mime: str) -> str | ReceiptError:
        """Upload once; once more where the token was refused and there is another one by now. Returns the media id, or
        the error. Raises LogUnavailable, NotWhole."""
        token = self._token.value
        answer = await self._post(file, mime, token)
        if isinstance(answer, ReceiptError) and is_of_token(answer) and self._token.replaced(token):
            answer = await self._post(file, mime, self._token.value)
        return answer

    async def _post(self, file: File, mime: str, token: str) -> str | ReceiptError:
        form = _Form(file, mime)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": f"multipart/form-data; boundary={form.boundary}",
            "Content-Length": str(form.size),
        }
        # The session's time for an answer would begin before the file is out.
        within = aiohttp.ClientTimeout(total=_WITHIN + file.size / LEAST_SPEED, connect=CONNECT_WITHIN)
        try:
            async with self._session.post(
                self._url, data=form.body(), headers=headers, timeout=within, allow_redirects=False
            ) as response:
                return _read(response.status, await bounded(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return _fault("unreached", f"{type(error).__name__}: {error}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if form.broken is not None:
                raise form.broken from error
            return _fault("transient", f"{type(error).__name__}: {error}".rstrip(": "))


class _Form:
    """The request's body. `broken`: the store's failure while it was written."""

    def __init__(self, file: File, mime: str) -> None:
        self.boundary = secrets.token_hex(16)
        self.broken: LogUnavailable | NotWhole | None = None
        fields = (("messaging_product", "whatsapp"), ("type", mime))
        before = "".join(f"{self._begin(name)}\r\n{value}\r\n" for name, value in fields)
        self._head = f"{before}{self._begin('file', 'file')}Content-Type: {mime}\r\n\r\n".encode()
        self._foot = f"\r\n--{self.boundary}--\r\n".encode()
        self._file = file
        self.size = len(self._head) + file.size + len(self._foot)

    async def body(self) -> AsyncIterator[bytes]:
        yield self._head
        try:
            async with aclosing(self._file.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        except (LogUnavailable, NotWhole) as failure:
            self.broken = failure
            raise
        yield self._foot

    def _begin(self, name: str, filename: str = "") -> str:
        named = f'; filename="{filename}"' if filename else ""
        return f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'


def _read(status: int, body: bytes) -> str | ReceiptError:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = _Answer()
    if answer.error is not None:
        return answer.error.told(status)
    if status < 300 and answer.id:
        return str(answer.id)
    detail = Detail.HTTP.said(status=str(status))
    if status < 300 or status >= 500:
        return _fault("transient", detail, f"http {status}")
    # A proxy or scanner before WhatsApp may refuse one file; the number's next text shows a fault of the number.
    is_of_the_number = status in _OF_THE_NUMBER
    return _fault(class_of_status(status) if is_of_the_number else "content", detail, f"http {status}")


def _fault(class_: FaultClass, detail: str, code: int | str | None = None) -> ReceiptError:
    return ReceiptError(code=code, class_=class_, detail=detail[:LONGEST_DETAIL])
