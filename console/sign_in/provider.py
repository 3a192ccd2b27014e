"""Asks a sign-in provider over HTTP: for its addresses, its keys, and an ID token in exchange for a code.

Each request has bounds in time and size and follows no redirect. OpenID Connect Discovery 1.0, RFC 6749.
"""

from __future__ import annotations

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import quote_plus

import aiohttp
import msgspec

from console.sign_in.addresses import is_private

WITHIN = 10.0
"""Seconds for a request, with the wait for its turn."""

LARGEST = 256 * 1024
"""Bytes of an answer."""

AT_ONCE = 8
"""Requests at once."""

KEEPS = 600.0
"""Seconds for which the addresses and keys of the provider are not asked for again."""

_ERROR = re.compile(r"[a-z_]{1,40}", re.ASCII)
_Shape = TypeVar("_Shape")


class ProviderFault(Exception):
    """The provider cannot be used now; the text is for the log, and bears no secret."""


class CodeRefused(Exception):
    """The provider does not take the code: it was used, is too old, or is another sign-in's."""


class Addresses(msgspec.Struct, frozen=True):
    """The discovery document, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: Sequence[str] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Keys(msgspec.Struct):
    keys: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=100)]


class _Tokens(msgspec.Struct):
    id_token: Annotated[str, msgspec.Meta(max_length=64 * 1024)]


class _Refusal(msgspec.Struct):
    error: str = ""


class Provider:
    """The provider with the address `issuer`, at which recado is the client with this id and secret."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._secret = client_secret
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._addresses: tuple[float, Addresses] | None = None
        self._keys: tuple[float, list[dict[str, Any]]] | None = None

    async def addresses(self) -> Addresses:
        """Its addresses. Raises ProviderFault."""
        if self._addresses is None or self._addresses[0] < time.monotonic():
            address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = _read(await self._answer("GET", address), Addresses, "its discovery document")
            if "{" in found.issuer:
                raise ProviderFault("it is the address of many tenants: write that of yours in RECADO_OIDC_ISSUER")
            if found.issuer != self.issuer:
                raise ProviderFault(f"it calls itself {found.issuer[:200]!r}: write RECADO_OIDC_ISSUER like that")
            for one in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                if not is_private(one):
                    raise ProviderFault(f"its address {one[:200]!r} is neither https nor of this machine")
            self._addresses = (time.monotonic() + KEEPS, found)
        return self._addresses[1]

    async def keys(self, *, fresh: bool = False) -> Sequence[Mapping[str, Any]]:
        """The keys with which it signs; `fresh`: asked for now. Raises ProviderFault."""
        if fresh or self._keys is None or self._keys[0] < time.monotonic():
            address = (await self.addresses()).jwks_uri
            found = _read(await self._answer("GET", address), _Keys, "its set of keys").keys
            self._keys = (time.monotonic() + KEEPS, found)
        return self._keys[1]

    async def id_token(self, code: str, verifier: str, back: str) -> str:
        """The ID token that it gives for a code. Raises CodeRefused, ProviderFault."""
        addresses = await self.addresses()
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": back}
        headers: dict[str, str] = {}
        methods = addresses.token_endpoint_auth_methods_supported
        if "client_secret_basic" in methods:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self._secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        elif "client_secret_post" in methods:
            form |= {"client_id": self.client_id, "client_secret": self._secret}
        else:
            raise ProviderFault("it takes the client's secret neither in a header nor in the form")
        return _read(
            await self._answer("POST", addresses.token_endpoint, form, headers), _Tokens, "its tokens"
        ).id_token

    async def _answer(
        self, method: str, address: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        given = {"Accept": "application/json", "Accept-Encoding": "identity"} | dict(headers or {})
        try:
            async with (
                asyncio.timeout(WITHIN),
                self._turn,
                aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.request(method, address, data=form, headers=given, allow_redirects=False) as answer,
            ):
                content = await _bounded(answer)
        except TimeoutError:
            raise ProviderFault(f"it gave no whole answer within {WITHIN:.0f} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ProviderFault(f"it cannot be asked ({type(error).__name__})") from None
        if answer.status == 200:
            return content
        refusal = _refusal(content)
        if form is not None and refusal == "invalid_grant":
            raise CodeRefused
        raise ProviderFault(f"it answered {answer.status}{refusal and ' ' + refusal}")


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for part in answer.content.iter_chunked(16 * 1024):
        content += part
        if len(content) > LARGEST:
            raise ProviderFault(f"its answer is larger than {LARGEST // 1024} KB")
    return bytes(content)


def _read(content: bytes, shape: type[_Shape], what: str) -> _Shape:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderFault(f"{what} cannot be read") from None


def _refusal(content: bytes) -> str:
    """The error of RFC 6749; empty if there is none."""
    try:
        error = msgspec.json.decode(content, type=_Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return error if _ERROR.fullmatch(error) else ""
