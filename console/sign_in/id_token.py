"""Checks an ID token: its signature and what it claims (OpenID Connect Core 1.0, 3.1.3.7).

This module needs the extra `oidc`; it is imported only where a provider is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from console.sign_in.sign_in import Email, KeyUnknown, TokenInvalid

KIND_OF = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""The algorithms that are taken, with the kind of their keys: those with a public key alone, so that a key which
everyone can read signs nothing."""

LEEWAY = 60
"""Seconds by which two clocks may differ."""


class _Claims(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str
    nbf: int | float | None = None
    azp: str | None = None
    email: str = ""
    email_verified: Any = msgspec.UNSET
    xms_edov: Any = None

    @property
    def is_verified(self) -> bool:
        """True if the provider says that the address is the person's. Microsoft Entra has no `email_verified`, and says
        by `xms_edov` that the address is of a domain which its tenant has proved to own."""
        if self.email_verified is msgspec.UNSET:
            return self.xms_edov in (True, "1", "true")
        return self.email_verified is True


def challenge_of(verifier: str) -> str:
    """The digest of PKCE's secret, which the provider is given."""
    challenge: str = create_s256_code_challenge(verifier)
    return challenge


def email_of(
    token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, client_id: str, nonce: str, now: float
) -> Email:
    """The person whose token it is, at the time `now` in seconds since 1970. Raises KeyUnknown, TokenInvalid."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = JWKRegistry.import_key(dict(_key(header, keys)))
        claims = jwt.decode(token, key, algorithms=list(KIND_OF)).claims
        read = msgspec.convert(claims, _Claims)
        options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
        checked = CodeIDToken(claims, header, options, {"nonce": nonce, "client_id": client_id})
        checked.validate(now=int(now), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        # The texts of these errors may quote the token.
        raise TokenInvalid(f"{type(error).__name__} {getattr(error, 'claim', None) or ''}".strip()) from None
    return Email(read.email, is_verified=read.is_verified)


def _key(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    kind = KIND_OF.get(str(header.get("alg")))
    if kind is None:
        raise TokenInvalid("it is signed by none of the algorithms " + ", ".join(KIND_OF))
    fitting = [key for key in keys if key.get("kty") == kind and key.get("use", "sig") == "sig"]
    if (name := header.get("kid")) is not None:
        fitting = [key for key in fitting if key.get("kid") == name]
    if not fitting:
        raise KeyUnknown
    if len(fitting) > 1:
        raise TokenInvalid("it does not say which of several keys signed it")
    return fitting[0]
