"""Attacks on the sign-in at a provider: tokens, keys, codes, and providers that lie, fail or hang."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from yarl import URL

from console.sign_in import provider as provider_module
from console.sign_in.attempts import Attempts
from recado.doctor.sign_in import sign_in_finding
from recado.settings.settings import settings_of
from tests.console.conftest import Page
from tests.console.oidc import ANA, FROM_ELSEWHERE, TOM, asked, begun, double, is_in, page, signed_in, signing
from tests.doubles.oidc_provider import CLIENT, SECRET, ProviderDouble, new_key

__all__ = ["double", "page"]


async def test_a_token_without_a_kid(page: Page, double: ProviderDouble) -> None:
    """Of one key of its kind that is the one; of two it is not said which."""
    double.header = {"kid": None}
    assert (await signed_in(page, double))[0] == 200
    page.session.cookie_jar.clear()
    double.keys.append(new_key("RSA"))
    sign_in = page.deps.entrance.sign_in
    assert sign_in is not None
    await sign_in._provider.keys(fresh=True)
    assert (await signed_in(page, double))[0] == 403
    assert not await is_in(page)


@pytest.mark.parametrize("kid", ["other", "", ["a", "b"], 7, 1.5, True, {"a": 1}, "../../etc/passwd", "x" * 10_000])
async def test_a_kid_that_is_none(page: Page, double: ProviderDouble, kid: Any) -> None:
    """The keys are asked for once more, and no further."""
    double.header = {"kid": kid}
    await signed_in(page, double)
    assert not await is_in(page)
    assert double.asked.count("/keys") <= 2


async def test_keys_are_asked_for_in_bounds(page: Page, double: ProviderDouble) -> None:
    """Sign-ins whose key is unknown count as wrong passwords do."""
    double.header = {"kid": "other"}
    statuses = [(await signed_in(page, double))[0] for _ in range(13)]
    assert statuses == [403] * 10 + [429] * 3
    assert double.asked.count("/keys") == 11


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"crit": ["recado"], "recado": True},
        {"crit": "exp"},
        {"alg": ["RS256"]},
        {"alg": "RS512"},
        {"alg": "rs256"},
        {"alg": "dir", "enc": "A128GCM"},
        {"zip": "DEF", "crit": ["zip"]},
    ],
    ids=str,
)
async def test_a_header_that_asks_for_more(page: Page, double: ProviderDouble, header: dict[str, Any]) -> None:
    """A token is refused if `crit` names an unknown header, or if its algorithm is none of the three."""
    real = double._token

    def lying(nonce: str) -> str:
        head, body, _ = real(nonce).split(".")
        told = json.loads(base64.urlsafe_b64decode(head + "==")) | header
        signed = f"{base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b'=').decode()}.{body}"
        key: Any = next(one for one in double.keys if one.key_type == "RSA")
        signature = key.private_key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    double._token = lying  # type: ignore[method-assign]
    assert (await signed_in(page, double))[0] == 403
    assert not await is_in(page)


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": [CLIENT]}, 200),
        ({"aud": CLIENT, "azp": CLIENT}, 200),
        ({"aud": [CLIENT], "azp": CLIENT}, 200),
        ({"aud": [CLIENT, "other"]}, 403),
        ({"aud": [CLIENT, "other"], "azp": "other"}, 403),
        ({"aud": ["other"], "azp": CLIENT}, 403),
        ({"aud": [[CLIENT]]}, 403),
        ({"aud": {CLIENT: 1}}, 403),
        ({"aud": CLIENT + " "}, 403),
        ({"aud": CLIENT.upper()}, 403),
        ({"azp": [CLIENT]}, 403),
    ],
    ids=str,
)
async def test_for_whom_a_token_is(page: Page, double: ProviderDouble, claims: dict[str, Any], status: int) -> None:
    double.claims |= claims
    assert (await signed_in(page, double))[0] == status


@pytest.mark.parametrize(
    ("claim", "seconds", "status"),
    [
        *(("exp", -30, 200), ("exp", -600, 403), ("iat", 30, 200), ("iat", 600, 403)),
        *(("nbf", 30, 200), ("nbf", 600, 403), ("iat", -3600, 200)),
    ],
)
async def test_two_clocks(page: Page, double: ProviderDouble, claim: str, seconds: int, status: int) -> None:
    """They may differ by less than a minute."""
    double.claims[claim] = int(time.time()) + seconds
    assert (await signed_in(page, double))[0] == status


async def test_a_token_of_an_earlier_sign_in(page: Page, double: ProviderDouble) -> None:
    """It has another nonce, also where the provider gives it again."""
    told: list[str] = []
    real = double._token
    double._token = lambda nonce: told.append(real(nonce)) or told[0]  # type: ignore[method-assign,func-returns-value]
    assert (await signed_in(page, double))[0] == 200
    page.session.cookie_jar.clear()
    assert (await signed_in(page, double))[0] == 403
    assert not await is_in(page)


# Claims that providers send, as their documentation has it.
PROVIDERS: dict[str, dict[str, Any]] = {
    "google": {"azp": CLIENT, "email_verified": True, "at_hash": "x", "hd": "example.com"},
    "keycloak": {"azp": CLIENT, "email_verified": True, "typ": "ID", "sid": "s", "acr": "1", "auth_time": 1},
    "entra": {"email_verified": None, "xms_edov": True, "tid": "t", "oid": "o", "ver": "2.0", "rh": "r"},
    "authentik": {"email_verified": True, "groups": [], "acr": "goauthentik.io/providers/oauth2/default", "amr": []},
}


@pytest.mark.parametrize("name", PROVIDERS)
async def test_what_providers_send(page: Page, double: ProviderDouble, name: str) -> None:
    double.claims |= PROVIDERS[name]
    double.without = ("email_verified",) if PROVIDERS[name]["email_verified"] is None else ()
    assert (await signed_in(page, double))[0] == 200
    assert await is_in(page)


@pytest.mark.parametrize(
    ("verified", "edov"),
    [(None, None), (None, False), (None, 0), (None, "0"), (None, "false"), (None, [True]), (False, True), ("no", True)],
)
async def test_an_address_that_no_one_has_proved(page: Page, double: ProviderDouble, verified: Any, edov: Any) -> None:
    """Entra's claim counts only where the provider does not speak of it in the usual one."""
    double.claims |= {"email_verified": verified, "xms_edov": edov}
    double.without = ("email_verified",) if verified is None else ()
    assert (await signed_in(page, double))[0] == 403
    assert not await is_in(page)


