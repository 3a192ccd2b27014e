"""The sign-in at a provider by OpenID Connect: where a browser is sent, and who came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from console.sign_in.attempts import Attempt, Attempts
from console.sign_in.provider import Provider

BACK = "/login/oidc/back"
"""The address to which the provider sends the browser back."""


class TokenInvalid(Exception):
    """An ID token is not to be trusted; the text is for the log, and bears nothing of the token."""


class KeyUnknown(TokenInvalid):
    """No key of the provider signed it; there may be newer keys."""

    def __init__(self) -> None:
        super().__init__("no key of the provider signed it")


class Email(NamedTuple):
    """An e-mail address of who signed in; empty: the provider tells none. `is_verified`: the provider says so."""

    address: str
    is_verified: bool


class Tokens(Protocol):
    """The module console.sign_in.id_token, which needs the extra `oidc`."""

    def challenge_of(self, verifier: str) -> str: ...

    def email_of(
        self,
        token: str,
        keys: Sequence[Mapping[str, Any]],
        *,
        issuer: str,
        client_id: str,
        nonce: str,
        now: float,
    ) -> Email: ...


class SignIn:
    """The sign-in for a page whose public address is `page`, without a slash at its end."""

    def __init__(self, provider: Provider, tokens: Tokens, page: str, *, now: Callable[[], float] = time.time) -> None:
        self.attempts = Attempts()
        self.page = page
        self._provider = provider
        self._tokens = tokens
        self._now = now

    @property
    def name(self) -> str:
        """The provider as people see it."""
        return urlsplit(self._provider.issuer).hostname or ""

    @property
    def issuer(self) -> str:
        return self._provider.issuer

    @property
    def is_secure(self) -> bool:
        """True if browsers reach the page by TLS."""
        return self.page.startswith("https://")

    def is_here(self, host: str) -> bool:
        """True if the host and port of a request are those of the page's public address."""
        parts = urlsplit(self.page)
        usual = ":443" if self.is_secure else ":80"
        return host.lower().removesuffix(usual) == parts.netloc.lower().removesuffix(usual)

    async def address(self, attempt: Attempt) -> str:
        """The address at which the browser signs in. Raises ProviderFault."""
        address = (await self._provider.addresses()).authorization_endpoint
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": self.page + BACK,
            "scope": "openid email",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": self._tokens.challenge_of(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def names_itself(self) -> bool:
        """True if the provider says who it is when it sends a browser back (RFC 9207). Raises ProviderFault."""
        return (await self._provider.addresses()).authorization_response_iss_parameter_supported

    async def email(self, attempt: Attempt, code: str) -> Email:
        """The person who signed in. Raises CodeRefused, ProviderFault, TokenInvalid."""
        token = await self._provider.id_token(code, attempt.verifier, self.page + BACK)
        try:
            return self._email(token, await self._provider.keys(), attempt.nonce)
        except KeyUnknown:
            return self._email(token, await self._provider.keys(fresh=True), attempt.nonce)

    def _email(self, token: str, keys: Sequence[Mapping[str, Any]], nonce: str) -> Email:
        provider = self._provider
        return self._tokens.email_of(
            token, keys, issuer=provider.issuer, client_id=provider.client_id, nonce=nonce, now=self._now()
        )
