"""A client of Meta's Graph API. aiohttp's errors tell whether a request can have arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from events.details import Detail
from events.inbound import ReceiptError
from events.jid import is_canonical
from gateways.cloud.error_table import FaultClass
from gateways.cloud.errors import LONGEST_DETAIL, class_of_status, told
from gateways.cloud.token import REFUSED, Token

CONNECT_WITHIN = 10.0
ANSWER_WITHIN = 30.0
"""Seconds. Meta mostly takes less than one; after this time the message is in doubt."""

LARGEST = 1024 * 1024
"""Bytes of an answer in JSON; Graph's answers have a few hundred."""


class TooLarge(aiohttp.ClientPayloadError):
    """The answer is larger than any of Graph's."""


async def bounded(answer: aiohttp.ClientResponse, most: int = LARGEST) -> bytes:
    """The body of an answer, of `most` bytes. Raises TooLarge and aiohttp's errors."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > most:
            answer.close()
            raise TooLarge(f"more than {most:,} bytes")
    return bytes(body)


class _Sent(msgspec.Struct):
    id: str


class _Recipient(msgspec.Struct):
    """The person as Meta knows them: for one telephone `wa_id` may be another number than the one that was asked."""

    wa_id: str | None = None
    user_id: str | None = None


class GraphError(msgspec.Struct):
    """An error as Graph writes it; the form of its fields is looked at where they are used."""

    code: object = None
    message: object = ""
    error_subcode: object = None
    error_data: object = ""

    @property
    def detail(self) -> str:
        """The message with its details."""
        data = self.error_data
        details = data.get("details") if isinstance(data, dict) else data
        words = (one for one in (self.message, details) if isinstance(one, str) and one)
        return ": ".join(words)

    def told(self, status: int) -> ReceiptError:
        """The error of a receipt; `status` is that of the HTTP answer."""
        return told(self.code, self.detail, subcode=self.error_subcode, status=status)


class _Answer(msgspec.Struct):
    messages: list[_Sent] = []
    contacts: msgspec.Raw = msgspec.Raw(b"[]")
    error: GraphError | None = None


_recipients = msgspec.json.Decoder(list[_Recipient])


class Answer(msgspec.Struct, frozen=True):
    """The result of a request: the message's `id`, or the `error` with its class.

    - `names`: the JIDs under which Meta knows the person.
    """

    id: str | None = None
    error: ReceiptError | None = None
    names: tuple[str, ...] = ()


class Graph:
    """The endpoint `messages` of one number. `url` is the API's address with its version."""

    def __init__(self, session: aiohttp.ClientSession, url: str, phone_number_id: str, token: Token) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/{phone_number_id}/messages"
        self._token = token

    @staticmethod
    def session() -> aiohttp.ClientSession:
        """A session with the time limits of this API."""
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_WITHIN, sock_read=ANSWER_WITHIN)
        return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))

    async def post(self, body: Mapping[str, Any]) -> Answer:
        """Post once; once more where the token was refused, so that nothing was sent, and there is another one by now.
        Errors of the network are returned, not raised."""
        token = self._token.value
        answer = await self._post(body, token)
        if is_of_token(answer.error) and self._token.replaced(token):
            answer = await self._post(body, self._token.value)
        return answer

    async def _post(self, body: Mapping[str, Any], token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            async with self._session.post(
                self._url, data=msgspec.json.encode(body), headers=headers, allow_redirects=False
            ) as response:
                status, text = response.status, await bounded(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return _fault("unreached", f"{type(error).__name__}: {error}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _fault("in_doubt", f"{type(error).__name__}: {error}".rstrip(": "))
        return _read(status, text)


def is_of_token(error: ReceiptError | None) -> bool:
    """True if Meta has refused the token alone."""
    return error is not None and error.code in (REFUSED, "http 401")


def _read(status: int, text: bytes) -> Answer:
    try:
        answer = msgspec.json.decode(text, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = _Answer()
    if answer.error is not None:
        return Answer(error=answer.error.told(status))
    if status < 300:
        # WhatsApp took the message without naming its id: the status will name it.
        if not answer.messages:
            return _fault("in_doubt", Detail.NO_ID.said())
        return Answer(answer.messages[0].id, names=_names(answer.contacts))
    return _fault(class_of_status(status), Detail.HTTP.said(status=str(status)), f"http {status}")


def _names(contacts: msgspec.Raw) -> tuple[str, ...]:
    """The JIDs of the one person in the answer; none where it is not as Meta documents it: the message went all the
    same."""
    try:
        people = _recipients.decode(contacts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    found = [(one.wa_id, "s.whatsapp.net") for one in people] + [(one.user_id, "bsuid") for one in people]
    jids = (f"{user}@{server}" for user, server in found if user)
    return tuple(jid for jid in jids if is_canonical(jid)) if len(people) == 1 else ()


def _fault(class_: FaultClass, detail: str, code: int | str | None = None) -> Answer:
    return Answer(error=ReceiptError(code=code, class_=class_, detail=detail[:LONGEST_DETAIL]))