async def test_an_issuer_with_a_slash(tmp_path: Path, double: ProviderDouble) -> None:
    """Authentik's has one, and it is a part of the name."""
    plain, double.issuer = double.issuer, double.issuer + "/"
    double.document = {name: plain + path for name, path in (
        ("authorization_endpoint", "/auth"), ("token_endpoint", "/token"), ("jwks_uri", "/keys"),
    )}  # fmt: skip
    async with signing(tmp_path, double, ANA, TOM) as (page, _):
        assert (await signed_in(page, double))[0] == 200
        page.session.cookie_jar.clear()
        double.claims["iss"] = plain
        assert (await signed_in(page, double))[0] == 403


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("way", ["10 MB", "hangs", "drips"])
async def test_a_provider_that_takes_time_or_room(
    page: Page, double: ProviderDouble, path: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is told, and nothing of it is kept."""
    monkeypatch.setattr(provider_module, "WITHIN", 30.0 if way == "10 MB" else 0.5)
    sent, gone = 0, asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        if way == "hangs":
            await gone.wait()
        await response.prepare(request)
        try:
            for _ in range(10_240):
                await response.write(b" " * (1024 if way == "10 MB" else 1))
                sent += 1
                if way == "drips":
                    await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        return response

    double.answers[path] = answer
    if "well-known" in path:
        status, shown, _ = await asked(page, "/login/oidc?to=/desk")
    else:
        status, shown = await signed_in(page, double)
    gone.set()
    assert (status, "does not answer as it should" in shown) == (502, True)
    assert sent < 10_240


async def test_a_restart_in_the_middle(page: Page, double: ProviderDouble) -> None:
    """The person comes back to the form, with a sentence and the button; nothing was asked of the provider."""
    back = double.authorized(await begun(page))
    sign_in = page.deps.entrance.sign_in
    assert sign_in is not None
    sign_in.attempts = Attempts()
    status, shown, _ = await asked(page, back, **FROM_ELSEWHERE)
    assert (status, "recado was started again meanwhile" in shown) == (403, True)
    assert 'href="/login/oidc?to=' in shown
    assert "/token" not in double.asked
    assert (await signed_in(page, double))[0] == 200


@pytest.mark.parametrize("fault", ["", "token", "provider", "code", "state", "user"])
async def test_no_secret_of_a_sign_in_is_logged(
    page: Page, double: ProviderDouble, fault: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither code, state, nonce, cookie nor token, however it ends, of our own log and of the libraries'."""
    caplog.set_level(logging.DEBUG)
    back = URL(double.authorized(await begun(page)))
    (mine,) = page.session.cookie_jar
    secrets = [back.query["code"], back.query["state"], double._codes[back.query["code"]]["nonce"], mine.value]
    match fault:
        case "token":
            double.claims["nonce"] = "another"
        case "provider":
            double.answers["/token"] = lambda _: web.Response(status=500, text=back.query["code"])
        case "code":
            double._codes.clear()
        case "state":
            back = back.update_query(state="another-state")
        case "user":
            double.claims["email"] = "eve@example.com"
    status, shown, _ = await asked(page, str(back), **FROM_ELSEWHERE)
    assert status == {"": 200, "provider": 502}.get(fault, 403)
    assert not logging.getLogger("uvicorn.access").propagate  # it names addresses, and nobody hears it
    asking = {"asyncio", "aiohttp.access", "aiohttp.client", "aiohttp.server", "uvicorn.access"}
    logged = capfd.readouterr()
    lines = [logged.out, logged.err, *(one.getMessage() for one in caplog.records if one.name not in asking)]
    assert any("logged_in" in one or "sign_in_" in one for one in lines)
    for secret in (*secrets, SECRET, "eyJ"):
        assert all(secret not in line for line in lines), secret
        assert secret not in shown or secret == "eyJ"


async def test_the_doctor_asks_the_provider(double: ProviderDouble) -> None:
    given = {
        "RECADO_OIDC_ISSUER": double.issuer, "RECADO_OIDC_CLIENT_ID": CLIENT, "RECADO_OIDC_CLIENT_SECRET": SECRET,
        "RECADO_PAGE_URL": "https://chat.example.com",
    }  # fmt: skip
    settings = settings_of(given)
    found = await sign_in_finding(settings)
    assert found is not None
    assert (found.state, "https://chat.example.com/login/oidc/back" in found.says) == ("ok", True)
    assert await sign_in_finding(settings_of({})) is None
    for document, told in (
        ({"issuer": double.issuer + "/"}, "it calls itself"),
        ({"issuer": "https://login.example.com/{tenantid}/v2.0"}, "of many tenants"),
        ({"jwks_uri": "http://evil.example.com/keys"}, "neither https"),
    ):
        double.document = document
        found = await sign_in_finding(settings)
        assert found is not None
        assert (found.state, told in found.says) == ("failure", True), found
        assert "RECADO_OIDC_ISSUER" in found.do
    double.document = {}
    double.answers["/keys"] = lambda _: web.json_response({"keys": [{"kty": "oct"}]})
    found = await sign_in_finding(settings)
    assert found is not None
    assert (found.state, "no key" in found.says) == ("failure", True)
    await double.go_down()
    found = await sign_in_finding(settings)
    assert found is not None
    assert (found.state, "cannot be asked" in found.says) == ("failure", True)
