"""A double of a provider of OpenID Connect on loopback: it signs real tokens, and lies when told to.

`async with ProviderDouble() as double: … double.issuer …`. A test plays the browser: `authorized(url)` is the address
to which the provider would send it back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from functools import cache
from secrets import token_urlsafe
from typing import Any, Self
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "recado", "s3cret+of/the=client"

_SIGNED = ("RS256", "PS256", "ES256")


class ProviderDouble:
    """- `claims`: changes the claims of the next tokens.
    - `algorithm`: by which it signs.
    - `answers`: by path, what it answers instead.
    - `keys`: those that it shows; the last one of a kind signs.
    - `asked`: the paths that were asked, in order.
    """

    def __init__(self) -> None:
        self.issuer = ""
        self.claims: dict[str, Any] = {"email": "ana@example.com", "email_verified": True}
        self.without: tuple[str, ...] = ()
        self.header: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.document: dict[str, Any] = {}
        self.answers: dict[str, Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]] = {}
        self.keys: list[RSAKey | ECKey] = list(_first_keys())
        self.asked: list[str] = []
        self.takes_codes_twice = False
        self._codes: dict[str, dict[str, str]] = {}
        self._runner: web.AppRunner

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.issuer = f"http://127.0.0.1:{self._runner.addresses[0][1]}/realms/shop"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def go_down(self) -> None:
        await self._runner.cleanup()

    def authorized(self, url: str) -> str:
        """The person signs in at this address: where the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = token_urlsafe(8)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], 'code': code, 'iss': self.issuer})}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/realms/shop")
        self.asked.append(path)
        if (other := self.answers.get(path)) is not None:
            answer = other(request)
            return answer if isinstance(answer, web.StreamResponse) else await answer
        if path == "/.well-known/openid-configuration":
            return web.json_response(self._document())
        if path == "/keys":
            return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys] + [{"kty": "new"}]})
        assert path == "/token"
        return await self._tokens(request)

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/auth",
            "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.document

    async def _tokens(self, request: web.Request) -> web.Response:
        form = await request.post()
        pair = f"{CLIENT}:{quote_plus(SECRET)}"
        assert request.headers["Authorization"] == f"Basic {base64.b64encode(pair.encode()).decode()}"
        code = str(form["code"])
        asked = self._codes.get(code) if self.takes_codes_twice else self._codes.pop(code, None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant", "error_description": code}, status=400)
        hashed = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        assert base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() == asked["code_challenge"]
        token = self._token(asked["nonce"])
        return web.json_response({"access_token": "at", "token_type": "Bearer", "id_token": token})

    def _token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= self.claims
        for name in self.without:
            del claims[name]
        kind = "EC" if self.algorithm.startswith("ES") else "RSA"
        key: Any = [one for one in self.keys if one.key_type == kind][-1]
        header = {"alg": self.algorithm, "kid": key.kid} | self.header
        header = {name: one for name, one in header.items() if one is not None}
        if self.algorithm in ("none", "HS256"):
            return _by_hand(header, claims, key.as_pem(private=False) if self.algorithm == "HS256" else b"")
        return jwt.encode(header, claims, key, list(_SIGNED))


def _by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token that the library would not make: without a signature, or with a public key as its secret."""
    signed = ".".join(_part(json.dumps(one).encode()) for one in (header, claims))
    return f"{signed}.{_part(hmac.digest(secret, signed.encode(), 'sha256')) if secret else ''}"


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@cache
def _first_keys() -> tuple[RSAKey | ECKey, ...]:
    return new_key("RSA"), new_key("EC")


def new_key(kind: str) -> RSAKey | ECKey:
    values = {"kid": token_urlsafe(6), "use": "sig"}
    if kind == "RSA":
        return RSAKey.generate_key(2048, values)
    return ECKey.generate_key("P-256", values)
