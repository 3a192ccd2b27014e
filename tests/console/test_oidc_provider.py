"""Providers that are away or answer badly, and settings of a provider that cannot work."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from console.sign_in.provider import LARGEST
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import settings_of
from recado.wiring import modules
from tests.console.conftest import Page
from tests.console.oidc import TOM, asked, double, is_in, page, signed_in
from tests.console.people import log_in, peopled
from tests.doubles.oidc_provider import CLIENT, SECRET, ProviderDouble

__all__ = ["double", "page"]


def huge(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"issuer": "' + b"a" * LARGEST + b'"}', content_type="application/json")


def squeezed(_request: web.Request) -> web.StreamResponse:
    headers = {"content-encoding": "gzip"}
    return web.Response(body=gzip.compress(b" " * 5_000_000), headers=headers, content_type="application/json")


FAULTS: dict[str, Callable[[web.Request], web.StreamResponse]] = {
    "huge": huge,
    "squeezed": squeezed,
    "500": lambda _: web.Response(status=500, text="secret-of-an-error"),
    "no JSON": lambda _: web.Response(text="<html>"),
    "a list": lambda _: web.json_response([]),
    "deep": lambda _: web.Response(text="[" * 100_000),
    "other types": lambda _: web.json_response({"issuer": 1, "keys": {}, "id_token": []}),
    "a redirect": lambda _: web.Response(status=302, headers={"location": "/realms/shop/elsewhere"}),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_provider_that_does_not_answer_well(
    page: Page, double: ProviderDouble, path: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said in plain words, no redirect is followed, and nothing of the answer is in the log; afterwards it
    works."""
    double.answers[path] = FAULTS[fault]
    if "well-known" in path:
        status, shown, _ = await asked(page, "/login/oidc?to=/desk")
    else:
        status, shown = await signed_in(page, double)
    assert (status, "does not answer as it should" in shown) == (502, True)
    assert "/elsewhere" not in double.asked
    logged = capsys.readouterr().out
    assert "sign_in_failed" in logged
    assert "secret-of-an-error" not in logged
    assert SECRET not in logged
    double.answers.clear()
    assert (await signed_in(page, double))[0] == 200


async def test_a_provider_that_is_down(page: Page, double: ProviderDouble) -> None:
    """Users with a password log in as before."""
    await double.go_down()
    status, shown, _ = await asked(page, "/login/oidc?to=/desk")
    assert (status, "does not answer" in shown) == (502, True)
    assert (await log_in(page, "tom"))[0] == 303
    assert await is_in(page)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example.com"},
        {"token_endpoint": "http://evil.example.com/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ],
    ids=str,
)
async def test_addresses_that_are_not_safe(page: Page, double: ProviderDouble, document: dict[str, Any]) -> None:
    """Neither a code nor the client's secret goes there."""
    double.document = document
    status, where, _ = await asked(page, "/login/oidc?to=/desk")
    if status == 303:
        status, where, _ = await asked(page, double.authorized(where))
    assert status == 502
    assert "/token" not in double.asked


async def test_without_a_provider_the_addresses_lead_to_the_form(tmp_path: Path) -> None:
    async with peopled(tmp_path, TOM) as (page, _):
        for path in ("/login/oidc", "/login/oidc/back?code=x&state=y"):
            assert (await asked(page, path))[:2] == (303, "/login")
        assert "Sign in at" not in (await asked(page, "/login"))[1]


GOOD = {
    "RECADO_OIDC_ISSUER": "https://id.example.com/realms/shop",
    "RECADO_OIDC_CLIENT_ID": CLIENT,
    "RECADO_OIDC_CLIENT_SECRET": SECRET,
    "RECADO_PAGE_URL": "https://chat.example.com/",
}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        *(({name: ""}, name) for name in GOOD if name != "RECADO_OIDC_ISSUER"),
        ({"RECADO_OIDC_ISSUER": "http://id.example.com"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "id.example.com"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "https://a:b@id.example.com"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "https://id.example.com/?a=b"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "http://localhost.example.com"}, "with https://"),
        ({"RECADO_PAGE_URL": "https://chat.example.com/desk"}, "without a path"),
        ({"RECADO_PAGE_URL": "http://chat.example.com"}, "without a path"),
        ({"RECADO_PAGE_URL": "chat.example.com"}, "without a path"),
        ({"RECADO_OIDC_CLIENT_SECRET": "a b"}, "RECADO_OIDC_CLIENT_SECRET"),
    ],
)
def test_settings_that_cannot_work(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told):
        settings_of(GOOD | given)


@pytest.mark.parametrize("issuer", ["http://localhost:8080/realms/a", "http://[::1]:80", "https://accounts.google.com"])
def test_settings_that_work(issuer: str) -> None:
    settings = settings_of(GOOD | {"RECADO_OIDC_ISSUER": issuer})
    assert settings.page_url == "https://chat.example.com"
    assert SECRET not in repr(settings)
    assert not settings.is_for_this_machine


def test_without_authlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert modules.oidc_problem(settings_of(GOOD)) is None
    monkeypatch.setattr(modules, "find_spec", lambda _: None)
    assert "make oidc" in (modules.oidc_problem(settings_of(GOOD)) or "")
    assert modules.oidc_problem(settings_of({})) is None
