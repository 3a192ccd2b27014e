"""Checks the provider at which users sign in: whether it answers, and is the one that the settings name."""

from __future__ import annotations

from console.sign_in.provider import Provider, ProviderFault
from console.sign_in.sign_in import BACK
from recado.doctor.finding import Finding
from recado.settings.settings import Settings
from recado.wiring.modules import oidc_problem

_WHAT = "sign-in"
_KINDS = ("RSA", "EC")
"""Of the keys that can sign a token here."""


async def sign_in_finding(settings: Settings) -> Finding | None:
    """The finding; None where no provider is set. The client's id and secret are looked at when someone signs in."""
    if not settings.oidc_issuer:
        return None
    if (missing := oidc_problem(settings)) is not None:
        return Finding(_WHAT, "failure", missing)
    provider = Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
    try:
        await provider.addresses()
        keys = sum(key.get("kty") in _KINDS for key in await provider.keys())
    except ProviderFault as fault:
        do = "check RECADO_OIDC_ISSUER, and whether this machine reaches it; users with a password log in meanwhile"
        return Finding(_WHAT, "failure", f"{settings.oidc_issuer}: {fault}", do)
    if not keys:
        do = "let it sign with RS256, PS256 or ES256"
        return Finding(_WHAT, "failure", f"{settings.oidc_issuer} shows no key that can sign", do)
    says = f"{settings.oidc_issuer} answers; it sends people back to {settings.page_url}{BACK}"
    return Finding(_WHAT, "ok", says)
