"""An operator with an account and a user, as `nsc` makes them: what a server with credentials files runs on.

The tokens are JWTs signed with nkeys: https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import nkeys


class NatsOperator:
    """`server_config` for the server, `credentials` (the content of a file) for the client."""

    def __init__(self) -> None:
        operator = _key(nkeys.PREFIX_BYTE_OPERATOR)
        account = _key(nkeys.PREFIX_BYTE_ACCOUNT)
        user = _key(nkeys.PREFIX_BYTE_USER)
        system = _key(nkeys.PREFIX_BYTE_ACCOUNT)
        accounts = {key.public_key.decode(): _token(operator, key, "account") for key in (account, system)}
        self.server_config = (
            f"operator: {_token(operator, operator, 'operator')}\nsystem_account: {system.public_key.decode()}\n"
            f"resolver: MEMORY\nresolver_preload: {json.dumps(accounts)}\n"
        )
        self.credentials = (
            f"-----BEGIN NATS USER JWT-----\n{_token(account, user, 'user')}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n------END USER NKEY SEED------\n"
        )


def _key(kind: int) -> Any:
    return nkeys.from_seed(bytearray(nkeys.encode_seed(os.urandom(32), kind)))


def _token(issuer: Any, subject: Any, kind: str) -> str:
    claims = {
        "iss": issuer.public_key.decode(),
        "sub": subject.public_key.decode(),
        "iat": 0,
        "name": kind,
        "nats": {"type": kind, "version": 2, **_LIMITS[kind]},
    }
    body = f"{_part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_part(claims)}"
    return f"{body}.{_encoded(issuer.sign(body.encode()))}"


_UNLIMITED = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
_LIMITS: dict[str, dict[str, Any]] = {
    "operator": {},
    "account": {"limits": {**_UNLIMITED, "wildcards": True}},
    "user": dict.fromkeys(("subs", "data", "payload"), -1),
}


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
